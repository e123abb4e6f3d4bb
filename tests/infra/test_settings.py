"""What a stack file may say, and what a user reads who said it wrong."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from facts.errors import UserError
from infra.settings import virtual_cluster
from infra.settings.loader import declared, from_config, parse
from infra.settings.stack import PLATFORM_TAGS, Settings
from infra.tags import default_tags
from jobs.spec import Ec2Target, EksTarget, ServerlessTarget, Target, load_catalog
from tests.infra.recording import stack_config, wire_config

Tree = dict[str, Any]


@pytest.fixture
def tree() -> Tree:
    return from_config(wire_config(stack_config("dev")))


def main(tree: Tree) -> Tree:
    cluster: Tree = tree["clusters"]["main"]
    return cluster


def mistakes(tree: Tree) -> list[str]:
    with pytest.raises(UserError) as refusal:
        parse(tree)
    return str(refusal.value).splitlines()[1:]


@pytest.mark.parametrize("stack", ["dev", "prod", "research"])
def test_the_committed_stacks_are_valid_and_their_jobs_have_a_cluster(stack: str) -> None:
    found = declared(from_config(wire_config(stack_config(stack))), stack, load_catalog())
    assert found.settings.environment == stack
    assert not found.settings.data_may_be_deleted


def test_prod_is_private_with_endpoints_over_three_zones() -> None:
    network = parse(from_config(wire_config(stack_config("prod")))).network
    assert (network.nat, len(network.zones or ())) == ("none", 3)
    assert {"kms", "sts", "logs", "monitoring"} <= set(network.interface_endpoints)


def test_plain_values_are_enough_without_an_engine(tree: Tree) -> None:
    settings = parse(tree)
    assert settings.clusters["main"].task is not None
    assert settings.clusters["main"].task.spot_units == 1


VPC: Tree = {"vpc_id": "vpc-0123456789abcdef0", "private_subnet_ids": ["subnet-0123456789abcdef0"]}
TOPIC = "arn:aws:sns:us-east-1:111111111111:page"
SECRET = "arn:aws:secretsmanager:us-east-1:111111111111:secret:emr-dev/db-AbCdEf"
KEY = "arn:aws:kms:us-east-1:111111111111:key/12345678-1234-1234-1234-123456789012"


def zone(tree: Tree, name: str, said: Tree) -> None:
    tree["storage"].setdefault("zones", {})[name] = said


# One change to dev's good tree, and what the message must say: the key, what it was, what is allowed.
BAD: list[tuple[str, Callable[[Tree], Any], str]] = [
    (
        "unknown key",
        lambda t: t.update(netwrk={}),
        r"^emr:netwrk: is no setting \(did you mean 'network'\?\); allowed",
    ),
    (
        "unknown inner key",
        lambda t: main(t)["core"]["types"][0].update(unit=1),
        r"^emr:clusters\.main\.core\.types\[0\]\.unit: is no setting \(did you mean 'units'\?\); allowed here are: max",
    ),
    ("missing", lambda t: t.pop("owner"), r"^emr:owner: is missing; .*Pulumi\.<stack>\.yaml"),
    (
        "no account",
        lambda t: t["aws"].pop("account_id"),
        r"^aws:allowedAccountIds: is missing; name the one account",
    ),
    (
        "two accounts",
        lambda t: t["aws"].update(account_id=["1", "2"]),
        r'^aws:allowedAccountIds: is \["1", "2"\]; must',
    ),
    ("bad region", lambda t: t["aws"].update(region="mars"), r'^aws:region: is "mars"; must match'),
    (
        "text for bool",
        lambda t: t["storage"].update(deletable="yes"),
        r'deletable: is "yes"; must be true or false',
    ),
    (
        "text for number",
        lambda t: main(t).update(step_concurrency="2"),
        r'step_concurrency: is "2"; must be a whole',
    ),
    (
        "part of a number",
        lambda t: main(t).update(idle_timeout_seconds=90.5),
        r"is 90\.5; must be a whole number",
    ),
    ("number for text", lambda t: t.update(owner=7), r"^emr:owner: is 7; must be text"),
    ("list for mapping", lambda t: t.update(network=[]), r"^emr:network: is \[\]; must be a mapping"),
    ("text for list", lambda t: t["network"].update(zones="a"), r'zones: is "a"; must be a list'),
    ("too small", lambda t: main(t).update(idle_timeout_seconds=5), r"is 5; must be at least 60"),
    ("too large", lambda t: main(t).update(step_concurrency=999), r"is 999; must be at most 256"),
    (
        "not one of",
        lambda t: t["network"].update(nat="two"),
        r"nat: is \"two\"; allowed are: 'none', 'one' or",
    ),
    (
        "not a retention",
        lambda t: t["network"].update(flow_log_retention_days=31),
        r"is 31; allowed are: 1, 3, 5",
    ),
    ("one zone", lambda t: t["network"].update(zones=["us-east-1a"]), r"must have at least 2 entries"),
    ("four zones", lambda t: t["network"].update(zones=list("abcd")), r"must have at most 3 entries"),
    (
        "foreign zone",
        lambda t: t["network"].update(zones=["us-east-1a", "eu-west-1b"]),
        r"zones\[1\]: 'eu-west-1b' is no",
    ),
    (
        "zone twice",
        lambda t: t["network"].update(zones=["us-east-1a"] * 2),
        r"zones: 'us-east-1a' stands twice",
    ),
    (
        "host bits",
        lambda t: t["network"].update(cidr="10.0.0.1/16"),
        r'cidr: is "10\.0\.0\.1/16"; must be an IPv4 block',
    ),
    ("public block", lambda t: t["network"].update(cidr="8.8.0.0/16"), r"must be a private block"),
    ("tiny block", lambda t: t["network"].update(cidr="10.0.0.0/25"), r"must be between /16 .* and /24"),
    (
        "no way to sts",
        lambda t: t["network"].update(interface_endpoints=["kms"]),
        r"'sts' is missing while nat is 'none'",
    ),
    (
        "unknown service",
        lambda t: t["network"].update(interface_endpoints=["kms", "sts", "s4"]),
        r"\[2\]: is \"s4\"; allowed",
    ),
    (
        "release",
        lambda t: main(t).update(release="emr-9.9.9"),
        r"release: is \"emr-9\.9\.9\"; .* known are: emr-7\.13\.0",
    ),
    (
        "engine",
        lambda t: main(t).update(applications=["Trino"]),
        r"'Trino' is not in emr-spark-8\.0\.0, which has: ",
    ),
    (
        "type",
        lambda t: main(t)["core"]["types"][0].update(name="m5.tiny"),
        r"name: is \"m5\.tiny\"; .* known are: m5\.",
    ),
    (
        "type twice",
        lambda t: main(t)["core"]["types"].append({"name": "m5.xlarge"}),
        r"core\.types: 'm5\.xlarge' stands twice",
    ),
    (
        "no type",
        lambda t: main(t)["core"].update(types=[]),
        r"core\.types: is missing; list instance types, or give the fleet or its cluster a size",
    ),
    (
        "no target",
        lambda t: main(t)["task"].update(spot_units=0),
        r"task\.on_demand_units: is 0, as is spot_units",
    ),
    (
        "weight over target",
        lambda t: main(t)["task"]["types"][0].update(units=9),
        r"task\.types\[0\]\.units: is 9, more than",
    ),
    (
        "weight out of proportion",
        lambda t: main(t)["task"]["types"][4].update(name="m6i.2xlarge"),
        r"task\.types\[4\]\.units: is 1, but m6i\.2xlarge has 8 vCPUs where m5\.xlarge with 4 counts 1; .* 2 is$",
    ),
    (
        "two primaries",
        lambda t: main(t)["primary"].update(on_demand_units=2),
        r"primary\.on_demand_units: is 2, .*: 1 and 0",
    ),
    (
        "core on spot",
        lambda t: main(t)["core"].update(spot_units=1),
        r"core\.spot_units: is 1; .* on demand: 0",
    ),
    (
        "replication",
        lambda t: main(t).update(hdfs_replication=3),
        r"hdfs_replication: is 3, but .* as few as 1 nodes",
    ),
    (
        "strategy",
        lambda t: main(t)["core"].update(on_demand_allocation=None),
        r"task\.types: has 10 types; at most 5 .*\(core\)",
    ),
    (
        "scaling below",
        lambda t: main(t)["scaling"].update(maximum_on_demand_units=5),
        r"maximum_on_demand_units: is 5, above maximum_units \(4\)",
    ),
    (
        "core limit",
        lambda t: (
            main(t)["scaling"].update(maximum_core_units=1) or main(t)["core"].update(on_demand_units=2)
        ),
        r"scaling\.maximum_core_units: is 1, below the core",
    ),
    (
        "scaling floor",
        lambda t: main(t)["scaling"].update(minimum_units=4),
        r"minimum_units: is 4, above the core and task",
    ),
    (
        "no such engine",
        lambda t: main(t).update(engine="sparql"),
        r"engine: is \"sparql\"; allowed are: 'spark', 'spark_sql', 'flink'",
    ),
    (
        "engine of another release",
        lambda t: main(t).update(engine="flink"),
        r"engine: is 'flink', but emr-spark-8\.0\.0 has no Flink; releases that have it: emr-7\.13\.0$",
    ),
    (
        "nodes too small for all engines",
        lambda t: (
            main(t).update(release="emr-7.13.0", engine="multi")
            or main(t)["core"].update(types=[{"name": "c5.xlarge"}])
            or t["network"]["interface_endpoints"].append("glue")
        ),
        r"engine: 'multi' would have executors of 256 MB .*take larger types",
    ),
    (
        "catalog out of reach",
        lambda t: main(t).update(engine="spark_sql"),
        r"network\.interface_endpoints: 'glue' is missing, whose catalog the engine of cluster 'main'",
    ),
    (
        "no such profile",
        lambda t: main(t).update(purchase="best"),
        r"purchase: is \"best\"; allowed are: 'sla', 'balanced' or 'cheap'",
    ),
    (
        "no such size",
        lambda t: main(t).update(size={"family": "general", "size": "large"}),
        r"size\.size: is \"large\"; allowed are: 'xlarge', '2xlarge'",
    ),
    (
        "a size class that is none",
        lambda t: main(t).update(size={"family": "gpu", "size": "xlarge", "architecture": "arm64"}),
        r"size\.family: there are no 'gpu' types of xlarge with arm64",
    ),
    (
        "units without a profile",
        lambda t: main(t).update(core={"types": [{"name": "m5.xlarge"}], "units": 4}),
        r"core\.units: needs a profile that splits it; set purchase to",
    ),
    (
        "units beside their parts",
        lambda t: main(t).update(purchase="sla") or main(t)["task"].update(units=4),
        r"task\.units: stands beside on_demand_units or spot_units",
    ),
    (
        "types beside a size",
        lambda t: main(t)["task"].update(size={"family": "general", "size": "xlarge"}),
        r"task\.types: stands beside size",
    ),
    (
        "less than a node",
        lambda t: main(t).update(
            purchase="sla", size={"family": "general", "size": "xlarge"}, core={"units": 3}
        ),
        r"core\.units: is 3, less than one node, which counts 4",
    ),
    (
        "shares",
        lambda t: main(t).update(queues={"default": 50, "ads": 40}),
        r"queues: the shares add up to 90; they must add up to 100",
    ),
    (
        "more than the engine",
        lambda t: main(t).update(engine="spark", applications=["Livy", "Trino"]),
        r"applications\[1\]: 'Trino' is not in emr-spark-8\.0\.0",
    ),
    (
        "unknown key of a fleet's size",
        lambda t: (
            main(t).update(purchase="sla")
            or main(t).update(core={"units": 4, "size": {"family": "general", "size": "xlarge", "colour": 1}})
        ),
        r"core\.size\.colour: is no setting; allowed here are: architecture, family, size",
    ),
    (
        "half a size of a fleet",
        lambda t: (
            main(t).update(size={"family": "general", "size": "xlarge"})
            or main(t)["core"].update(types=[], size={"family": "general"})
        ),
        r"core\.size\.size: is missing",
    ),
    (
        "share of nothing",
        lambda t: main(t).update(queues={"default": 100, "ads": 0}),
        r"queues\.ads: is 0; must be at least 1",
    ),
    (
        "no default queue",
        lambda t: main(t).update(queues={"ads": 100}),
        r"queues: 'default' is missing",
    ),
    (
        "reset of what",
        lambda t: main(t)["scaling"].update(reset_targets=True),
        r"reset_targets: is true; allowed are: 'none', 'task' or 'all'",
    ),
    ("no cluster", lambda t: t.update(clusters={}), r"^emr:clusters: is \{\}; must have at least 1"),
    (
        "cluster name",
        lambda t: t["clusters"].update({"Main!": main(t)}),
        r'emr:clusters\.Main!: is "Main!"; must match',
    ),
    ("platform tag", lambda t: t.update(tags={"owner": "me"}), r"^emr:tags\.owner: is set by the platform"),
    ("aws tag", lambda t: t.update(tags={"aws:x": "me"}), r"^emr:tags\.aws:x: begins with 'aws:'"),
    (
        "spark key",
        lambda t: main(t).update(spark={"park.x": "1"}),
        r'spark\.park\.x: is "park\.x"; must match',
    ),
    (
        "trusted",
        lambda t: t.update(identity={"trusted_arns": ["*"]}),
        r'identity\.trusted_arns\[0\]: is "\*"; must match',
    ),
    (
        "analyst",
        lambda t: t.update(identity={"analyst_arns": "arn:aws:iam::111111111111:role/a"}),
        r'identity\.analyst_arns: is "arn:.*"; must be a list',
    ),
    (
        "engineer",
        lambda t: t.update(identity={"engineer_arns": ["ann"]}),
        r'identity\.engineer_arns\[0\]: is "ann"; must match',
    ),
    (
        "break-glass",
        lambda t: t.update(identity={"break_glass_arns": [7]}),
        r"identity\.break_glass_arns\[0\]: is 7; must be text",
    ),
    (
        "alarm by its old name",
        lambda t: t.update(identity={"break_glass_alarm": {"trail_log_group": "trail"}}),
        r"identity\.break_glass_alarm\.trail_log_group: is no setting; allowed here are: enabled, topic_arns",
    ),
    (
        "alarm on nothing",
        lambda t: t.update(identity={"break_glass_alarm": {"topic_arns": [TOPIC]}}),
        r"^emr:identity\.break_glass_alarm\.topic_arns: are told nothing .* name it in emr:account",
    ),
    (
        "alarm switched off and told",
        lambda t: t.update(
            account={"adopt": {"trail_log_group": "t"}},
            identity={"break_glass_alarm": {"enabled": False, "topic_arns": [TOPIC]}},
        ),
        r"^emr:identity\.break_glass_alarm\.topic_arns: stand beside enabled: false",
    ),
    (
        "no topic",
        lambda t: t.update(identity={"break_glass_alarm": {"topic_arns": ["x"]}}),
        r'topic_arns\[0\]: is "x"; must match',
    ),
    (
        "account twice",
        lambda t: t.update(account={"stack": "a/b/c", "adopt": {"trail_log_group": "t"}}),
        r"^emr:account\.adopt: stands beside stack",
    ),
    (
        "account empty",
        lambda t: t.update(account={}),
        r"^emr:account\.stack: is missing; name the account's stack",
    ),
    (
        "account by half a name",
        lambda t: t.update(account={"stack": "account"}),
        r'account\.stack: is "account"; must match',
    ),
    (
        "no log group",
        lambda t: t.update(account={"adopt": {"trail_log_group": "a b"}}),
        r'trail_log_group: is "a b"; must match',
    ),
    (
        "nothing adopted",
        lambda t: t.update(account={"adopt": {}}),
        r"account\.adopt\.trail_log_group: is missing",
    ),
    (
        "zones missing",
        lambda t: t["network"].pop("zones"),
        r"^emr:network\.zones: is missing; .* or adopt a VPC",
    ),
    (
        "adopted and made",
        lambda t: t.update(network={"adopt": VPC, "zones": ["us-east-1a", "us-east-1b"]}),
        r"^emr:network\.zones: stands beside adopt",
    ),
    ("no subnets", lambda t: t.update(network={"adopt": {**VPC, "private_subnet_ids": []}}), r"at least 1"),
    (
        "vpc id",
        lambda t: t.update(network={"adopt": {**VPC, "vpc_id": "main"}}),
        r'^emr:network\.adopt\.vpc_id: is "main"; must match',
    ),
    (
        "vpc missing",
        lambda t: t.update(network={"adopt": {"private_subnet_ids": VPC["private_subnet_ids"]}}),
        r"^emr:network\.adopt\.vpc_id: is missing",
    ),
    (
        "subnet id",
        lambda t: t.update(network={"adopt": {**VPC, "private_subnet_ids": ["a"]}}),
        r'private_subnet_ids\[0\]: is "a"; must match',
    ),
    (
        "subnet twice",
        lambda t: t.update(network={"adopt": {**VPC, "private_subnet_ids": VPC["private_subnet_ids"] * 2}}),
        r"^emr:network\.adopt\.private_subnet_ids: 'subnet-0123456789abcdef0' stands twice",
    ),
    (
        "adopt mapping",
        lambda t: t.update(network={"adopt": "vpc-0123456789abcdef0"}),
        r"network\.adopt: is \"vpc-.*\"; must be a mapping",
    ),
    (
        "key of nothing",
        lambda t: t.update(encryption={"adopt": {"data": KEY}}),
        r"^emr:encryption\.adopt\.data: is no setting; allowed here are: artifacts, ",
    ),
    (
        "alias for key",
        lambda t: t.update(encryption={"adopt": {"logs": "alias/logs"}}),
        r'^emr:encryption\.adopt\.logs: is "alias/logs"; must match',
    ),
    (
        "key elsewhere",
        lambda t: t.update(encryption={"adopt": {"logs": KEY.replace("us-east-1", "eu-west-1")}}),
        r"^emr:encryption\.adopt\.logs: 'arn:aws:kms:eu-west-1:.*' is no key of us-east-1",
    ),
    (
        "unknown zone",
        lambda t: zone(t, "curatd", {}),
        r"^emr:storage\.zones\.curatd: is no setting \(did you mean 'curated'\?\)",
    ),
    ("zone days", lambda t: zone(t, "landing", {"expire_days": 0}), r"expire_days: is 0; must be at least 1"),
    (
        "zone versions",
        lambda t: zone(t, "landing", {"noncurrent_version_days": "7"}),
        r'noncurrent_version_days: is "7"; must be a whole number',
    ),
    (
        "too soon for IA",
        lambda t: zone(t, "landing", {"infrequent_access_after_days": 29}),
        r"^emr:storage\.zones\.landing\.infrequent_access_after_days: is 29; must be at least 30",
    ),
    (
        "tiering",
        lambda t: zone(t, "landing", {"intelligent_tiering_after_days": -1}),
        r"intelligent_tiering_after_days: is -1; must be at least 0",
    ),
    (
        "two classes",
        lambda t: zone(
            t, "landing", {"infrequent_access_after_days": 60, "intelligent_tiering_after_days": 30}
        ),
        r"infrequent_access_after_days: is 60 beside intelligent_tiering_after_days \(30\); take one",
    ),
    (
        "gone before it moves",
        lambda t: zone(t, "landing", {"expire_days": 30, "intelligent_tiering_after_days": 30}),
        r"expire_days: is 30, but objects change their class only after 30 days; it must be more",
    ),
    (
        "packages expire",
        lambda t: zone(t, "artifacts", {"expire_days": 90}),
        r"^emr:storage\.zones\.artifacts\.expire_days: is set, but runs refer to old packages",
    ),
    (
        "logs twice",
        lambda t: zone(t, "logs", {"expire_days": 90}),
        r"^emr:storage\.zones\.logs\.expire_days: is set, but storage\.log_retention_days says",
    ),
    (
        "bucket name",
        lambda t: zone(t, "landing", {"adopt": "My_Bucket"}),
        r'^emr:storage\.zones\.landing\.adopt: is "My_Bucket"; must match',
    ),
    (
        "adopted and aged",
        lambda t: zone(t, "landing", {"adopt": "acme-landing", "expire_days": 9}),
        r"^emr:storage\.zones\.landing\.expire_days: stands beside adopt",
    ),
    (
        "adopted without its key",
        lambda t: zone(t, "landing", {"adopt": "acme-landing"}),
        r"^emr:storage\.zones\.landing\.adopt: 'acme-landing' .* name it in encryption\.adopt\.landing",
    ),
    (
        "results",
        lambda t: t["storage"].update(query_result_days=0),
        r"query_result_days: is 0; must be at least 1",
    ),
    (
        "key window",
        lambda t: t.update(encryption={"key_deletion_window_days": 3}),
        r"is 3; must be at least 7",
    ),
    (
        "ceiling as text",
        lambda t: t.update(cost={"monthly_ceiling_usd": "2500"}),
        r'^emr:cost\.monthly_ceiling_usd: is "2500"; must be a whole number$',
    ),
    (
        "no ceiling at all",
        lambda t: t.update(cost={"monthly_ceiling_usd": 0}),
        r"^emr:cost\.monthly_ceiling_usd: is 0; must be at least 1$",
    ),
    (
        "ceiling of the moon",
        lambda t: t.update(cost={"monthly_ceiling_usd": 10**9}),
        r"^emr:cost\.monthly_ceiling_usd: is 1000000000; must be at most 100000000$",
    ),
    (
        "ceiling misspelt",
        lambda t: t.update(cost={"monthly_cieling_usd": 1}),
        r"^emr:cost\.monthly_cieling_usd: is no setting \(did you mean 'monthly_ceiling_usd'\?\)",
    ),
    (
        "above the ceiling",
        lambda t: t.update(cost={"monthly_ceiling_usd": 1000}),
        r"^emr:cost\.monthly_ceiling_usd: is 1,000, but a month may cost 1,216 USD \(prices of 2026-10-15, .*\); "
        r"the largest: cluster main core and task 968, cluster main primary 183, network interface endpoints 44; "
        r"lower what these may grow to .*, or raise the ceiling$",
    ),
    (
        "a price that is missing",
        lambda t: (
            t["aws"].update(region="sa-east-1"),
            t["network"].update(zones=["sa-east-1a", "sa-east-1b"]),
        ),
        r"^emr:cost\.monthly_ceiling_usd: is 2,500, but what a month costs is not known: there is no price for: .*"
        r"region 'sa-east-1' is not known.*; take types and a region that have prices, or remove the ceiling$",
    ),
]


@pytest.mark.parametrize(("change", "said"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_one_mistake_is_one_clear_line(tree: Tree, change: Callable[[Tree], Any], said: str) -> None:
    change(tree)
    lines = mistakes(tree)
    assert len(lines) == 1, lines
    assert re.search(said, lines[0].strip()), lines[0]


def test_a_bucket_serves_one_zone(tree: Tree) -> None:
    for name in ("landing", "curated"):
        zone(tree, name, {"adopt": "acme-data"})
    assert [line.strip().split(": ")[0] for line in mistakes(tree)] == [
        "emr:storage.zones.curated.adopt",
        "emr:storage.zones.landing.adopt",
    ]


def test_a_vpc_that_is_adopted_needs_nothing_else_said(tree: Tree) -> None:
    tree["network"] = {"adopt": VPC}
    adopted = parse(tree).network.adopt
    assert adopted is not None
    assert adopted.private_subnet_ids == ("subnet-0123456789abcdef0",)


def test_adopted_buckets_keep_their_names(tree: Tree) -> None:
    zone(tree, "landing", {"adopt": "acme-landing"})
    tree["encryption"] = {"adopt": {"landing": KEY}}
    names = declared(tree, "dev", ()).names
    assert names.bucket_arn("landing") == "arn:aws:s3:::acme-landing"
    assert names.bucket("curated") == "emr-dev-curated-111111111111-us-east-1"


@pytest.mark.parametrize(
    ("environment", "production"), [("prod", True), ("prod-eu", True), ("production", True), ("dev", False)]
)
def test_production_is_told_by_its_name(tree: Tree, environment: str, production: bool) -> None:
    assert parse({**tree, "environment": environment}).production == production


@pytest.mark.parametrize(("release", "needed"), [("emr-spark-8.0.0", True), ("emr-7.13.0", False)])
def test_emr_has_an_endpoint_from_release_8_on(tree: Tree, release: str, needed: bool) -> None:
    main(tree)["release"] = release
    assert parse(tree).needs_emr_endpoint == needed


def test_too_small_a_block_says_how_many_addresses_are_needed(tree: Tree) -> None:
    tree["network"]["cidr"] = "10.0.0.0/24"
    main(tree)["scaling"]["maximum_units"] = 100
    del tree["cost"]
    (line,) = mistakes(tree)
    assert line.strip().startswith(
        "emr:network.cidr: '10.0.0.0/24' leaves 59 addresses a zone, but 101 nodes and 3"
    )


def test_mixed_architectures_are_refused(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    from facts import instances

    real = instances.instance
    arm = lambda name: real(name) if name != "m7a.xlarge" else _as_arm(real(name))  # noqa: E731
    monkeypatch.setattr("infra.settings.cluster.instances.instance", arm)
    (line,) = mistakes(tree)
    assert "architectures are mixed (primary: x86_64, core: x86_64, task: arm64/x86_64)" in line


def _as_arm(known: Any) -> Any:
    from dataclasses import replace

    return replace(known, architecture="arm64")


def test_twenty_mistakes_are_told_at_once(tree: Tree) -> None:
    tree["network"].update(nat="two", zones=["us-east-1a"], cidr="x", flow_log_retention_days=31)
    tree["storage"].update(deletable=1, abort_upload_days=0, log_retention_days="x")
    tree.update(owner=1, colour="red", environment="D", data_classification="secret")
    tree.update(cost={"monthly_ceiling_usd": 0}, encryption={"key_deletion_window_days": 3})
    tree["applications"] = {
        "adhoc": {"engine": "Pig", "ceiling": {"vcpus": 0, "memory_gb": 2, "disk_gb": 20}}
    }
    tree["tags"] = {"team": 7}
    main(tree).update(release="emr-1", idle_timeout_seconds="x", step_concurrency=0)
    main(tree)["task"]["types"][3].update(units=9)
    lines = mistakes(tree)
    keys = [line.strip().split(": ")[0] for line in lines]
    assert keys == [
        "emr:applications.adhoc.ceiling.vcpus",
        "emr:applications.adhoc.engine",
        "emr:clusters.main.idle_timeout_seconds",
        "emr:clusters.main.release",
        "emr:clusters.main.step_concurrency",
        "emr:clusters.main.task.types[3].units",
        "emr:colour",
        "emr:cost.monthly_ceiling_usd",
        "emr:data_classification",
        "emr:encryption.key_deletion_window_days",
        "emr:environment",
        "emr:network.cidr",
        "emr:network.flow_log_retention_days",
        "emr:network.nat",
        "emr:network.zones",
        "emr:owner",
        "emr:storage.abort_upload_days",
        "emr:storage.deletable",
        "emr:storage.log_retention_days",
        "emr:tags.team",
    ]
    assert len(keys) == 20


def test_the_ceiling_is_told_with_the_other_mistakes_of_the_stack(tree: Tree) -> None:
    tree["cost"] = {"monthly_ceiling_usd": 1}
    tree["tags"] = {"owner": "me"}
    assert [line.strip().split(": ")[0] for line in mistakes(tree)] == [
        "emr:cost.monthly_ceiling_usd",
        "emr:tags.owner",
    ]


def test_without_a_ceiling_a_price_may_be_missing(tree: Tree) -> None:
    tree["aws"]["region"] = "sa-east-1"
    tree["network"]["zones"] = ["sa-east-1a", "sa-east-1b"]
    del tree["cost"]
    assert parse(tree).cost.monthly_ceiling_usd is None


def test_the_tree_is_not_changed_by_reading_it(tree: Tree) -> None:
    before = copy.deepcopy(tree)
    parse(tree)
    assert tree == before


@pytest.mark.parametrize(("first", "second"), [(False, False), (True, False), (False, True)])
def test_data_may_be_deleted_only_with_both_keys(tree: Tree, first: bool, second: bool) -> None:
    tree["protection"] = {"allow_data_deletion": first}
    tree["storage"]["deletable"] = second
    assert not parse(tree).data_may_be_deleted


def test_both_keys_open(tree: Tree) -> None:
    tree["protection"] = {"allow_data_deletion": True}
    tree["storage"]["deletable"] = True
    assert parse(tree).data_may_be_deleted


def test_a_job_on_a_cluster_that_is_not_declared_is_refused(tree: Tree) -> None:
    tree["clusters"]["other"] = tree["clusters"].pop("main")
    with pytest.raises(UserError, match=r"'nightly-etl' runs on cluster 'main'.*declares: other"):
        declared(tree, "dev", load_catalog())


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (Ec2Target(kind="ec2", template="main"), r"on launch template 'main'.*emr:clusters.*declares: none"),
        (ServerlessTarget(kind="serverless", application="x"), r"on application 'x'.*emr:applications"),
        (
            EksTarget(kind="eks", virtual_cluster="x"),
            r"on virtual cluster 'x'.*emr:virtual_clusters.*declares: none",
        ),
    ],
)
def test_a_job_on_another_place_that_is_not_declared_is_refused(
    tree: Tree, target: Target, told: str
) -> None:
    job = load_catalog()[0].model_copy(update={"runtime": target})
    with pytest.raises(UserError, match=told):
        declared(tree, "dev", (job,))


@pytest.mark.parametrize(
    ("job", "where"), [("certificates", None), ("bootstrap", None), ("tls", "tls/nodes/emr.zip")]
)
def test_a_job_whose_package_would_lie_beside_keys_or_scripts_of_nodes_is_refused(
    tree: Tree, job: str, where: str | None
) -> None:
    if where:
        tree["encryption"] = {"certificates_object": where}
    (spec,) = (one for one in load_catalog() if one.name == "nightly-etl")
    with pytest.raises(UserError, match=f"job '{job}' would have its package in the folder '{job}/'"):
        declared(tree, "dev", (spec.model_copy(update={"name": job}),))


def test_jobs_are_declared_as_the_stacks_environment_has_them(tree: Tree) -> None:
    here = {"runtime": {"kind": "ec2", "cluster": "main"}, "schedule": None, "secrets": {"db": SECRET}}
    elsewhere = Ec2Target(kind="ec2", cluster="elsewhere")
    job = load_catalog()[0].model_copy(update={"runtime": elsewhere, "environments": {"dev": here}})
    (found,) = declared(tree, "dev", (job,)).jobs
    assert (found.runtime.place, found.schedule, dict(found.secrets)) == ("main", None, {"db": SECRET})
    with pytest.raises(UserError, match="on cluster 'elsewhere'"):
        declared(tree, "dev", (job.model_copy(update={"environments": {"prod": here}}),))


@pytest.mark.parametrize(
    "wrong", [SECRET.replace("111111111111", "222222222222"), SECRET.replace("emr-dev/", "emr-prod/")]
)
def test_a_secret_that_no_role_of_the_stack_may_read_is_refused(tree: Tree, wrong: str) -> None:
    job = load_catalog()[0].model_copy(update={"secrets": {"db": wrong}})
    with pytest.raises(
        UserError, match=rf"secrets.db is {wrong}; the roles of stack 'dev' read those that begin"
    ):
        declared(tree, "dev", (job,))


def test_a_stack_name_too_long_for_roles_and_buckets_is_refused(tree: Tree) -> None:
    with pytest.raises(UserError, match=r"has 16 characters; at most 15"):
        declared(tree, "d" * 16, ())


def test_the_platforms_tags_are_those_that_a_user_may_not_set(tree: Tree) -> None:
    settings: Settings = parse({**tree, "tags": {"project": "flights"}})
    tags = default_tags(settings, "dev")
    assert set(tags) == {*PLATFORM_TAGS, "project"}
    assert tags["cost-center"] == "analytics"


def test_a_virtual_cluster_is_named_for_jobs_and_nothing_of_it_is_made(tree: Tree) -> None:
    tree["virtual_clusters"] = {"team": {"adopt": "4b8sm1x2yqk0"}}
    found = parse(tree)
    job = load_catalog()[0].model_copy(update={"runtime": EksTarget(kind="eks", virtual_cluster="team")})
    names = declared(tree, "dev", (job,)).names
    assert virtual_cluster.outputs(found.virtual_clusters["team"], names) == {
        "id": "4b8sm1x2yqk0",
        "release_label": "emr-spark-8.0.0",
        "log_uri": f"s3://{names.bucket('logs')}/containers/",
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"adopt": "Not An Id"}, r"virtual_clusters\.team\.adopt"),
        ({}, r"virtual_clusters\.team\.adopt"),
        ({"adopt": "4b8", "release": "emr-1.0.0"}, r"virtual_clusters\.team\.release"),
        (
            {"adopt": "4b8", "service_accounts": {"namespace": "a"}},
            r"virtual_clusters\.team\.service_accounts\.oidc_provider",
        ),
        (
            {
                "adopt": "4b8",
                "service_accounts": {"namespace": "a", "oidc_provider": "https://oidc.eks/id/1"},
            },
            r"virtual_clusters\.team\.service_accounts\.oidc_provider",
        ),
    ],
)
def test_a_virtual_cluster_needs_its_id_and_a_release_there_is(tree: Tree, said: Tree, told: str) -> None:
    tree["virtual_clusters"] = {"team": said}
    with pytest.raises(UserError, match=told):
        parse(tree)
