"""Anybody's stack file: a hypothesis strategy over what a stack may say, most of which the settings accept.

Types, limits and choices are the settings' own, by their models; what must fit together is drawn together here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from hypothesis import strategies as st

from facts import releases
from facts.workers import WORKER_MEMORY
from infra.naming import KEYS, ZONES, partition_of
from infra.settings.network import ESSENTIAL_ENDPOINTS, EndpointService, RetentionDays
from jobs.spec import Ec2Target, EksTarget, JobSpec, ServerlessTarget, load_catalog
from tests.infra.anybody.clusters import clusters
from tests.infra.anybody.words import (
    ACCOUNT,
    NAMES,
    PRICED,
    REGIONS,
    STACKS,
    WORDS,
    Draw,
    Tree,
    arns,
    images,
    said,
    topics,
)  # fmt: skip


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
        "cidr": draw(
            st.sampled_from(["10.0.0.0/16", "172.16.0.0/16", "192.168.0.0/18", "10.1.0.0/20", "10.9.9.0/24"])
        ),
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
            zones[zone] = {
                "adopt": draw(st.sampled_from([f"acme-{zone}", f"{zone}.acme.example", "x" * 56 + zone[:7]]))
            }
            continue
        one = draw(said(noncurrent_version_days=days))
        moved = draw(
            st.sampled_from([None, "infrequent_access_after_days", "intelligent_tiering_after_days"])
        )
        if moved:
            one[moved] = draw(st.integers(30, 3000))
        if zone not in ("artifacts", "logs") and draw(st.booleans()):
            one["expire_days"] = draw(st.integers((one[moved] if moved else 0) + 1, 3650))
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
    least = {
        key: sum(one["count"] * one[key] for one in ready.values())
        for key in ("vcpus", "memory_gb", "disk_gb")
    }
    ceiling = {key: max(least[key], draw(st.integers(20, 400))) for key in least}
    more = said(
        architecture=st.sampled_from(["x86_64", "arm64"]),
        idle_minutes=st.integers(1, 10_080),
        concurrent_runs=st.integers(1, 1000),
        queue_minutes=st.integers(15, 720),
        image=images(region),
    )
    return {
        "release": release,
        "engine": draw(st.sampled_from(able)),
        "ceiling": ceiling,
        "ready": ready,
        **draw(more),
    }


@st.composite
def virtual_clusters(draw: Draw, region: str) -> Tree:
    accounts = st.fixed_dictionaries(
        {
            "namespace": st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z"),
            "oidc_provider": st.just(f"oidc.eks.{region}.amazonaws.com/id/{'0123456789ABCDEF' * 2}"),
        }
    )
    adopt = draw(st.from_regex(r"\A[0-9a-z]{1,64}\Z"))
    return {
        "adopt": adopt,
        **draw(said(release=st.sampled_from(releases.labels()), service_accounts=accounts)),
    }


@st.composite
def identities(draw: Draw, region: str, account: bool) -> Tree:
    people = ("trusted_arns", "analyst_arns", "engineer_arns", "break_glass_arns")
    most = draw(st.sampled_from([2, 2, 40]))
    found = draw(
        said(
            **{
                key: arns(draw(st.sampled_from(["role", "user"])), most, partition_of(region))
                for key in people
            }
        )
    )
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
    places += [
        ServerlessTarget(kind="serverless", application=name) for name in config.get("emr:applications", {})
    ]
    places += [EksTarget(kind="eks", virtual_cluster=name) for name in config.get("emr:virtual_clusters", {})]
    (spec,) = load_catalog()
    names = draw(
        st.lists(
            st.from_regex(r"\A[a-z][a-z0-9]{0,19}(-[a-z0-9]{1,19})?\Z"),
            max_size=draw(st.sampled_from([2, 2, 30])),
            unique=True,
        )
    )
    return tuple(
        spec.model_copy(update={"name": name, "runtime": draw(st.sampled_from(places))})
        for name in names
        if places
    )


@st.composite
def places(draw: Draw, region: str) -> Tree:
    """Where jobs run: at least one place, each with a name of its own."""
    names = iter(draw(st.lists(NAMES, min_size=8, max_size=8, unique=True)))
    few = st.sampled_from([0, 1, 1, 1, 2, 3])
    made = {
        "emr:clusters": {next(names): draw(clusters(region)) for _ in range(draw(few))},
        "emr:applications": {
            next(names): draw(applications(region)) for _ in range(draw(st.sampled_from([0, 0, 1, 2])))
        },
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
    account = draw(
        st.sampled_from(
            [None, {"stack": "organization/emr-account/account"}, {"adopt": {"trail_log_group": "/a/b"}}]
        )
    )
    config: Tree = {
        "aws:region": region,
        "aws:allowedAccountIds": [ACCOUNT],
        "emr:environment": draw(st.sampled_from(["dev", "prod", "production", "a1", "x" * 20])),
        "emr:owner": draw(WORDS),
        "emr:cost_center": draw(WORDS),
        "emr:data_classification": draw(
            st.sampled_from(["public", "internal", "confidential", "restricted"])
        ),
        "emr:network": draw(networks(region)),
        "emr:storage": draw(storage(keys)),
        "emr:encryption": {
            "adopt": {key: f"{arn}{number:02}" for number, key in enumerate(keys)},
            **draw(
                said(key_deletion_window_days=st.integers(7, 30), key_rotation_days=st.integers(90, 2560))
            ),
        },
        "emr:identity": draw(identities(region, account is not None)),
        "emr:account": account,
        "emr:tags": draw(st.dictionaries(WORDS, WORDS, max_size=draw(st.sampled_from([2, 2, 60])))),
        "emr:protection": draw(said(allow_data_deletion=st.booleans())),
        "emr:catalog": draw(
            said(
                scan_limit_gib_per_query=st.integers(1, 1_048_576),
                engine_version=st.sampled_from(["auto", "3"]),
            )
        ),
        "emr:cost": draw(said(monthly_ceiling_usd=st.just(100_000_000))) if region in PRICED else {},
        **draw(places(region)),
    }
    config = {key: value for key, value in config.items() if value is not None}
    return StackFile(stack=draw(STACKS), config=config, jobs=draw(jobs(config)))
