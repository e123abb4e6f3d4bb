"""IAM documents: what stands in none of them, and what each role may reach."""

from __future__ import annotations

import json
from fnmatch import filter as fnfilter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.naming import KEYS, MAX_STACK_LENGTH, ZONES, Names
from infra.network import flow_logs
from infra.security import (
    boundary_policy,
    cluster_policies,
    image_policies,
    job_policies,
    key_policies,
    launch_policies,
    people_policies,
)
from infra.security.emr_configuration import security_configuration
from infra.security.needs import KeyArns, Need, policy
from infra.settings.kerberos import KerberosSettings
from infra.settings.virtual_cluster import ServiceAccounts, VirtualClusterSettings
from jobs.spec import Dataset, EksTarget, ServerlessTarget, find

ROOT = Path(__file__).parents[3]
Statement = dict[str, Any]
NAMES = Names(stack="dev", region="us-east-1", account_id="111111111111")
# Of the length that key ids have.
ARNS = KeyArns(**{key: NAMES.arn("kms", f"key/{index:08}-{'0' * 27}") for index, key in enumerate(KEYS)})
ETL = find("nightly-etl")
JOB_ROLE = NAMES.role_arn(NAMES.job_role(ETL.name))
SECRET = NAMES.arn("secretsmanager", f"secret:{NAMES.secrets}db-AbCdEf")

# A job that runs on an EMR Serverless application.
ON_APPLICATION = ETL.model_copy(
    update={
        "name": "adhoc-etl",
        "runtime": ServerlessTarget(kind="serverless", application="adhoc"),
    }
)
APPLICATION_ROLE = NAMES.role_arn(NAMES.job_role(ON_APPLICATION.name))
# A job that runs on a virtual cluster, and the one that the stack names.
ON_EKS = ETL.model_copy(update={"name": "pod-etl", "runtime": EksTarget(kind="eks", virtual_cluster="team")})
VIRTUAL_CLUSTERS = {
    "team": VirtualClusterSettings(
        adopt="4b8sm1x2yqk0",
        service_accounts=ServiceAccounts(
            namespace="analytics", oidc_provider=f"oidc.eks.us-east-1.amazonaws.com/id/{'AB' * 16}"
        ),
    )
}

IMAGES = (f"222222222222.dkr.ecr.us-east-1.amazonaws.com/team/spark@sha256:{'0' * 64}",)
NEEDS: dict[str, tuple[Need, ...]] = {
    "service": cluster_policies.service_needs(NAMES),
    "node": cluster_policies.instance_needs(NAMES, [ETL.name], "certificates/emr.zip"),
    "job": job_policies.runtime_needs(ETL.model_copy(update={"secrets": {"db": SECRET}}), NAMES),
    "submitter": job_policies.submitter_needs(NAMES, [ETL]),
    "submitter-of-all": job_policies.submitter_needs(
        NAMES,
        [ETL, ON_APPLICATION, ON_EKS],
        applications=True,
        ephemeral=True,
        virtual_clusters=VIRTUAL_CLUSTERS,
    ),
    "job-on-eks": job_policies.runtime_needs(ON_EKS, NAMES),
    "deployer": job_policies.deployer_needs(NAMES, [ETL.name]),
    "analyst": people_policies.analyst_needs(NAMES),
    "engineer": people_policies.engineer_needs(NAMES, production=False),
    "engineer-prod": people_policies.engineer_needs(NAMES, production=True),
    "node-with-image": cluster_policies.instance_needs(NAMES, [ETL.name], "certificates/emr.zip", IMAGES),
    "break-glass": people_policies.break_glass_needs(NAMES),
    "flow-logs": flow_logs.delivery_needs(NAMES, NAMES.log_group("flow-logs")),
}
GRANTS = {
    **{role: policy(needs, ARNS) for role, needs in NEEDS.items()},
    "boundary": boundary_policy.boundary(NAMES, ARNS, IMAGES),
}
ONLY_EVERYWHERE = {
    *cluster_policies.DESCRIBE_EC2,
    *cluster_policies.SESSION_CHANNELS,
    *launch_policies.ANYWHERE,
    image_policies.LOG_IN,
}


def statements(document: str) -> list[Statement]:
    parsed = json.loads(document)
    assert parsed["Version"] == "2012-10-17"
    found: list[Statement] = parsed["Statement"]
    return found


def allows(document: str, action: str, resource: str) -> bool:
    """Whether a statement allows it, conditions apart."""
    return any(
        any(fnmatchcase(action, each) for each in statement["Action"])
        and any(fnmatchcase(resource, arn) for arn in statement["Resource"])
        for statement in statements(document)
    )


