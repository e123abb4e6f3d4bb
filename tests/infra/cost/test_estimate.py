"""What a stack may cost: by hand for the committed one, and what holds for any."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts import instances
from infra.cost.estimate import Estimate, estimate
from infra.cost.outputs import document, headline, summary
from infra.cost.rows import Row
from infra.settings.loader import from_config, parse
from jobs.spec import JobSpec, load_catalog
from tests.infra.recording import stack_config, wire_config

Tree = dict[str, Any]
HOURS = 730


@pytest.fixture
def tree() -> Tree:
    return stack("dev")


def stack(name: str) -> Tree:
    tree = from_config(wire_config(stack_config(name)))
    del tree["cost"]
    return tree


def row(found: Estimate, component: str, item: str) -> Row:
    (one,) = [row for row in found.rows if (row.component, row.item) == (component, item)]
    return one


def of(tree: Tree) -> Estimate:
    return estimate(parse(tree))


def test_the_committed_stack_by_hand(tree: Tree) -> None:
    found = of(tree)
    disk = (64 + 32) * 0.08  # GiB of gp3 a node
    primary = row(found, "cluster main", "primary")
    assert primary.low == pytest.approx((0.172 + 0.043) * HOURS + disk)  # m5a.xlarge
    assert primary.high == pytest.approx((0.192 + 0.048) * HOURS + disk)  # m5.xlarge
    scaled = row(found, "cluster main", "core and task")
    # At least two units: one core node, as HDFS has one copy, and one task node on spot.
    spot = 0.172 * 0.53 + 0.043
    assert scaled.low == pytest.approx((0.172 + 0.043 + spot) * HOURS + 2 * disk)
    # At most four: m6in is the dearest, and only task nodes can be it.
    assert scaled.high == pytest.approx(
        (0.192 + 0.048 + 3 * (0.27846 + 0.06961)) * HOURS + 4 * disk, abs=0.02
    )
    endpoints = row(found, "network", "interface endpoints")
    assert endpoints.low == endpoints.high == pytest.approx(3 * 2 * 0.01 * HOURS)  # kms, sts, and EMR itself
    keys = row(found, "keys", "KMS keys")
    assert (keys.low, keys.high) == (7.0, 21.0)
    assert len(found.rows) == 4
    assert found.unknown == ()


def test_a_fleet_without_scaling_is_a_row_of_its_own(tree: Tree) -> None:
    cluster = tree["clusters"]["main"]
    del cluster["scaling"]
    cluster["task"].update(on_demand_units=1, spot_units=2, types=[{"name": "m5n.xlarge"}])
    found = of(tree)
    disk = (64 + 32) * 0.08
    task = row(found, "cluster main", "task")
    assert task.low == pytest.approx((3 * 0.0595 + 0.238 * (1 + 2 * 0.48)) * HOURS + 3 * disk)
    assert task.high == pytest.approx(3 * (0.238 + 0.0595) * HOURS + 3 * disk)
    assert task.how.startswith("low: 1 x m5n.xlarge + 2 x m5n.xlarge on spot; high: 1 x m5n.xlarge + 2 x")
    assert row(found, "cluster main", "core").low is not None
    del cluster["task"]
    assert [one.item for one in of(tree).rows if one.component == "cluster main"] == ["primary", "core"]


def test_a_target_is_rather_passed_than_missed(tree: Tree) -> None:
    cluster = tree["clusters"]["main"]
    del cluster["scaling"]
    cluster["core"].update(on_demand_units=10, types=[{"name": "m5.2xlarge", "units": 8}])
    assert "2 x m5.2xlarge" in row(of(tree), "cluster main", "core").how


def test_scaling_without_a_task_fleet_is_the_cores(tree: Tree) -> None:
    cluster = tree["clusters"]["main"]
    del cluster["task"]
    cluster["scaling"].update(minimum_units=1, maximum_units=9, maximum_core_units=3)
    core = row(of(tree), "cluster main", "core")
    assert core.how.startswith("low: 1 x m5a.xlarge; high: 3 x m5.xlarge;")


def test_the_most_is_the_dearest_way_to_share_the_units(tree: Tree) -> None:
    cluster = tree["clusters"]["main"]
    cluster["core"]["types"] = [{"name": "m5a.xlarge"}, {"name": "m7a.xlarge"}]
    cluster["task"]["types"] = [{"name": "m5.xlarge"}]
    assert "high: 2 x m7a.xlarge + 2 x m5.xlarge;" in row(of(tree), "cluster main", "core and task").how
    cluster["core"]["types"] = [{"name": "m5a.xlarge"}]
    assert "high: 1 x m5a.xlarge + 3 x m5.xlarge;" in row(of(tree), "cluster main", "core and task").how


@pytest.mark.parametrize(("nat", "gateways"), [("none", 0), ("one", 1), ("per_zone", 2)])
def test_a_way_out_costs_a_gateway_and_its_address(tree: Tree, nat: str, gateways: int) -> None:
    base = of(tree)
    tree["network"]["nat"] = nat
    assert of(tree).low - base.low == pytest.approx(gateways * (0.045 + 0.005) * HOURS)


def test_what_has_no_price_is_named_and_never_zero(tree: Tree) -> None:
    tree["aws"]["region"] = "eu-west-1"
    tree["network"]["zones"] = ["eu-west-1a", "eu-west-1b"]
    tree["clusters"]["main"]["task"]["types"].append({"name": "g6.xlarge"})
    found = of(tree)
    (line,) = found.unknown
    assert "'g6.xlarge' has no price in eu-west-1 (table of 2026-10-15)" in line
    scaled = row(found, "cluster main", "core and task")
    assert (scaled.low, scaled.high, scaled.unknown) == (None, None, (line,))
    assert [one.item for one in found.rows if one.low is None or one.high is None] == ["core and task"]
    plain = document(found, None)
    assert plain["unknown"] == [line]
    assert [one["high_usd"] for one in plain["rows"]].count(None) == 1


def test_a_region_without_prices_is_all_unknown(tree: Tree) -> None:
    tree["aws"]["region"] = "sa-east-1"
    tree["network"].update(zones=["sa-east-1a", "sa-east-1b"], nat="one")
    found = of(tree)
    assert all(one.low is None and one.high is None and one.unknown for one in found.rows)


def nightly(**changes: Any) -> JobSpec:
    (job,) = [job for job in load_catalog() if job.name == "nightly-etl"]
    return job.model_copy(update=changes)


def test_a_job_is_the_part_of_its_cluster_that_its_schedule_takes(tree: Tree) -> None:
    found = estimate(parse(tree), (nightly(),))
    (job,) = found.jobs
    cluster = [one for one in found.rows if one.component == "cluster main"]
    low, high = sum(one.low or 0 for one in cluster) / HOURS, sum(one.high or 0 for one in cluster) / HOURS
    runs = 365.25 / 12
    assert job.low == pytest.approx(runs * 20 / 60 * low)  # its p95
    assert job.high == pytest.approx(runs * 2 * 30 / 60 * high)  # two attempts to their time limit
    assert found.high == of(tree).high  # it is in the cluster's rows already


def test_a_job_without_a_schedule_is_none_and_one_without_an_slo_has_no_low_end(tree: Tree) -> None:
    assert estimate(parse(tree), (nightly(schedule=None),)).jobs == ()
    (job,) = estimate(parse(tree), (nightly(slo=None),)).jobs
    assert job.low is None
    assert job.high is not None
    assert "no slo says how long" in job.how


def test_a_job_never_takes_more_than_the_month(tree: Tree) -> None:
    busy = nightly(timeout_minutes=7 * 24 * 60)
    found = estimate(parse(tree), (busy,))
    cluster = sum(one.high or 0 for one in found.rows if one.component == "cluster main")
    assert found.jobs[0].high == pytest.approx(cluster)


def test_a_job_on_a_cluster_without_prices_is_unknown(tree: Tree) -> None:
    tree["clusters"]["main"]["task"]["types"][0] = {"name": "g6.xlarge"}
    tree["aws"]["region"] = "eu-west-1"
    tree["network"]["zones"] = ["eu-west-1a", "eu-west-1b"]
    (job,) = estimate(parse(tree), (nightly(),)).jobs
    assert (job.low, job.high) == (None, None)
    assert "g6.xlarge" in job.unknown[0]


def test_an_application_costs_its_ceiling_at_most(tree: Tree) -> None:
    tree["applications"] = {"adhoc": {"ceiling": {"vcpus": 40, "memory_gb": 160, "disk_gb": 200}}}
    tree["network"]["interface_endpoints"] = ["kms", "logs", "sts"]
    workers = row(of(tree), "serverless adhoc", "workers")
    assert workers.low == 0  # it stops when it idles: nothing must run
    assert workers.high == pytest.approx((40 * 0.052624 + 160 * 0.0057785 + 200 * 0.000111) * HOURS)
    tree["aws"]["region"] = "sa-east-1"
    tree["network"]["zones"] = ["sa-east-1a", "sa-east-1b"]
    assert row(of(tree), "serverless adhoc", "workers").high is None


def test_of_an_ephemeral_cluster_nothing_must_run(tree: Tree) -> None:
    standing = row(of(tree), "cluster main", "primary")
    tree["clusters"]["main"]["ephemeral"] = True
    found = estimate(parse(tree), (nightly(),))
    primary = row(found, "cluster main", "primary")
    assert (primary.low, primary.high) == (0, standing.high)
    assert primary.how.startswith("low: none stands; while one runs, low: 1 x m5a.xlarge; high: ")
    assert found.jobs[0].low is not None
    assert found.jobs[0].low > 0  # but a job's runs do


def test_the_output_is_short_and_plain(tree: Tree) -> None:
    assert summary(of(tree), 1500) == {
        "monthly_low_usd": 485.68,
        "monthly_high_usd": 1215.87,
        "monthly_ceiling_usd": 1500,
        "prices_as_of": {"prices": "2026-10-15", "services": "2026-09-21"},
        "unknown": [],
    }


def test_the_line_for_who_watches_a_preview(tree: Tree) -> None:
    said = "a month may cost 486 to 1,216 USD (prices of 2026-10-15, services of 2026-09-21); "
    assert headline(of(tree), 1500) == f"{said}the ceiling is 1,500"
    assert headline(of(tree), None) == f"{said}no ceiling"
    tree["clusters"]["main"]["primary"]["types"] = [{"name": "c7gn.xlarge"}]
    for role in ("core", "task"):
        tree["clusters"]["main"][role]["types"] = [{"name": "c7g.xlarge"}]
    tree["aws"]["region"] = "eu-central-1"
    tree["network"]["zones"] = ["eu-central-1a", "eu-central-1b"]
    assert "USD, with 1 of the prices unknown (" in headline(of(tree), None)


# What holds for any stack. Fleets of one to four types, of weights that need not divide the targets.
@st.composite
def stacks(draw: st.DrawFn) -> Tree:
    tree = copy.deepcopy(stack("dev"))
    cluster = tree["clusters"]["main"]
    every = [instances.instance(name) for name in instances.names()]
    known = {one.name: one.vcpu for one in every if one.architecture == "x86_64" and 4 <= one.vcpu <= 16}
    for role, market in (("core", "on_demand_units"), ("task", "spot_units")):
        types = draw(st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=4, unique=True))
        least = min(known[name] for name in types)
        shares = {name: known[name] // least for name in types}
        weight = draw(st.integers(1, 5 // max(shares.values())))
        cluster[role]["types"] = [{"name": name, "units": weight * shares[name]} for name in types]
        cluster[role][market] = draw(st.integers(5, 20))
        cluster[role]["volume_gib"] = draw(st.integers(10, 500))
    if draw(st.booleans()):
        targets = cluster["core"]["on_demand_units"] + cluster["task"]["spot_units"]
        most = draw(st.integers(targets, 60))
        cluster["scaling"] = {
            "minimum_units": draw(st.integers(1, targets)),
            "maximum_units": most,
            "maximum_core_units": draw(st.integers(cluster["core"]["on_demand_units"], most)),
            "maximum_on_demand_units": most,
        }
    else:
        del cluster["scaling"]
    tree["network"]["nat"] = draw(st.sampled_from(["none", "one", "per_zone"]))
    return tree


MORE = {
    "core target": lambda cluster: cluster["core"].update(
        on_demand_units=cluster["core"]["on_demand_units"] + 1
    ),
    "task target": lambda cluster: cluster["task"].update(spot_units=cluster["task"]["spot_units"] + 1),
    "disk": lambda cluster: cluster["core"].update(volume_gib=cluster["core"]["volume_gib"] + 1),
    "root disk": lambda cluster: cluster.update(root_volume_gib=cluster.get("root_volume_gib", 32) + 1),
    "scaling minimum": lambda cluster: cluster["scaling"].update(
        minimum_units=cluster["scaling"]["minimum_units"] + 1
    ),
    "scaling maximum": lambda cluster: cluster["scaling"].update(
        maximum_units=cluster["scaling"]["maximum_units"] + 1
    ),
    "core maximum": lambda cluster: cluster["scaling"].update(
        maximum_core_units=min(
            cluster["scaling"]["maximum_core_units"] + 1, cluster["scaling"]["maximum_units"]
        )
    ),
}


@settings(max_examples=150, deadline=None)
@given(tree=stacks(), change=st.sampled_from(sorted(MORE)))
def test_more_is_never_cheaper(tree: Tree, change: str) -> None:
    before = of(tree)
    cluster = tree["clusters"]["main"]
    if "scaling" in cluster:
        # Targets are the state's only until scaling moves them: its limits are what counts.
        targets = cluster["core"]["on_demand_units"] + cluster["task"]["spot_units"]
        if "target" in change or (
            change == "scaling minimum" and cluster["scaling"]["minimum_units"] >= targets
        ):
            return
    elif change in ("scaling minimum", "scaling maximum", "core maximum"):
        return
    MORE[change](cluster)
    after = of(tree)
    if change == "core maximum":
        assert after.low <= before.low + 1e-6, "more core nodes are a further way to the minimum"
    else:
        assert after.low >= before.low - 1e-6
    assert after.high >= before.high - 1e-6


@settings(max_examples=150, deadline=None)
@given(tree=stacks())
def test_the_low_end_is_below_the_high_end_and_rows_add_up(tree: Tree) -> None:
    found = of(tree)
    for one in found.rows:
        assert one.low is not None
        assert one.high is not None
        assert 0 < one.low <= one.high + 1e-6, one
        assert one.how
        assert one.unit
    assert found.low == sum(one.low for one in found.rows if one.low is not None)
    assert found.high == sum(one.high for one in found.rows if one.high is not None)


@settings(max_examples=60, deadline=None)
@given(tree=stacks(), places=st.lists(st.sampled_from(["primary", "core", "task"]), min_size=1, unique=True))
def test_no_row_of_a_type_without_a_price_has_a_number(tree: Tree, places: list[str]) -> None:
    tree["aws"]["region"] = "eu-west-1"
    tree["network"]["zones"] = ["eu-west-1a", "eu-west-1b"]
    for role in places:
        # Of one size, so that one weight fits both.
        tree["clusters"]["main"][role]["types"] = [{"name": "m5.4xlarge"}, {"name": "g6.4xlarge"}]
    found = of(tree)
    assert any("g6.4xlarge" in line for line in found.unknown)
    for one in found.rows:
        assert (one.low is None) == (one.high is None) == bool(one.unknown)
        assert one.low != 0
