"""Each check of the doctor, both ways; the needs of fleets; what is said when something cannot be asked."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emrctl.certificates.records import Certificate, Cluster
from emrctl.certificates.rotation import Certificates, Status
from emrctl.doctor import capacity, collisions, needs, surroundings
from emrctl.doctor.examine import _answered
from emrctl.doctor.finding import Finding, ok
from facts import quotas
from infra.naming import Names
from infra.settings.loader import from_config, parse
from infra.settings.stack import Settings
from jobs.spec import load_catalog
from tests.infra.recording import stack_config

TREE = from_config(stack_config("dev"))
SETTINGS: Settings = parse(TREE)
NAMES = Names(stack="dev", region="us-east-1", account_id="111111111111")
NOW = datetime(2026, 11, 28, tzinfo=UTC)
OURS, THEIRS = [{"Key": "stack", "Value": "dev"}], [{"Key": "stack", "Value": "other"}]


class Fake:
    """A client of AWS that answers each operation with what it is given: a value, an error, or a function."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        answer = self._answers[name]

        def call(**params: Any) -> Any:
            found = answer(**params) if callable(answer) else answer
            if isinstance(found, Exception):
                raise found
            return found

        return call

    def get_paginator(self, name: str) -> Any:
        pages = [self._answers[name]]
        return Fake(paginate=lambda **_: pages)


def error(code: str, operation: str = "HeadBucket") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said AWS"}}, operation)


