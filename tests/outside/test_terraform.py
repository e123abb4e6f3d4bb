"""The real AWS provider, 3.39.0, on the dev platform: applied, planned, changed, replaced, imported, destroyed.

The tests stand in the order of a stack's life; each goes on where the one before it stopped.
"""

from __future__ import annotations

import platform as platform_of_machine
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.outside.conftest import Endpoint
from tests.outside.reasons import LEFT_OUT, NEVER_CHANGED, READS, REPLACED, WRITES
from tests.outside.recorder import Recorded, recording
from tests.outside.terraform import Terraform
from tests.outside.twin import Twin

pytestmark = [pytest.mark.xdist_group("outside"), pytest.mark.slow]
Attributes = Mapping[str, Any]

# How the provider finds each type again, where that is not the resource's id.
IMPORTS: Mapping[str, Callable[[Attributes], str]] = {
    "aws_emr_instance_fleet": lambda of: f"{of['cluster_id']}/{of['id']}",
    "aws_iam_role_policy_attachment": lambda of: f"{of['role']}/{of['policy_arn']}",
    "aws_route_table_association": lambda of: f"{of['subnet_id']}/{of['route_table_id']}",
    "aws_security_group_rule": lambda of: "_".join([
        of["security_group_id"], of["type"], "all" if of["protocol"] == "-1" else of["protocol"],
        str(of["from_port"]), str(of["to_port"]), of["source_security_group_id"],
    ]),
}  # fmt: skip
NOT_IMPORTED = {"aws_s3_bucket_object": "this version has no import for it"}
# What no API tells, or this version does not ask for: the provider's default, or nothing, stands there after an import.
NOT_READ_BACK: Mapping[str, set[str]] = {
    "aws_emr_cluster": {"configurations_json", "keep_job_flow_alive_when_no_steps"},
    "aws_emr_security_configuration": {"name_prefix"},
    "aws_iam_role_policy_attachment": {"id"},  # made up anew each time
    "aws_kms_key": {"deletion_window_in_days"},
    "aws_s3_bucket": {"acl", "force_destroy"},
    "aws_security_group": {"revoke_rules_on_delete"},
}


