"""The estimate of a stack: its rows, what they add up to, and which of it each scheduled job is the reason for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from facts import tables
from facts.errors import UserError
from facts.services import service_price
from infra.cost import nodes, serverless
from infra.cost.rows import HOURS_A_MONTH, Row, fixed
from infra.cost.schedules import runs_a_month
from jobs.spec import JobSpec

if TYPE_CHECKING:
    from infra.settings.stack import Settings

BILLED_ROTATIONS = 2  # facts/data/services.json: later ones cost nothing more
PRICE_TABLES = ("prices", "services")
NOT_COUNTED = (
    "what is paid by use: objects and requests in S3, calls on objects in the audit trail, logs kept in CloudWatch, "
    "requests to KMS, what queries scan, "
    "data through endpoints, NAT and between zones; discounts, credits and taxes"
)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A month in US dollars: from what must run (`low`) to every ceiling reached, all month (`high`).

    Rows add up. Those of `jobs` do not: they are the part of a cluster's month that the job's schedule accounts for.
    """

    rows: tuple[Row, ...]
    jobs: tuple[Row, ...]
    prices_as_of: Mapping[str, str]  # table of facts -> its date

    @property
    def low(self) -> float:
        """What is known of the low end; with `unknown` not all of it."""
        return sum(row.low or 0.0 for row in self.rows)

    @property
    def high(self) -> float:
        """What is known of the high end; with `unknown` not all of it."""
        return sum(row.high or 0.0 for row in self.rows)

    @property
    def dated(self) -> str:
        """How old the prices are, in words."""
        return ", ".join(f"{name} of {as_of}" for name, as_of in self.prices_as_of.items())

    @property
    def unknown(self) -> tuple[str, ...]:
        """What has no price, each once."""
        return tuple(dict.fromkeys(line for row in self.rows for line in row.unknown))

    def largest(self, count: int = 3) -> list[Row]:
        """The rows that the high end is made of first of all."""
        return sorted((row for row in self.rows if row.high), key=lambda row: -(row.high or 0.0))[:count]


def estimate(settings: Settings, jobs: Sequence[JobSpec] = ()) -> Estimate:
    """What `settings` may cost a month. Pure: settings and the tables of facts, no AWS."""
    region = settings.aws.region
    clusters = {name: nodes.rows(name, one, region) for name, one in settings.clusters.items()}
    rows = [
        _started_by_jobs(row) if settings.clusters[name].ephemeral else row
        for name, made in clusters.items()
        for row in made
    ]
    applications = {one.name: serverless.row(one, region) for one in _applications(settings)}
    rows += applications.values()
    rows += [*_network(settings), _keys(len(settings.encryption.made()), region)]
    return Estimate(
        rows=tuple(rows),
        jobs=tuple(_job(job, _place(job, clusters, applications)) for job in jobs if job.schedule),
        prices_as_of={name: tables.provenance(name).as_of for name in PRICE_TABLES},
    )


def _started_by_jobs(row: Row) -> Row:
    """A row of an ephemeral cluster: none stands until a job starts one, which ends with its last step."""
    return row if row.unknown else replace(row, low=0.0, how=f"low: none stands; while one runs, {row.how}")


def _applications(settings: Settings) -> Iterable[serverless.Application]:
    for name, one in settings.applications.items():
        yield serverless.Application(
            name=name,
            maximum_vcpu=one.ceiling.vcpus,
            maximum_memory_gb=one.ceiling.memory_gb,
            maximum_disk_gb=one.ceiling.disk_gb,
        )


def _network(settings: Settings) -> Iterable[Row]:
    network, region = settings.network, settings.aws.region
    if network.adopt is not None:  # what is its owner's, its owner pays
        return
    zones, endpoints = len(network.zones or ()), settings.endpoints_a_zone
    if endpoints:
        yield fixed(
            "network", "interface endpoints", "interface_endpoint_hour", region, endpoints * zones,
            f"{endpoints} endpoints x {zones} zones x {HOURS_A_MONTH} h",
        )  # fmt: skip
    gateways = {"none": 0, "one": 1, "per_zone": zones}[network.nat]
    if gateways:
        yield fixed(
            "network", "NAT gateways", "nat_gateway_hour", region, gateways, f"{gateways} x {HOURS_A_MONTH} h"
        )
        yield fixed(
            "network", "public addresses", "public_ipv4_hour", region, gateways,
            f"one a NAT gateway: {gateways} x {HOURS_A_MONTH} h",
        )  # fmt: skip


def _keys(number: int, region: str) -> Row:
    try:
        usd = service_price("kms_key_month", region).usd
    except UserError as error:
        return Row.missing("keys", "KMS keys", (str(error),))
    return Row(
        component="keys",
        item="KMS keys",
        low=number * usd,
        high=number * usd * (1 + BILLED_ROTATIONS),
        unit=f"{usd:g} USD a month a key",
        how=f"low: {number} keys; high: as much again for each of the first {BILLED_ROTATIONS} rotations",
    )


def _place(
    job: JobSpec, clusters: Mapping[str, Sequence[Row]], applications: Mapping[str, Row]
) -> Sequence[Row]:
    """The rows of where the job runs."""
    if job.runtime.kind == "ec2":
        return clusters[job.runtime.place]
    if job.runtime.kind == "serverless":
        return [applications[job.runtime.place]]
    return [Row.missing(job.runtime.place, "nodes", ("the nodes of an EKS cluster are not this stack's",))]


def _job(job: JobSpec, cluster: Sequence[Row]) -> Row:
    """The share of a cluster's month that the job's runs take, alone on it."""
    assert job.schedule
    component, item = f"job {job.name}", job.schedule.expression
    unknown = tuple(dict.fromkeys(line for row in cluster for line in row.unknown))
    try:
        runs = runs_a_month(job.schedule.expression)
    except UserError as error:
        unknown = (*unknown, str(error))
    if unknown:
        return Row.missing(component, item, unknown)
    rates = [sum(row.low or 0.0 for row in cluster), sum(row.high or 0.0 for row in cluster)]
    low_rate, high_rate = (month / HOURS_A_MONTH for month in rates)
    longest = min(runs * job.retry.max_attempts * job.timeout_minutes / 60, HOURS_A_MONTH)
    usual = min(runs * job.slo.p95_minutes / 60, longest) if job.slo else None
    return Row(
        component=component,
        item=item,
        low=None if usual is None else usual * low_rate,
        high=longest * high_rate,
        unit=f"{low_rate:.3f} to {high_rate:.3f} USD/h for its cluster",
        how=f"{runs:.1f} runs; low: {'no slo says how long' if usual is None else f'{usual:.1f} h by its slo'}; "
        f"high: {longest:.1f} h, every attempt to its time limit",
    )