def levels(findings: Iterable[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def changed(**cluster: Any) -> Settings:
    tree = copy.deepcopy(TREE)
    tree["clusters"]["main"].update(cluster)
    return parse(tree)


# Needs


def test_a_fleet_needs_the_vcpus_of_its_dearest_type_at_its_largest() -> None:
    assert needs.vcpus(SETTINGS.clusters.values()) == {"L-1216C47A": 4 + 2 * 4, "L-34B43A08": 3 * 4}


def test_without_scaling_the_targets_are_all_that_is_needed() -> None:
    settings = changed(scaling=None)
    assert needs.vcpus(settings.clusters.values()) == {"L-1216C47A": 8, "L-34B43A08": 4}


def test_units_are_nodes_of_their_weight_rounded_up() -> None:
    types = [{"name": "m5.4xlarge", "units": 2}, {"name": "m5.2xlarge", "units": 1}]
    core = {"on_demand_units": 3, "types": types}
    settings = changed(core=core, scaling=None, task=None)
    assert needs.vcpus(settings.clusters.values()) == {"L-1216C47A": 4 + 2 * 16}


@pytest.mark.parametrize(("nat", "count"), [("none", 0), ("one", 1), ("per_zone", 2)])
def test_nat_gateways_need_addresses(nat: str, count: int) -> None:
    assert needs.elastic_ips(parse({**TREE, "network": {**TREE["network"], "nat": nat}})) == count


@pytest.mark.parametrize(
    ("kind", "market", "code"),
    [
        ("m5.xlarge", "ON_DEMAND", "L-1216C47A"),
        ("im4gn.large", "SPOT", "L-34B43A08"),
        ("g5.xlarge", "ON_DEMAND", "L-DB2E81BA"),
        ("vt1.3xlarge", "SPOT", "L-3819A6DF"),
        ("inf2.xlarge", "SPOT", None),
    ],
)
def test_a_family_is_counted_by_its_letters(kind: str, market: str, code: str | None) -> None:
    found = quotas.of_instances(kind, market)
    assert (found.code if found else None) == code


# Quotas


def _quotas(value: float) -> Fake:
    return Fake(get_service_quota={"Quota": {"Value": value}})


def _instances(*found: Mapping[str, Any]) -> dict[str, Any]:
    return {"Reservations": [{"Instances": list(found)}]}


def _machine(kind: str, tags: list[dict[str, str]], **more: str) -> dict[str, Any]:
    return {"InstanceType": kind, "Tags": tags, "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}, **more}


def test_a_quota_holds_what_is_needed_beside_what_others_use() -> None:
    ec2 = Fake(describe_instances=_instances(_machine("m5.xlarge", THEIRS), _machine("m5.xlarge", OURS)))
    assert levels(capacity.vcpus(_quotas(16), ec2, SETTINGS, "dev")) == ["ok", "ok"]
    short = list(capacity.vcpus(_quotas(15), ec2, SETTINGS, "dev"))
    assert levels(short) == ["problem", "ok"]  # others are on demand: 4 and 12 are 16
    assert short[0].remedy.endswith("--service-code ec2 --quota-code L-1216C47A --desired-value 16")


def test_spot_machines_of_others_count_for_spot() -> None:
    ec2 = Fake(describe_instances=_instances(_machine("m5.xlarge", [], InstanceLifecycle="spot")))
    assert levels(capacity.vcpus(_quotas(12), ec2, SETTINGS, "dev")) == ["ok", "problem"]


def test_addresses_are_asked_for_only_where_there_is_a_nat() -> None:
    ec2 = Fake(describe_addresses={"Addresses": [{"Tags": THEIRS}] * 4})
    assert list(capacity.addresses(_quotas(5), ec2, SETTINGS, "dev")) == []
    nat = parse({**TREE, "network": {**TREE["network"], "nat": "per_zone"}})
    assert levels(capacity.addresses(_quotas(6), ec2, nat, "dev")) == ["ok"]
    assert levels(capacity.addresses(_quotas(5), ec2, nat, "dev")) == ["problem"]


def test_our_own_vpc_is_no_vpc_more() -> None:
    ec2 = Fake(describe_vpcs={"Vpcs": [{"Tags": OURS}, *[{"Tags": THEIRS}] * 4]})
    assert levels(capacity.vpcs(_quotas(5), ec2, "dev")) == ["ok"]
    assert levels(capacity.vpcs(_quotas(5), ec2, "prod")) == ["problem"]


# Names


def test_bucket_names_are_free_or_ours_or_taken() -> None:
    free = Fake(head_bucket=error("404"))
    ours = Fake(head_bucket={}, get_bucket_tagging={"TagSet": OURS})
    untagged = Fake(head_bucket={}, get_bucket_tagging=error("NoSuchTagSet"))
    assert levels(collisions.buckets(free, NAMES)) == levels(collisions.buckets(ours, NAMES)) == ["ok"]
    for taken in (Fake(head_bucket=error("403")), untagged):
        (finding,) = collisions.buckets(taken, NAMES)
        assert finding.level == "problem"
        assert "emr-dev-landing-111111111111-us-east-1" in finding.message


@pytest.mark.parametrize(("tags", "level"), [("dev", "ok"), ("other", "problem")])
def test_an_alias_is_ours_by_its_keys_tags(tags: str, level: str) -> None:
    kms = Fake(
        list_aliases={
            "Aliases": [{"AliasName": "alias/emr-dev/logs", "TargetKeyId": "1"}, {"AliasName": "alias/x"}]
        },
        list_resource_tags={"Tags": [{"TagKey": "stack", "TagValue": tags}]},
    )
    assert levels(collisions.aliases(kms, NAMES, ["logs"])) == [level]


@pytest.mark.parametrize(
    ("taken", "level"), [("emr-dev-node", "problem"), ("emr-dev-job-nightly-etl", "problem"), ("", "ok")]
)
def test_a_role_that_is_not_ours_is_told(taken: str, level: str) -> None:
    class NoSuchEntityError(Exception):
        pass

    def tags(**asked: str) -> Any:
        if asked["RoleName"] == "emr-dev-deployer":
            return NoSuchEntityError()
        return {"Tags": THEIRS if asked["RoleName"] == taken else OURS}

    iam: Any = Fake(list_role_tags=tags)
    iam.exceptions = type("E", (), {"NoSuchEntityException": NoSuchEntityError})
    assert levels(collisions.roles(iam, NAMES, load_catalog())) == [level]


# Surroundings


@pytest.mark.parametrize(("account", "level"), [("111111111111", "ok"), ("222222222222", "problem")])
def test_credentials_are_of_the_account(account: str, level: str) -> None:
    sts = Fake(get_caller_identity={"Account": account, "Arn": "arn:aws:iam::1:user/ann"})
    assert levels(surroundings.credentials(sts, "111111111111")) == [level]


def test_zones_are_there_and_open() -> None:
    def ec2(**states: str) -> Fake:
        zones = [{"ZoneName": name.replace("_", "-"), "State": state} for name, state in states.items()]
        return Fake(describe_availability_zones={"AvailabilityZones": zones})

    wanted = ("us-east-1a", "us-east-1b")
    good = ec2(us_east_1a="available", us_east_1b="available", us_east_1c="available")
    assert levels(surroundings.zones(good, "us-east-1", wanted)) == ["ok"]
    (finding,) = surroundings.zones(ec2(us_east_1a="available", us_east_1b="impaired"), "us-east-1", wanted)
    assert finding.level == "problem"
    assert "us-east-1b" in finding.message


def test_a_release_is_offered_or_not() -> None:
    assert levels(surroundings.releases(Fake(describe_release_label={}), SETTINGS)) == ["ok"]
    lacking = Fake(describe_release_label=error("InvalidRequestException"))
    assert levels(surroundings.releases(lacking, SETTINGS)) == ["problem"]


def test_linked_roles_are_missed_with_what_to_do() -> None:
    both = {surroundings.EMR, surroundings.SPOT}
    assert levels(surroundings.linked_roles(both, SETTINGS)) == ["ok"]
    (finding,) = surroundings.linked_roles({surroundings.EMR}, SETTINGS)
    assert finding.level == "warning"
    assert finding.remedy.endswith("--aws-service-name spot.amazonaws.com")
    assert levels(surroundings.linked_roles({surroundings.EMR}, changed(task=None, scaling=None))) == ["ok"]


def test_an_account_was_bootstrapped_or_not() -> None:
    assert levels(surroundings.account(Fake(head_bucket={}), "b")) == ["ok"]
    assert levels(surroundings.account(Fake(head_bucket=error("404")), "b")) == ["warning"]


def _certificates(status: Status | None) -> Certificates:
    class Told(Certificates):
        def look(self) -> Status:
            assert status is not None
            return status

    s3 = Fake(head_bucket=error("404") if status is None else {})
    return Told(s3=s3, emr=None, names=NAMES, key="certificates/emr-nodes.zip")


def _status(days: int | None, *troubles: str, clusters: tuple[Cluster, ...] = ()) -> Status:
    found = None
    if days is not None:
        end = (NOW + timedelta(days=days)).isoformat()
        found = Certificate(serial="1", sha256="1", since=NOW.isoformat(), not_after=end, authority="a")
    return Status(
        uri="s3://b/k", certificate=found, authority_until=None, troubles=troubles, clusters=clusters
    )


APART = Cluster(id="j-1", name="emr-dev-main", created=NOW.isoformat(), certificate=None, trusts=False)


@pytest.mark.parametrize(
    ("status", "level", "remedy"),
    [
        (None, "warning", "first, then 'emrctl certs rotate dev', then the rest"),
        (_status(None, "it is not there"), "problem", "emrctl certs rotate dev"),
        (_status(-1), "problem", "emrctl certs rotate dev"),
        (_status(29), "warning", "emrctl certs rotate dev"),
        (_status(30), "ok", ""),
        (_status(365, clusters=(APART,)), "warning", "emrctl certs show dev"),
    ],
)
def test_certificates_are_where_emr_looks_and_good_for_a_while(
    status: Status | None, level: str, remedy: str
) -> None:
    (finding,) = surroundings.certificates(_certificates(status), NOW)
    assert finding.level == level
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("python", "engine", "has", "level"),
    [
        ((3, 11, 7), "3.220.0", "7.51.1", "ok"),
        ((3, 10, 1), "3.220.0", "7.51.1", "problem"),
        ((3, 12, 0), "3.100.0", "7.51.1", "problem"),
        ((3, 12, 0), "3.250.0", "7.40.0", "problem"),
    ],
)
def test_versions_are_those_the_project_knows(
    python: tuple[int, ...], engine: str, has: str, level: str
) -> None:
    found = surroundings.versions(
        python, engine, "3.220.0", {"pulumi-aws": has}, ["pulumi-aws==7.51.1", "boto3>=1"]
    )
    assert levels(found) == [level]


def test_what_cannot_be_asked_is_a_warning_and_the_others_go_on() -> None:
    def refused() -> Iterable[Finding]:
        yield ok("names", "one")
        raise error("AccessDenied", "ListRoleTags")

    first, second = _answered("names", refused)
    assert (first.level, second.level) == ("ok", "warning")
    assert "allow ListRoleTags" in second.remedy