@pytest.mark.parametrize("role", [role for role in GRANTS if role != "boundary"])
def test_no_action_is_a_wildcard_and_no_resource_is_all_but_where_aws_has_no_narrower(role: str) -> None:
    for statement in statements(GRANTS[role]):
        assert not any("*" in action for action in statement["Action"]), statement
        if statement["Resource"] == ["*"]:
            assert set(statement["Action"]) <= ONLY_EVERYWHERE
            assert statement["Condition"]["StringEquals"]["aws:RequestedRegion"] == "us-east-1"


@pytest.mark.parametrize("role", GRANTS)
def test_roles_are_passed_by_name_to_a_named_service(role: str) -> None:
    for statement in statements(GRANTS[role]):
        if "iam:PassRole" in statement["Action"]:
            assert all(":role/emr-dev-" in arn for arn in statement["Resource"])
            assert statement["Condition"]["StringEquals"]["iam:PassedToService"]


@pytest.mark.parametrize("role", NEEDS)
def test_statements_have_names_of_their_own_that_iam_takes(role: str) -> None:
    sids = [statement["Sid"] for statement in statements(GRANTS[role])]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)


@pytest.mark.parametrize("role", [role for role in GRANTS if role != "boundary"])
def test_the_boundary_allows_whatever_a_role_is_given(role: str) -> None:
    bound = statements(GRANTS["boundary"])
    for statement in statements(GRANTS[role]):
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                assert any(
                    any(fnmatchcase(action, each) for each in limit["Action"])
                    and any(fnmatchcase(resource, arn) for arn in limit["Resource"])
                    for limit in bound
                ), f"{action} on {resource}"


def test_documents_fit_into_iam() -> None:
    compact = {role: len("".join(document.split())) for role, document in GRANTS.items()}
    assert max(compact.values()) <= 10_240  # all inline policies of a role together


@pytest.mark.parametrize("own", [(), ZONES[:1], ZONES])
def test_the_boundary_fits_with_the_longest_names_and_buckets_adopted(own: tuple[str, ...]) -> None:
    longest = Names(
        stack="s" * MAX_STACK_LENGTH,
        region="ap-southeast-2",
        account_id="1" * 12,
        adopted={zone: f"{zone:x<63}" for zone in ZONES if zone not in own},
    )
    arns = KeyArns(
        **{key: longest.arn("kms", f"key/{index:08}-{'0' * 27}") for index, key in enumerate(KEYS)}
    )
    document = boundary_policy.boundary(longest, arns)
    assert len("".join(document.split())) <= boundary_policy.MAX_CHARACTERS
    assert all(allows(document, "s3:GetObject", f"{longest.bucket_arn(zone)}/x") for zone in ZONES)


def test_nodes_pull_from_the_repositories_of_their_images_and_ask_ecr_nothing_without() -> None:
    node = GRANTS["node-with-image"]
    repository = "arn:aws:ecr:us-east-1:222222222222:repository/team/spark"
    assert all(allows(node, action, repository) for action in image_policies.PULL)
    assert not allows(node, "ecr:BatchGetImage", f"{repository}-2")
    assert not allows(node, "ecr:PutImage", repository)
    assert not allows(GRANTS["boundary"], "ecr:BatchGetImage", f"{repository}-2")
    without = cluster_policies.instance_needs(NAMES, [ETL.name], "certificates/emr.zip")
    assert "ecr:" not in policy(without, ARNS) + boundary_policy.boundary(NAMES, ARNS)


def test_a_family_of_the_boundary_is_of_actions_that_are_all_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word with a star in the boundary stands for what some role needs, and for nothing that AWS has beside it."""
    monkeypatch.setattr(boundary_policy, "FAMILIES", ())
    needed = {
        action for each in statements(boundary_policy.boundary(NAMES, ARNS)) for action in each["Action"]
    }
    monkeypatch.undo()
    known = json.loads((ROOT / "local/cloud/iam/data/actions.json").read_text())
    for family in boundary_policy.FAMILIES:
        service = family.partition(":")[0]
        meant = fnfilter((f"{service}:{name}" for name in known[service]["actions"]), family)
        assert set(meant) <= needed
        assert len(meant) > 1


def test_a_need_that_names_a_key_wants_its_arn() -> None:
    need = Need(name="Read", why="It reads", actions=("kms:Decrypt",), keys=("landing", "runs"))
    assert need.statement(ARNS)["Resource"] == sorted([ARNS.landing, ARNS.runs])
    with pytest.raises(ValueError, match="Read needs the keys landing, runs"):
        need.statement(None)


@pytest.mark.parametrize("role", NEEDS)
def test_every_need_says_why_and_on_what(role: str) -> None:
    for need in NEEDS[role]:
        assert len(need.why) > 8
        assert need.actions
        assert need.resources or need.keys
        told = need.declared()
        assert (told["name"], told["why"], told["actions"]) == (need.name, need.why, sorted(need.actions))


def keys_of(role: str, action: str) -> set[str]:
    """The stack's keys that a role may do this with, by name."""
    return {key for key in KEYS if allows(GRANTS[role], action, ARNS.of(key))}


