"""Anybody's stack file: a hypothesis strategy over what a stack may say, most of which the settings accept.

Types, limits and choices are the settings' own, by their models; what must fit together is drawn together here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from hypothesis import strategies as st

from facts import instances, releases
from facts.workers import WORKER_MEMORY
from infra.compute import engines, purchase
from infra.naming import KEYS, MAX_STACK_LENGTH, ZONES, partition_of
from infra.settings.network import ESSENTIAL_ENDPOINTS, EndpointService, RetentionDays
from jobs.spec import Ec2Target, EksTarget, JobSpec, ServerlessTarget, load_catalog

Tree = dict[str, Any]
Draw = st.DrawFn
ACCOUNT = "123456789012"
DIGEST = "sha256:" + "0123456789abcdef" * 4
# Regions with prices, one each without, with the longest name, and of another partition.
REGIONS = ("us-east-1", "eu-central-1", "ap-southeast-1", "us-west-2", "me-south-1", "ap-northeast-3", "us-gov-west-1")
# What the program itself calls things, beside names at their limits: who shares them must not collide.
OWN = (
    "main", "task", "core", "primary", "node", "service", "endpoints", "flow-logs", "serverless", "analysts", "logs",
    "page", "ticket", "event-logs", "keys", "network", "aws", "autoscaling", "runs", "break-glass", "boundary", "job",
    "default", "a", "x" * 31, "a-" + "b" * 28 + "-", "main-task", "idle",
)  # fmt: skip
NAMES = st.one_of(st.sampled_from(OWN), st.from_regex(r"\A[a-z][a-z0-9-]{0,30}\Z"))
STACKS = st.one_of(
    st.sampled_from(["dev", "prod", "a", "x" * MAX_STACK_LENGTH]),
    st.from_regex(rf"\A[a-z][a-z0-9-]{{0,{MAX_STACK_LENGTH - 2}}}[a-z0-9]\Z"),
)
WORDS = st.text("abcXYZ019 _.:/=+@-é", min_size=1, max_size=30).filter(lambda one: one == one.strip())


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """A stack's name and configuration as Pulumi has them, and the jobs beside it."""

    stack: str
    config: Tree
    jobs: tuple[JobSpec, ...] = ()

    @property
    def secrets(self) -> dict[str, str]:
        """The passwords that a person sets beside the file."""
        clusters = self.config.get("emr:clusters", {})
        return {f"kerberos:{name}": "x" * 12 for name, one in clusters.items() if one.get("kerberos")}

    @property
    def trusted_subnets(self) -> list[str]:
        """The subnets of an adopted VPC."""
        adopt = self.config["emr:network"].get("adopt") or {}
        return list(adopt.get("private_subnet_ids", ()))


def maybe(what: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is often left out."""
    return st.none() | what


def said(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    """A mapping of what is not left out."""
    return st.fixed_dictionaries({}, optional=keys).map(lambda one: {k: v for k, v in one.items() if v is not None})


def arns(kind: str, most: int, partition: str) -> st.SearchStrategy[list[str]]:
    """Principals, with names at IAM's limits."""
    name = st.text("aZ0+=,.@_-/", min_size=1, max_size=64).filter(lambda one: one.strip("/") == one)
    return st.lists(name.map(lambda one: f"arn:{partition}:iam::{ACCOUNT}:{kind}/{one}"), max_size=most, unique=True)


def topics(region: str) -> st.SearchStrategy[list[str]]:
    name = st.from_regex(r"\A[A-Za-z0-9_-]{1,40}\Z")
    return st.lists(name.map(lambda one: f"arn:{partition_of(region)}:sns:{region}:{ACCOUNT}:{one}"), max_size=8, unique=True)


@st.composite
def networks(draw: Draw, region: str) -> Tree:
    if draw(st.integers(0, 4)) == 0:
        ids = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20, unique=True)
        subnets = [f"subnet-{number:017x}" for number in draw(ids)]
        return {"adopt": {"vpc_id": "vpc-0123456789abcdef0", "private_subnet_ids": subnets}}
    zones = [f"{region}{letter}" for letter in draw(st.sampled_from(["ab", "abc", "ca", "fd", "bcd"]))]
    others = [one for one in get_args(EndpointService) if one not in ESSENTIAL_ENDPOINTS]
    chosen = draw(st.lists(st.sampled_from(others), unique=True))
    essential = list(ESSENTIAL_ENDPOINTS) if draw(st.integers(0, 9)) else []
    made: Tree = {
        "cidr": draw(st.sampled_from(["10.0.0.0/16", "172.16.0.0/16", "192.168.0.0/18", "10.1.0.0/20", "10.9.9.0/24"])),
        "zones": zones,
        "nat": draw(st.sampled_from(["none", "one", "per_zone"])),
        "interface_endpoints": [*essential, *chosen],
    }
    return {**made, **draw(said(flow_log_retention_days=st.sampled_from(get_args(RetentionDays))))}