@pytest.fixture(scope="module")
def recorded(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """The real provider, and what it does."""
    if (sys.platform, platform_of_machine.machine()) != ("linux", "x86_64"):
        pytest.skip("these builds of Terraform and of the provider are for Linux on x86-64")
    with recording(aws, tmp_path_factory.mktemp("recorder")) as found:
        yield found


@pytest.fixture(scope="module")
def platform(aws: Endpoint, recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The platform's configuration, with nothing of it there yet."""
    found = Terraform(
        folder=tmp_path_factory.mktemp("terraform") / "platform", endpoint=aws, reattach=recorded.reattach
    )
    found.init()
    return found


def test_it_is_applied_and_then_planned_clean(platform: Terraform) -> None:
    added, changed, gone = platform.apply()
    assert (added, changed, gone) == (len(platform.resources()), 0, 0)
    assert platform.plan() == ""


def test_it_is_changed_in_place(platform: Terraform) -> None:
    before = {name: of["id"] for name, of in platform.resources().items()}
    platform.variables |= {
        "step_concurrency": "3", "task_units": "2", "retention_days": "90", "owner": "someone-else",
        "changed": "true",
    }  # fmt: skip
    added, changed, gone = platform.apply()
    assert (added, gone) == (0, 0)
    assert changed > 20  # whatever has tags, by the provider's default tags
    moved = {name.split(".")[0] for name, of in platform.resources().items() if of["id"] != before[name]}
    assert moved == {"aws_route_table_association"}  # an association with another table has another id
    fleet = platform.resources()["aws_emr_instance_fleet.task"]
    assert (fleet["target_spot_capacity"], fleet["provisioned_spot_capacity"]) == (2, 2)
    assert platform.plan() == ""


def test_a_new_name_replaces_the_cluster_and_what_hangs_on_it(platform: Terraform, aws: Endpoint) -> None:
    before = platform.resources()["aws_emr_cluster.main"]["id"]
    platform.variables["cluster_name"] = "tf-dev-other"
    assert platform.apply() == (3, 0, 3)
    state = aws.client("emr").describe_cluster(ClusterId=before)["Cluster"]["Status"]["State"]
    assert state == "TERMINATED"
    assert platform.plan() == ""


def test_one_of_each_type_is_imported(platform: Terraform) -> None:
    platform("refresh")  # what other resources have changed since: a role's policies, a group's rules
    one_each: dict[str, tuple[str, dict[str, Any]]] = {}
    for address, attributes in platform.resources().items():
        one_each.setdefault(address.split(".")[0], (address, attributes))
    differences = {}
    for kind, (address, known) in one_each.items():
        if kind in NOT_IMPORTED:
            continue
        found = platform.imported(address, IMPORTS[kind](known) if kind in IMPORTS else str(known["id"]))
        before, after = _plain(known), _plain(found)
        differences[kind] = {name for name in known if before.get(name) != after.get(name)}
    told = {kind: found for kind, found in differences.items() if found}
    assert told == NOT_READ_BACK, "\n".join(f"{kind}: {sorted(found)}" for kind, found in told.items())


def _plain(value: Any) -> Any:
    """A value of an attribute without what a state says in several forms: nothing, and the order of a set."""
    if isinstance(value, Mapping):
        return {name: plain for name, inner in value.items() if (plain := _plain(inner))}
    if isinstance(value, list):
        return sorted((_plain(inner) for inner in value), key=repr)
    return value


def test_it_is_destroyed(platform: Terraform, aws: Endpoint) -> None:
    buckets = [of["id"] for name, of in platform.resources().items() if name.startswith("aws_s3_bucket.")]
    there = len(platform.resources())
    assert platform("destroy", "-auto-approve", "-input=false").said.strip().endswith(
        f"Destroy complete! Resources: {there} destroyed."
    )  # fmt: skip
    assert platform.resources() == {}
    assert not {b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]} & set(buckets)
    vpcs = aws.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    assert vpcs == []


@pytest.fixture(scope="module")
def twin(aws: Endpoint, recorded: Recorded) -> Twin:
    """Our provider, after it has made every change that the real one has made, on the same AWS."""
    found = Twin(aws)
    found.repeat(recorded.changes)
    return found


def test_each_type_was_created_changed_and_deleted(recorded: Recorded) -> None:
    kinds = {kind for kind, _ in recorded.calls}
    assert len(kinds) > 20
    lived = {(kind, phase) for kind in kinds for phase in ("create", "update", "delete")}
    assert lived - set(recorded.calls) == {(kind, "update") for kind in NEVER_CHANGED}


def test_ours_is_told_the_same_and_changes_in_place_what_it_changes_in_place(twin: Twin) -> None:
    assert (dict(twin.left_out), twin.replaced) == (dict(LEFT_OUT), REPLACED)


def test_for_each_type_and_phase_ours_changes_aws_by_the_same_calls(recorded: Recorded, twin: Twin) -> None:
    differences = {
        of: (set(made.writes - twin.calls[of].writes), set(twin.calls[of].writes - made.writes))
        for of, made in recorded.calls.items()
        if made.writes != twin.calls[of].writes
    }
    assert differences == {of: (reason.theirs, reason.ours) for of, reason in WRITES.items()}


def test_what_it_asks_for_of_a_type_ours_asks_for(recorded: Recorded, twin: Twin) -> None:
    theirs: dict[str, set[str]] = {}
    for (kind, _), made in recorded.calls.items():
        theirs.setdefault(kind, set()).update(made.reads)
    ours = {
        kind: {name for (of, _), made in twin.calls.items() if of == kind for name in made.reads}
        for kind in theirs
    }
    missing = {kind: names - ours[kind] for kind, names in theirs.items() if names - ours[kind]}
    assert missing == {kind: names for kind, (names, _) in READS.items()}