def test_roles_use_just_the_keys_of_the_zones_that_they_touch() -> None:
    reads = {role: keys_of(role, "kms:Decrypt") for role in NEEDS}
    assert reads == {
        "service": {"volumes"},
        "node": {"artifacts", "logs", "volumes"},
        "node-with-image": {"artifacts", "logs", "volumes"},
        "job": {"landing", "curated", "checkpoints", "artifacts", "logs", "runs"},
        "job-on-eks": {"landing", "curated", "checkpoints", "artifacts", "logs", "runs"},
        "submitter": {"artifacts", "logs", "runs"},
        "submitter-of-all": {"artifacts", "logs", "runs"},
        "deployer": {"artifacts", "runs"},
        "analyst": {"curated"},
        "engineer": {"landing", "curated", "checkpoints", "logs"},
        "engineer-prod": {"logs"},
        "break-glass": set(),
        "flow-logs": set(),
    }
    writes = {role: keys_of(role, "kms:GenerateDataKey") for role in NEEDS}
    assert {role: keys for role, keys in writes.items() if keys != reads[role]} == {
        "node": {"logs", "volumes"},
        "node-with-image": {"logs", "volumes"},
        "job": {"curated", "checkpoints", "logs", "runs"},
        "job-on-eks": {"curated", "checkpoints", "logs", "runs"},
        "submitter": {"runs"},
        "submitter-of-all": {"runs"},
        "deployer": {"artifacts"},
        "engineer": {"landing", "curated", "checkpoints"},
        "engineer-prod": set(),
    }


def test_a_secret_is_read_by_the_job_whose_spec_names_it_alone() -> None:
    assert allows(GRANTS["job"], "secretsmanager:GetSecretValue", SECRET)
    assert not any("secretsmanager" in GRANTS[role] for role in NEEDS if role != "job")
    assert "secretsmanager" not in policy(job_policies.runtime_needs(ETL, NAMES), ARNS)


def test_a_job_role_is_taken_by_the_nodes_only() -> None:
    (trust,) = statements(job_policies.runtime_trust(ETL, NAMES))
    assert trust["Principal"] == {"AWS": NAMES.role_arn("node")}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]


def test_service_trust_is_for_this_account() -> None:
    for document in (cluster_policies.service_trust(NAMES), flow_logs.delivery_trust(NAMES)):
        (trust,) = statements(document)
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": NAMES.account_id}


@pytest.mark.parametrize(
    ("trusted", "principal"),
    [((), NAMES.root_arn), (("arn:aws:iam::1:role/ci",), ["arn:aws:iam::1:role/ci"])],
)
def test_people_are_those_named_or_the_accounts_own(trusted: tuple[str, ...], principal: Any) -> None:
    (trust,) = statements(people_policies.people_trust(NAMES, trusted))
    assert trust["Principal"] == {"AWS": principal}


def test_machines_are_launched_only_with_the_tag() -> None:
    for statement in statements(GRANTS["service"]):
        if "ec2:TerminateInstances" in statement["Action"] or statement["Sid"] == "CreateTaggedMachines":
            assert "for-use-with-amazon-emr-managed-policies" in json.dumps(statement["Condition"])


@pytest.mark.parametrize("key", KEYS)
def test_key_policies_name_actions_and_keep_the_account_in_charge(key: str) -> None:
    found = statements(key_policies.key_policy(NAMES, key))
    assert not any("*" in action for statement in found for action in statement["Action"])
    administration = found[0]
    assert administration["Principal"] == {"AWS": NAMES.root_arn}
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= set(administration["Action"])


