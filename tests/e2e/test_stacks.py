"""The life of each example stack, with IAM enforced: made, clean, not to be destroyed, drifted, mended, gone.

As a user on AWS has it: from the committed files, which turn neither deletion key; a key is turned in the stack's file.
One AWS serves the stacks one after the other: each leaves it as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Here
from tests.e2e.on_aws import KEYS, OnAws, held, on_aws, project_for, stays, turn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500), pytest.mark.xdist_group("stacks")]
PICTURES = ROOT / "docs" / "pictures.md"
MORE = pytest.mark.more


@dataclass(frozen=True, kw_only=True)
class Place:
    """An AWS, a user of it, and the user's project."""

    aws: Here
    user: OnAws
    project: Path

    def done(self, *words: str) -> str:
        """What `emrctl` printed; fails the test when it failed."""
        done = self.user.run(*words, "--target", "aws", cwd=self.project)
        assert done.returncode == 0, f"emrctl {' '.join(words)}: {done.stderr}\n{done.stdout}"
        return done.stdout

    def engine(self, *words: str) -> None:
        """Run the engine itself; fails the test when it fails."""
        done = self.user.pulumi(self.project, *words)
        assert done.returncode == 0, f"pulumi {' '.join(words)}: {done.stderr}\n{done.stdout}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A local AWS that judges every call by the caller's policies, and a user of it."""
    folder = tmp_path_factory.mktemp("stacks")
    aws = Here(home=folder / "home")
    try:
        assert aws.run("local", "up", "--enforce-iam").returncode == 0
        backend = folder / "other-home" / "backend"
        backend.mkdir(parents=True)
        own = {"PULUMI_BACKEND_URL": f"file://{backend}", "PULUMI_CONFIG_PASSPHRASE": "a user's"}
        user = on_aws(aws, folder, **own)
        yield Place(aws=aws, user=user, project=project_for(folder, user.state["account_id"]))
    finally:
        aws.run("local", "down")


def test_the_page_of_pictures_shows_what_prod_makes(place: Place) -> None:
    done = place.aws.run("stack", "picture", "prod")
    assert done.returncode == 0, done.stderr
    assert done.stdout == PICTURES.read_text(), f"emrctl stack picture prod > {PICTURES.relative_to(ROOT)}"


@pytest.mark.parametrize(
    ("stack", "alone"),
    [
        pytest.param("dev", "allow_data_deletion", marks=MORE),
        ("prod", None),
        pytest.param("research", "deletable", marks=MORE),
    ],
)
def test_a_stack_lives_and_leaves_nothing(place: Place, stack: str, alone: str | None) -> None:
    file = place.project / f"Pulumi.{stack}.yaml"
    before = held(place.aws)
    place.engine("stack", "init", stack)
    place.done("stack", "up", stack)
    made = _ids(place, stack)
    assert _summary(place, stack) == {"same"}
    place.engine("refresh", "--yes", "--expect-no-changes", "--stack", stack)
    added = _rules_of_others(place, stack)
    assert added, "EMR adds rules of its own, which are no drift"
    assert not [rule for rule in added if "ReferencedGroupInfo" in rule], "groups that wait for each other"

    _start_applications(place, stack)
    stays(place.aws, place.user, stack, place.project)
    if alone:
        turn(file, alone)  # one key is none
        place.done("stack", "up", stack)
        stays(place.aws, place.user, stack, place.project)

    drifted = _drift(place, stack)
    assert _changed(place, stack) == drifted
    turn(file, *KEYS.values())
    place.done("stack", "up", stack)
    assert _summary(place, stack) == {"same"}
    assert _ids(place, stack) == made, "drift is mended in place"

    _is_held_by_others_until_they_let_go(place, stack)
    place.done("stack", "destroy", stack)
    place.done("stack", "destroy", stack)
    assert held(place.aws) == before