@st.composite
def storage(draw: Draw, adopted_keys: tuple[str, ...]) -> Tree:
    days = st.integers(1, 3650)
    zones: Tree = {}
    for zone in draw(st.lists(st.sampled_from(ZONES), unique=True)):
        if zone in adopted_keys and draw(st.booleans()):
            zones[zone] = {"adopt": draw(st.sampled_from([f"acme-{zone}", f"{zone}.acme.example", "x" * 56 + zone[:7]]))}
            continue
        one = draw(said(noncurrent_version_days=days))
        moved = draw(st.sampled_from([None, "infrequent_access_after_days", "intelligent_tiering_after_days"]))
        if moved:
            one[moved] = draw(st.integers(30, 3000))
        if zone not in ("artifacts", "logs") and draw(st.booleans()):
            one["expire_days"] = draw(st.integers(one.get(moved, 0) + 1, 3650))
        zones[zone] = one
    return draw(
        said(
            deletable=st.booleans(),
            abort_upload_days=st.integers(1, 365),
            noncurrent_version_days=days,
            log_retention_days=days,
            query_result_days=days,
            zones=st.just(zones),
        )
    )


@cache
def types_of(release: str, architecture: str) -> list[instances.InstanceType]:
    """What a cluster of the release may consist of."""
    every = [instances.instance(name) for name in instances.names()]
    return [one for one in every if one.architecture == architecture and instances.runs(release, one.family)]


@st.composite
def fleets(draw: Draw, role: str, release: str, architecture: str, groups: bool, profile: bool, sized: bool) -> Tree:
    kinds = types_of(release, architecture)
    fleet: Tree = draw(
        said(
            volume_gib=st.integers(10, 16384),
            volumes=st.integers(1, 8),
            spot_timeout_minutes=st.integers(5, 1440),
            spot_timeout_action=st.sampled_from(["SWITCH_TO_ON_DEMAND", "TERMINATE_CLUSTER"]),
            on_demand_allocation=st.sampled_from(["lowest-price", "prioritized"]),
        )
    )
    nodes = draw(st.integers(1, 6))
    unit = 1
    if not sized:
        first = draw(st.sampled_from(kinds))
        alike = [one for one in kinds if (one.kind, one.size) == (first.kind, first.size)]
        found = [first] if groups else draw(st.lists(st.sampled_from(alike), min_size=1, max_size=30, unique=True))
        unit = 1 if groups or role == "primary" else draw(st.sampled_from([1, first.vcpu]))
        fleet["types"] = [
            {"name": one.name, "units": unit, **draw(said(max_price_percent=st.integers(1, 1000)))} for one in found
        ]
    if role == "primary":
        return fleet if profile or sized else {**fleet, "on_demand_units": 1}
    if sized and profile:
        return {**fleet, "units": draw(st.sampled_from([16, 32, 64, 128]))}
    if sized:
        unit = 16
    targets = {"on_demand_units": nodes * unit, "spot_units": 0}
    if role == "task":
        targets = draw(
            st.sampled_from([targets, {"on_demand_units": 0, "spot_units": nodes * unit}])
            if groups
            else st.just({"on_demand_units": draw(st.integers(0, 3)) * unit, "spot_units": nodes * unit})
        )
    return {**fleet, **targets}