@pytest.mark.parametrize("zone", ZONES)
def test_a_zones_key_is_used_through_s3_and_for_that_zones_bucket_only(zone: str) -> None:
    use = statements(key_policies.key_policy(NAMES, zone))[1]
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == "s3.us-east-1.amazonaws.com"
    bucket = NAMES.bucket_arn(zone)
    assert use["Condition"]["StringLike"] == {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/*"]}


def test_the_security_configuration_encrypts_everywhere_and_gives_steps_their_roles() -> None:
    found = json.loads(security_configuration(NAMES, ARNS, "s3://artifacts/certificates/emr.zip"))
    encryption = found["EncryptionConfiguration"]
    assert encryption["EnableAtRestEncryption"]
    assert encryption["EnableInTransitEncryption"]
    at_rest = encryption["AtRestEncryptionConfiguration"]
    in_s3 = at_rest["S3EncryptionConfiguration"]
    assert (in_s3["EncryptionMode"], in_s3["AwsKmsKey"]) == ("SSE-KMS", ARNS.curated)
    assert {each["BucketName"]: each["AwsKmsKey"] for each in in_s3["Overrides"]} == {
        NAMES.bucket(zone): ARNS.of(zone) for zone in ZONES
    }
    assert at_rest["LocalDiskEncryptionConfiguration"]["AwsKmsKey"] == ARNS.volumes
    assert found["AuthorizationConfiguration"]["IAMConfiguration"]["EnableApplicationScopedIAMRole"]
    assert found["InstanceMetadataServiceConfiguration"]["MinimumInstanceMetadataServiceVersion"] == 2


def test_kerberos_stands_beside_the_steps_roles_and_takes_nothing_away() -> None:
    plain = json.loads(security_configuration(NAMES, ARNS, "s3://artifacts/emr.zip"))
    kerberos = KerberosSettings(realm="EC2.INTERNAL", ticket_lifetime_hours=10)
    found = json.loads(security_configuration(NAMES, ARNS, "s3://artifacts/emr.zip", kerberos))
    assert found.pop("AuthenticationConfiguration") == {
        "KerberosConfiguration": {
            "Provider": "ClusterDedicatedKdc",
            "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 10},
        }
    }
    assert found == plain


prefixes = st.lists(st.from_regex(r"\A([a-z][a-z0-9=_.-]{0,8}/){1,3}\Z"), min_size=1, max_size=4, unique=True)


@given(inputs=prefixes, outputs=prefixes, other=prefixes)
def test_whatever_a_spec_declares_its_role_gets_that_and_nothing_beside_it(
    inputs: list[str], outputs: list[str], other: list[str]
) -> None:
    declared = {
        "inputs": tuple(Dataset(name=f"i{n}", zone="landing", prefix=p) for n, p in enumerate(inputs)),
        "outputs": tuple(Dataset(name=f"o{n}", zone="curated", prefix=p) for n, p in enumerate(outputs)),
    }
    spec = ETL.model_copy(update=declared)
    document = policy(job_policies.runtime_needs(spec, NAMES), ARNS)
    landing, curated = NAMES.bucket_arn("landing"), NAMES.bucket_arn("curated")
    assert all(allows(document, "s3:GetObject", f"{landing}/{prefix}x") for prefix in inputs)
    assert all(allows(document, "s3:PutObject", f"{curated}/{prefix}x") for prefix in outputs)
    # S3A asks for a folder's name as for an object's: to read it is enough.
    assert all(allows(document, "s3:GetObject", f"{curated}/{prefix.rstrip('/')}") for prefix in outputs)
    assert allows(document, "s3:GetObject", f"{NAMES.bucket_arn('logs')}/spark-events")
    assert not allows(document, "s3:PutObject", f"{NAMES.bucket_arn('logs')}/spark-events")
    for prefix in other:
        inside = any(prefix.startswith(one) for one in inputs)
        assert allows(document, "s3:GetObject", f"{landing}/{prefix}x") == inside
        assert not allows(document, "s3:PutObject", f"{landing}/{prefix}x")


@given(stack=st.from_regex(r"\A[a-z][a-z0-9-]{0,14}\Z"))
def test_names_fit_into_s3_and_iam(stack: str) -> None:
    names = Names(stack=stack, region="ap-northeast-1", account_id="1" * 12)
    assert max(len(names.bucket(zone)) for zone in (*ZONES, "access-logs")) <= 63
    assert len(names.role(names.job_role("j" * 40))) <= 64
    assert len({names.bucket(zone) for zone in ZONES}) == len(ZONES)


@pytest.mark.parametrize(("region", "partition"), [("us-east-1", "aws"), ("us-gov-west-1", "aws-us-gov")])
def test_partitions_follow_the_region(region: str, partition: str) -> None:
    names = Names(stack="dev", region=region, account_id="1" * 12)
    assert names.bucket_arn("runs").startswith(f"arn:{partition}:s3:::")