def _is_held_by_others_until_they_let_go(place: Place, stack: str) -> None:
    """What can be seen refuses a destroy whole; what only AWS knows ends it in the middle, in AWS's words."""
    ids: dict[str, list[str]] = {}
    for entry in place.user.resources(stack):
        ids.setdefault(entry["type"], []).append(entry.get("id", ""))
    subnet, role = ids["aws:ec2/subnet:Subnet"][0], ids["aws:iam/role:Role"][0]
    ec2, iam = place.aws.client("ec2"), place.aws.client("iam")
    made = ec2.create_network_interface(SubnetId=subnet, Description="bastion")["NetworkInterface"]
    interface = made["NetworkInterfaceId"]
    before = held(place.aws)
    refused = place.user.run("stack", "destroy", stack, "--target", "aws", cwd=place.project)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert f"stack '{stack}' cannot go: network interface {interface} (bastion) of others" in line
    assert held(place.aws) == before
    ec2.delete_network_interface(NetworkInterfaceId=interface)

    said = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [said]}
    theirs = iam.create_policy(PolicyName="theirs", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=theirs)
    stuck = place.user.run("stack", "destroy", stack, "--target", "aws", cwd=place.project)
    assert stuck.returncode != 0
    told = [line for line in (stuck.stdout + stuck.stderr).splitlines() if "DeleteConflict" in line]
    assert told
    assert all("deleting aws:iam/role:Role" in line for line in told)
    iam.detach_role_policy(RoleName=role, PolicyArn=theirs)
    iam.delete_policy(PolicyArn=theirs)


def _start_applications(place: Place, stack: str) -> None:
    for entry in place.user.resources(stack):
        if entry["type"] == "aws:emrserverless/application:Application":
            place.aws.client("emr-serverless").start_application(applicationId=entry["id"])


def _ids(place: Place, stack: str) -> dict[str, str]:
    return {entry["urn"]: entry.get("id", "") for entry in place.user.resources(stack)}


def _summary(place: Place, stack: str) -> set[str]:
    return set(json.loads(place.done("stack", "preview", stack, "--json"))["changeSummary"])


def _changed(place: Place, stack: str) -> set[str]:
    """The types of what a preview would change."""
    steps = json.loads(place.done("stack", "preview", stack, "--json"))["steps"]
    return {
        step["urn"].split("::")[-2].split("$")[-1] for step in steps if step["op"] in ("create", "update")
    }


def _rules_of_others(place: Place, stack: str) -> list[dict[str, Any]]:
    """The rules in the stack's security groups that the stack did not make."""
    own = {entry.get("id") for entry in place.user.resources(stack)}
    filters = [{"Name": "group-id", "Values": [one for one in own if one and one.startswith("sg-")]}]
    found = place.aws.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    return [rule for rule in found if rule["SecurityGroupRuleId"] not in own]


def _drift(place: Place, stack: str) -> set[str]:
    """Change behind the stack's back what people change by hand; the types that this concerns."""
    ids: dict[str, list[str]] = {}
    for entry in place.user.resources(stack):
        ids.setdefault(entry["type"], []).append(entry.get("id", ""))
    aws = place.aws
    for bucket in ids["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"][:1]:
        aws.client("s3").delete_public_access_block(Bucket=bucket)
    for group in ids["aws:cloudwatch/logGroup:LogGroup"][:1]:
        aws.client("logs").put_retention_policy(logGroupName=group, retentionInDays=1)
    for key in ids["aws:kms/key:Key"][:1]:
        aws.client("kms").disable_key_rotation(KeyId=key)
    for role in ids["aws:iam/role:Role"][:1]:
        aws.client("iam").update_role(RoleName=role, MaxSessionDuration=7200)
    for cluster in ids["aws:emr/cluster:Cluster"][:1]:
        aws.client("emr").set_termination_protection(JobFlowIds=[cluster], TerminationProtected=True)
    return {
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:cloudwatch/logGroup:LogGroup",
        "aws:kms/key:Key", "aws:iam/role:Role", "aws:emr/cluster:Cluster",
    }  # fmt: skip