@st.composite
def clusters(draw: Draw, region: str) -> Tree:
    release = draw(st.sampled_from(releases.labels()))
    architecture = draw(st.sampled_from(["x86_64", "arm64"]))
    groups, sized = draw(st.integers(0, 3)) == 0, draw(st.booleans())
    sized = sized and not groups
    profile = draw(st.sampled_from([None, *get_args(purchase.Purchase)])) if not groups else None
    engine = draw(st.sampled_from([None, *(e for e in get_args(engines.Engine) if not engines.refusal(e, release))]))
    known = releases.release(release).applications
    one: Tree = {"release": release, **({"engine": engine} if engine else {}), **({"purchase": profile} if profile else {})}
    more = draw(st.lists(st.sampled_from(known), unique=True, max_size=4))
    one["applications"] = more if engine else list(dict.fromkeys(["Spark", *more]))
    if sized:
        one["size"] = {
            "family": draw(st.sampled_from(["general", "memory", "compute"])),
            "size": draw(st.sampled_from(["xlarge", "2xlarge", "4xlarge"])),
            "architecture": architecture,
        }
    roles = ["primary", "core", *(["task"] if draw(st.booleans()) else [])]
    for role in roles:
        one[role] = draw(fleets(role, release, architecture, groups, profile is not None, sized))
    units = sum(sum(one[r].get(k, 0) for k in ("units", "on_demand_units", "spot_units")) for r in roles[1:])
    if draw(st.booleans()):
        one["scaling"] = {
            "minimum_units": draw(st.integers(1, units)),
            "maximum_units": draw(st.integers(units, units + 60)),
            "maximum_core_units": units,
            "maximum_on_demand_units": units,
            **draw(said(reset_targets=st.sampled_from(["none", "task", "all"]))),
        }
    elif groups:
        one["autoscale"] = {
            role: draw(autoscale(max(one[role].values(), key=lambda v: v if isinstance(v, int) else 0)))
            for role in draw(st.lists(st.sampled_from(roles[1:]), unique=True))
        }
    one |= draw(
        said(
            idle_timeout_seconds=st.integers(60, 604_800),
            step_concurrency=st.integers(1, 256),
            termination_protection=st.booleans(),
            speculative_execution=st.booleans(),
            root_volume_gib=st.integers(15, 100),
            bootstrap=bootstraps(),
            spark=st.dictionaries(st.from_regex(r"\Aspark\.[a-z.]{1,20}\Z"), st.text(min_size=1, max_size=40), max_size=3),
            queues=queues(),
        )
    )
    extra = draw(st.sampled_from(["", "", "", "image", "kerberos", "ephemeral"]))
    if extra == "image":
        one["image"] = draw(images(region))
    elif extra == "kerberos":
        one["kerberos"] = {"realm": draw(st.sampled_from(["EC2.INTERNAL", "A", "X" * 255]))}
    elif extra == "ephemeral" and not groups:
        one |= {"ephemeral": True, "termination_protection": False}
    return one


@st.composite
def autoscale(draw: Draw, nodes: int) -> Tree:
    out: Tree = {
        "metric": draw(st.sampled_from(["YARNMemoryAvailablePercentage", "ContainerPendingRatio"])),
        "threshold": draw(st.sampled_from([0.75, 5, 10.5])),
        "cooldown_seconds": draw(st.integers(300, 3600)),
    }
    return {
        "minimum_nodes": draw(st.integers(1, min(nodes, 6))),
        "maximum_nodes": draw(st.integers(min(nodes, 6), 20)) + max(0, nodes - 6),
        "scale_out": [out],
        "scale_in": {"available_percent": draw(st.sampled_from([90, 99.5])), "cooldown_seconds": 300},
    }


