"""IAM documents: what stands in none of them, and what each role may reach."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.naming import ZONES, Names
from infra.network import flow_logs
from infra.security import boundary_policy, cluster_policies, job_policies, key_policies
from infra.security.emr_configuration import security_configuration
from infra.security.job_policies import KeyArns
from jobs.spec import Dataset, load_catalog

Statement = dict[str, Any]
NAMES = Names(stack="dev", region="us-east-1", account_id="111111111111")
KEYS = KeyArns(**{key: NAMES.arn("kms", f"key/{key}") for key in ("data", "logs", "volumes")})
(ETL,) = load_catalog()
JOB_ROLE = NAMES.role_arn(NAMES.job_role(ETL.name))

GRANTS = {
    "service": cluster_policies.service_policy(NAMES, KEYS, NAMES.role_arn("node")),
    "node": cluster_policies.instance_policy(NAMES, KEYS, [JOB_ROLE], "certificates/emr.zip"),
    "job": job_policies.runtime_policy(ETL, NAMES, KEYS),
    "submitter": job_policies.submitter_policy(NAMES, KEYS, [JOB_ROLE]),
    "deployer": job_policies.deployer_policy(NAMES, KEYS),
    "flow-logs": flow_logs.delivery_policy(NAMES, NAMES.log_group("flow-logs")),
    "boundary": boundary_policy.boundary(NAMES, KEYS),
}


def statements(document: str) -> list[Statement]:
    parsed = json.loads(document)
    assert parsed["Version"] == "2012-10-17"
    found: list[Statement] = parsed["Statement"]
    return found


def allows(document: str, action: str, resource: str) -> bool:
    """Whether a statement allows it, conditions apart."""
    return any(
        action in statement["Action"] and any(fnmatchcase(resource, arn) for arn in statement["Resource"])
        for statement in statements(document)
    )


@pytest.mark.parametrize("role", GRANTS)
def test_no_action_is_a_wildcard_and_no_resource_is_all_but_where_aws_has_no_narrower(role: str) -> None:
    for statement in statements(GRANTS[role]):
        assert not any("*" in action for action in statement["Action"]), statement["Sid"]
        if statement["Resource"] == ["*"]:
            assert statement["Action"] == sorted(cluster_policies.DESCRIBE_EC2)
            assert statement["Condition"] == {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}


@pytest.mark.parametrize("role", GRANTS)
def test_roles_are_passed_by_name_to_a_named_service(role: str) -> None:
    for statement in statements(GRANTS[role]):
        if "iam:PassRole" in statement["Action"]:
            assert all(":role/emr-dev-" in arn for arn in statement["Resource"])
            assert statement["Condition"]["StringEquals"]["iam:PassedToService"]


@pytest.mark.parametrize("role", GRANTS)
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
                    action in limit["Action"] and any(fnmatchcase(resource, arn) for arn in limit["Resource"])
                    for limit in bound
                ), f"{action} on {resource}"


def test_documents_fit_into_iam() -> None:
    compact = {role: len("".join(document.split())) for role, document in GRANTS.items()}
    assert compact["boundary"] <= boundary_policy.MAX_CHARACTERS
    assert max(compact.values()) <= 10_240  # all inline policies of a role together


def test_the_job_reaches_its_inputs_and_outputs_and_no_more() -> None:
    job = GRANTS["job"]
    landing, curated = NAMES.bucket_arn("landing"), NAMES.bucket_arn("curated")
    assert allows(job, "s3:GetObject", f"{landing}/nycflights13/flights/month=1/part.parquet")
    assert not allows(job, "s3:PutObject", f"{landing}/nycflights13/flights/month=1/part.parquet")
    assert not allows(job, "s3:GetObject", f"{landing}/other/part.parquet")
    assert allows(job, "s3:PutObject", f"{curated}/nightly-etl/delays/by_day/month=1/part.parquet")
    assert not allows(job, "s3:PutObject", f"{curated}/nightly-etl-2/delays/part.parquet")
    assert not any(allows(job, "s3:GetObject", f"{NAMES.bucket_arn('runs')}/records/{name}") for name in "ab")
    assert not allows(job, "s3:PutObject", f"{NAMES.bucket_arn('artifacts')}/nightly-etl/main.py")


def test_nodes_and_people_reach_no_data() -> None:
    for role in ("node", "submitter", "deployer", "service"):
        for zone in ("landing", "curated", "checkpoints"):
            assert not allows(GRANTS[role], "s3:GetObject", f"{NAMES.bucket_arn(zone)}/x"), (role, zone)


def test_the_submitter_keeps_what_is_under_way_and_removes_no_record() -> None:
    runs = NAMES.bucket_arn("runs")
    assert allows(GRANTS["submitter"], "s3:PutObject", f"{runs}/open/v1/job=a/r/1.json")
    assert allows(GRANTS["submitter"], "s3:DeleteObject", f"{runs}/open/v1/job=a/r/1.json")
    assert not allows(GRANTS["submitter"], "s3:DeleteObject", f"{runs}/records/v1/job=a/r.json")


def test_a_step_starts_only_under_a_jobs_own_role() -> None:
    start = next(
        s for s in statements(GRANTS["submitter"]) if "elasticmapreduce:AddJobFlowSteps" in s["Action"]
    )
    assert start["Condition"]["StringEquals"]["elasticmapreduce:ExecutionRoleArn"] == [JOB_ROLE]
    without = job_policies.submitter_policy(NAMES, KEYS, [])
    assert not allows(
        without, "elasticmapreduce:AddJobFlowSteps", NAMES.arn("elasticmapreduce", "cluster/j-1")
    )


def test_a_job_role_is_taken_by_the_nodes_only() -> None:
    (trust,) = statements(job_policies.runtime_trust(NAMES.role_arn("node")))
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
    (trust,) = statements(job_policies.people_trust(NAMES, trusted))
    assert trust["Principal"] == {"AWS": principal}


def test_machines_are_launched_only_with_the_tag() -> None:
    for statement in statements(GRANTS["service"]):
        if "ec2:TerminateInstances" in statement["Action"] or statement["Sid"] == "CreateTaggedMachines":
            assert "for-use-with-amazon-emr-managed-policies" in json.dumps(statement["Condition"])


@pytest.mark.parametrize(
    "policy", [key_policies.data_key_policy, key_policies.logs_key_policy, key_policies.volumes_key_policy]
)
def test_key_policies_name_actions_and_keep_the_account_in_charge(policy: Any) -> None:
    found = statements(policy(NAMES))
    assert not any("*" in action for statement in found for action in statement["Action"])
    administration = found[0]
    assert administration["Principal"] == {"AWS": NAMES.root_arn}
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= set(administration["Action"])


def test_the_data_key_is_used_through_s3_only() -> None:
    use = [s for s in statements(key_policies.data_key_policy(NAMES)) if "kms:Decrypt" in s["Action"]]
    assert [s["Condition"]["StringEquals"]["kms:ViaService"] for s in use] == ["s3.us-east-1.amazonaws.com"]


def test_the_security_configuration_encrypts_everywhere_and_gives_steps_their_roles() -> None:
    found = json.loads(security_configuration(KEYS, "s3://artifacts/certificates/emr.zip"))
    encryption = found["EncryptionConfiguration"]
    assert encryption["EnableAtRestEncryption"]
    assert encryption["EnableInTransitEncryption"]
    at_rest = encryption["AtRestEncryptionConfiguration"]
    assert at_rest["S3EncryptionConfiguration"] == {"EncryptionMode": "SSE-KMS", "AwsKmsKey": KEYS.data}
    assert at_rest["LocalDiskEncryptionConfiguration"]["AwsKmsKey"] == KEYS.volumes
    assert found["AuthorizationConfiguration"]["IAMConfiguration"]["EnableApplicationScopedIAMRole"]
    assert found["InstanceMetadataServiceConfiguration"]["MinimumInstanceMetadataServiceVersion"] == 2


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
    policy = job_policies.runtime_policy(spec, NAMES, KEYS)
    landing, curated = NAMES.bucket_arn("landing"), NAMES.bucket_arn("curated")
    assert all(allows(policy, "s3:GetObject", f"{landing}/{prefix}x") for prefix in inputs)
    assert all(allows(policy, "s3:PutObject", f"{curated}/{prefix}x") for prefix in outputs)
    # S3A asks for a folder's name as for an object's: to read it is enough.
    assert all(allows(policy, "s3:GetObject", f"{curated}/{prefix.rstrip('/')}") for prefix in outputs)
    assert allows(policy, "s3:GetObject", f"{NAMES.bucket_arn('logs')}/spark-events")
    assert not allows(policy, "s3:PutObject", f"{NAMES.bucket_arn('logs')}/spark-events")
    for prefix in other:
        inside = any(prefix.startswith(one) for one in inputs)
        assert allows(policy, "s3:GetObject", f"{landing}/{prefix}x") == inside
        assert not allows(policy, "s3:PutObject", f"{landing}/{prefix}x")


@given(stack=st.from_regex(r"\A[a-z][a-z0-9-]{0,14}\Z"))
def test_names_fit_into_s3_and_iam(stack: str) -> None:
    names = Names(stack=stack, region="ap-northeast-1", account_id="1" * 12)
    assert max(len(names.bucket(zone)) for zone in (*ZONES, "access-logs")) <= 63
    assert len(names.role(names.job_role("j" * 40))) <= 64
    assert len({names.bucket(zone) for zone in ZONES}) == len(ZONES)


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_partitions_follow_the_region(region: str, partition: str) -> None:
    names = Names(stack="dev", region=region, account_id="1" * 12)
    assert names.bucket_arn("runs").startswith(f"arn:{partition}:s3:::")
