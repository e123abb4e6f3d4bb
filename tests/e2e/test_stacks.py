"""The life of each stack as a whole, with IAM enforced: made, clean, drifted, seen, mended, destroyed, gone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Here

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PICTURES = ROOT / "docs" / "pictures.md"


@pytest.fixture
def enforcing(here: Here) -> Here:
    """A local AWS that judges every call by the caller's policies."""
    assert here.run("local", "up", "--enforce-iam").returncode == 0
    return here


@pytest.fixture
def on_account(enforcing: Here) -> Here:
    """The same with the account made ready, which prod reads."""
    done = enforcing.run("bootstrap")
    assert done.returncode == 0, done.stderr
    return enforcing


def test_the_page_of_pictures_shows_what_prod_makes(on_account: Here) -> None:
    done = on_account.run("stack", "picture", "prod")
    assert done.returncode == 0, done.stderr
    assert done.stdout == PICTURES.read_text(), f"emrctl stack picture prod > {PICTURES.relative_to(ROOT)}"


@pytest.mark.parametrize("stack", [pytest.param("dev", marks=pytest.mark.more), "prod"])
def test_a_stack_lives_and_leaves_nothing(on_account: Here, stack: str) -> None:
    here = on_account
    before = _there(here)
    _done(here, "stack", "up", stack)
    made = _ids(here, stack)
    assert _summary(here, stack) == {"same"}

    drifted = _drift(here, stack)
    assert _changed(here, stack) == drifted
    _done(here, "stack", "up", stack)
    assert _summary(here, stack) == {"same"}
    assert _ids(here, stack) == made, "drift is mended in place"

    _start_applications(here, stack)  # AWS deletes none that runs: they are drained first
    _done(here, "stack", "destroy", stack)
    _done(here, "stack", "destroy", stack)
    assert _there(here) == before


def _done(here: Here, *words: str) -> None:
    done = here.run(*words)
    assert done.returncode == 0, f"emrctl {' '.join(words)}: {done.stderr}\n{done.stdout}"


def _start_applications(here: Here, stack: str) -> None:
    for entry in here.resources(stack):
        if entry["type"] == "aws:emrserverless/application:Application":
            here.client("emr-serverless").start_application(applicationId=entry["id"])


def _ids(here: Here, stack: str) -> dict[str, str]:
    return {entry["urn"]: entry.get("id", "") for entry in here.resources(stack)}


def _summary(here: Here, stack: str) -> set[str]:
    return set(here.json("stack", "preview", stack)["changeSummary"])


def _changed(here: Here, stack: str) -> set[str]:
    """The types of what a preview would change."""
    steps = here.json("stack", "preview", stack)["steps"]
    return {
        step["urn"].split("::")[-2].split("$")[-1] for step in steps if step["op"] in ("create", "update")
    }


def _drift(here: Here, stack: str) -> set[str]:
    """Change behind the stack's back what people change by hand; the types that this concerns."""
    ids: dict[str, list[str]] = {}
    for entry in here.resources(stack):
        ids.setdefault(entry["type"], []).append(entry.get("id", ""))
    for bucket in ids["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"][:1]:
        here.client("s3").delete_public_access_block(Bucket=bucket)
    for group in ids["aws:cloudwatch/logGroup:LogGroup"][:1]:
        here.client("logs").put_retention_policy(logGroupName=group, retentionInDays=1)
    for key in ids["aws:kms/key:Key"][:1]:
        here.client("kms").disable_key_rotation(KeyId=key)
    for role in ids["aws:iam/role:Role"][:1]:
        here.client("iam").update_role(RoleName=role, MaxSessionDuration=7200)
    for cluster in ids["aws:emr/cluster:Cluster"][:1]:
        here.client("emr").set_termination_protection(JobFlowIds=[cluster], TerminationProtected=True)
    for group in ids["aws:athena/workgroup:Workgroup"]:
        here.client("athena").update_work_group(
            WorkGroup=group, ConfigurationUpdates={"EnforceWorkGroupConfiguration": False}
        )
    for database in ids["aws:glue/catalogDatabase:CatalogDatabase"]:
        name = database.partition(":")[2]
        here.client("glue").update_database(Name=name, DatabaseInput={"Name": name, "Description": "mine"})
    return {
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:cloudwatch/logGroup:LogGroup",
        "aws:kms/key:Key", "aws:iam/role:Role", "aws:emr/cluster:Cluster", "aws:athena/workgroup:Workgroup",
        "aws:glue/catalogDatabase:CatalogDatabase",
    }  # fmt: skip


def _there(here: Here) -> dict[str, Any]:
    """What the account holds, but for what AWS lets nobody remove at once: keys, and clusters that have ended."""
    emr, kms, ec2 = here.client("emr"), here.client("kms"), here.client("ec2")
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    return {
        "clusters": emr.list_clusters(ClusterStates=["STARTING", "RUNNING", "WAITING", "TERMINATING"])[
            "Clusters"
        ],
        "security configurations": emr.list_security_configurations()["SecurityConfigurations"],
        "buckets": here.client("s3").list_buckets()["Buckets"],
        "keys": [key["KeyId"] for key in keys if key["KeyState"] == "Enabled"],
        "roles": here.client("iam").list_roles()["Roles"],
        "policies": here.client("iam").list_policies(Scope="Local")["Policies"],
        "profiles": here.client("iam").list_instance_profiles()["InstanceProfiles"],
        "metric filters": here.client("logs").describe_metric_filters()["metricFilters"],
        "log groups": here.client("logs").describe_log_groups()["logGroups"],
        "workgroups": [one["Name"] for one in here.client("athena").list_work_groups()["WorkGroups"]],
        "databases": [one["Name"] for one in here.client("glue").get_databases()["DatabaseList"]],
        "networks": [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]],
        "subnets": [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]],
        "groups": [one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]],
        "endpoints": [
            one for one in ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["State"] != "deleted"
        ],
    }