def images(region: str) -> st.SearchStrategy[str]:
    return st.from_regex(r"\A[a-z0-9]{1,12}(/[a-z0-9]{1,40}){0,4}\Z").map(
        lambda name: f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{name}@{DIGEST}"
    )


def bootstraps() -> st.SearchStrategy[Tree]:
    action = st.fixed_dictionaries(
        {
            "name": st.from_regex(r"\A[A-Za-z0-9_ .-]{1,60}\Z"),
            "script": st.from_regex(r"\Abootstrap/[a-z]{1,10}(/[a-z.]{1,10}){0,2}\Z"),
            "arguments": st.lists(st.text(min_size=1, max_size=20), max_size=12),
            "expected_seconds": st.integers(1, 37),
        }
    )
    baked = st.just({"image_id": "ami-0123456789abcdef0"})
    return baked | st.lists(action, min_size=1, max_size=16).map(lambda actions: {"actions": actions})


@st.composite
def queues(draw: Draw) -> dict[str, int]:
    teams = ["default", *draw(st.lists(NAMES.filter(lambda one: one != "default"), unique=True, max_size=6))]
    cuts = sorted(draw(st.lists(st.integers(1, 99), min_size=len(teams) - 1, max_size=len(teams) - 1, unique=True)))
    return {team: upper - lower for team, lower, upper in zip(teams, [0, *cuts], [*cuts, 100], strict=True)}


@st.composite
def applications(draw: Draw, region: str) -> Tree:
    release = draw(st.sampled_from(releases.labels()))
    able = [one for one in ("Spark", "Hive") if one in releases.release(release).engines]
    ready: Tree = {}
    for role in draw(st.lists(st.sampled_from(["driver", "executor"]), unique=True)):
        vcpus = draw(st.sampled_from(sorted(WORKER_MEMORY)))
        ready[role] = {
            "count": draw(st.integers(1, 5)), "vcpus": vcpus,
            "memory_gb": draw(st.sampled_from(list(WORKER_MEMORY[vcpus]))), "disk_gb": draw(st.integers(20, 200)),
        }  # fmt: skip
    least = {key: sum(one["count"] * one[key] for one in ready.values()) for key in ("vcpus", "memory_gb", "disk_gb")}
    ceiling = {key: max(least[key], draw(st.integers(20, 400))) for key in least}
    more = said(
        architecture=st.sampled_from(["x86_64", "arm64"]),
        idle_minutes=st.integers(1, 10_080),
        concurrent_runs=st.integers(1, 1000),
        queue_minutes=st.integers(15, 720),
        image=images(region),
    )
    return {"release": release, "engine": draw(st.sampled_from(able)), "ceiling": ceiling, "ready": ready, **draw(more)}


@st.composite
def virtual_clusters(draw: Draw, region: str) -> Tree:
    accounts = st.fixed_dictionaries(
        {
            "namespace": st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z"),
            "oidc_provider": st.just(f"oidc.eks.{region}.amazonaws.com/id/{'0123456789ABCDEF' * 2}"),
        }
    )
    adopt = draw(st.from_regex(r"\A[0-9a-z]{1,64}\Z"))
    return {"adopt": adopt, **draw(said(release=st.sampled_from(releases.labels()), service_accounts=accounts))}


@st.composite
def identities(draw: Draw, region: str, account: bool) -> Tree:
    people = ("trusted_arns", "analyst_arns", "engineer_arns", "break_glass_arns")
    most = draw(st.sampled_from([2, 2, 40]))
    found = draw(said(**{key: arns(draw(st.sampled_from(["role", "user"])), most, partition_of(region)) for key in people}))
    told: Tree = {"topic_arns": draw(topics(region))} if account and draw(st.booleans()) else {}
    off = {"enabled": False} if not told and draw(st.booleans()) else {}
    return {**found, "break_glass_alarm": {**told, **off}}


@st.composite
def jobs(draw: Draw, config: Tree) -> tuple[JobSpec, ...]:
    """Copies of the catalog's job, on whatever places there are."""
    places: list[Any] = [
        Ec2Target(kind="ec2", template=name) if one.get("ephemeral") else Ec2Target(kind="ec2", cluster=name)
        for name, one in config.get("emr:clusters", {}).items()
    ]
    places += [ServerlessTarget(kind="serverless", application=name) for name in config.get("emr:applications", {})]
    places += [EksTarget(kind="eks", virtual_cluster=name) for name in config.get("emr:virtual_clusters", {})]
    (spec,) = load_catalog()
    names = draw(st.lists(st.from_regex(r"\A[a-z][a-z0-9]{0,19}(-[a-z0-9]{1,19})?\Z"), max_size=draw(st.sampled_from([2, 2, 30])), unique=True))
    return tuple(
        spec.model_copy(update={"name": name, "runtime": draw(st.sampled_from(places))}) for name in names if places
    )


PRICED = ("us-east-1", "eu-central-1", "ap-southeast-1", "us-west-2")


@st.composite
def places(draw: Draw, region: str) -> Tree:
    """Where jobs run: at least one place, each with a name of its own."""
    names = iter(draw(st.lists(NAMES, min_size=8, max_size=8, unique=True)))
    few = st.sampled_from([0, 1, 1, 1, 2, 3])
    made = {
        "emr:clusters": {next(names): draw(clusters(region)) for _ in range(draw(few))},
        "emr:applications": {next(names): draw(applications(region)) for _ in range(draw(st.sampled_from([0, 0, 1, 2])))},
        "emr:virtual_clusters": {
            next(names): draw(virtual_clusters(region)) for _ in range(draw(st.sampled_from([0, 0, 1, 3])))
        },
    }
    if not any(made.values()):
        made["emr:clusters"] = {"main": draw(clusters(region))}
    return made


@st.composite
def stack_files(draw: Draw) -> StackFile:
    """A stack file of anybody's."""
    region = draw(st.sampled_from(REGIONS))
    keys = tuple(draw(st.lists(st.sampled_from(KEYS), unique=True)) if draw(st.booleans()) else ())
    arn = f"arn:{partition_of(region)}:kms:{region}:{ACCOUNT}:key/12345678-1234-1234-1234-1234567890"
    account = draw(st.sampled_from([None, {"stack": "organization/emr-account/account"}, {"adopt": {"trail_log_group": "/a/b"}}]))
    config: Tree = {
        "aws:region": region,
        "aws:allowedAccountIds": [ACCOUNT],
        "emr:environment": draw(st.sampled_from(["dev", "prod", "production", "a1", "x" * 20])),
        "emr:owner": draw(WORDS),
        "emr:cost_center": draw(WORDS),
        "emr:data_classification": draw(st.sampled_from(["public", "internal", "confidential", "restricted"])),
        "emr:network": draw(networks(region)),
        "emr:storage": draw(storage(keys)),
        "emr:encryption": {
            "adopt": {key: f"{arn}{number:02}" for number, key in enumerate(keys)},
            **draw(said(key_deletion_window_days=st.integers(7, 30), key_rotation_days=st.integers(90, 2560))),
        },
        "emr:identity": draw(identities(region, account is not None)),
        "emr:account": account,
        "emr:tags": draw(st.dictionaries(WORDS, WORDS, max_size=draw(st.sampled_from([2, 2, 60])))),
        "emr:protection": draw(said(allow_data_deletion=st.booleans())),
        "emr:catalog": draw(said(scan_limit_gib_per_query=st.integers(1, 1_048_576), engine_version=st.sampled_from(["auto", "3"]))),
        "emr:cost": draw(said(monthly_ceiling_usd=st.just(100_000_000))) if region in PRICED else {},
        **draw(places(region)),
    }
    config = {key: value for key, value in config.items() if value is not None}
    return StackFile(stack=draw(STACKS), config=config, jobs=draw(jobs(config)))
