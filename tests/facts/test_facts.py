"""The tables of facts: consistent with themselves, and plain about what they lack."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date
from importlib import resources
from typing import get_args

import pytest

from facts import instances, prices, releases, services, tables
from facts.errors import UserError


@pytest.mark.parametrize("name", ["releases", "instances", "families", "prices", "services", "market"])
def test_every_table_says_when_and_where_from(name: str) -> None:
    found = tables.provenance(name)
    assert date.fromisoformat(found.as_of) <= date(2027, 1, 1)
    assert all(found.sources)


def test_the_default_release_is_spark_4() -> None:
    release = releases.release(releases.DEFAULT_LABEL)
    assert (release.spark, release.scala, release.hadoop, release.java) == ("4.0.2", "2.13", "3.4.1", "17")
    assert release.engines == ("Spark",)
    assert "3.11" in release.python


@pytest.mark.parametrize("label", releases.labels())
def test_every_engine_of_a_release_is_among_its_applications(label: str) -> None:
    release = releases.release(label)
    assert set(release.engines) <= set(release.applications)
    assert all(
        re.fullmatch(r"\d+\.\d+\.\d+", version)
        for version in (release.spark, release.hadoop, release.iceberg)
    )


def listed(label: str) -> set[str]:
    """The instance types of a release, as the service listed them."""
    path = resources.files("moto.emr.resources") / f"instance-types-{label}.json.gz"
    return set(json.loads(gzip.decompress(path.read_bytes())))


def of_a_line(line: str) -> list[str]:
    """The labels of a line from release 6 on that are listed, oldest first."""
    names = [path.name for path in resources.files("moto.emr.resources").iterdir()]
    found = [re.fullmatch(rf"instance-types-({line}-(\d+)\.(\d+)\.(\d+))\.json\.gz", name) for name in names]
    numbers = {one[1]: tuple(map(int, one.groups()[1:])) for one in found if one}
    return sorted((label for label in numbers if numbers[label] >= (6,)), key=numbers.__getitem__)


@pytest.mark.parametrize("line", ["emr", "emr-spark"])
def test_a_family_begins_with_the_release_after_which_none_lacks_it(line: str) -> None:
    labels = of_a_line(line)
    types = {label: listed(label) for label in labels}
    first = {}
    for family in sorted({instances.instance(name).family for name in instances.names()}):
        ours = {name for name in instances.names() if name.startswith(f"{family}.")}
        lacking = [index for index, label in enumerate(labels) if not ours <= types[label]]
        first[family] = labels[lacking[-1] + 1 if lacking else 0]
    assert instances.families_since(line) == first


@pytest.mark.parametrize("label", releases.labels())
def test_every_release_runs_every_family_of_the_table(label: str) -> None:
    assert all(instances.runs(label, instances.instance(name).family) for name in instances.names())


def test_a_family_that_a_line_does_not_know_is_not_run() -> None:
    assert instances.families_since("emr")["m8gd"] == "emr-7.1.0"
    assert not instances.runs("emr-7.13.0", "z9")


VCPU = {"xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
GIB_A_VCPU = {"general": 4, "memory": 8, "compute": 2, "gpu": 4}


@pytest.mark.parametrize("name", instances.names())
def test_an_instance_type_is_what_its_name_says(name: str) -> None:
    found = instances.instance(name)
    assert name == f"{found.family}.{found.size}"
    assert found.vcpu == VCPU[found.size]
    assert found.memory_gib == GIB_A_VCPU[found.kind] * found.vcpu
    assert (found.local_storage_gb > 0) == ("d" in found.family or found.kind == "gpu")
    assert (found.gpus > 0) == (found.kind == "gpu")
    assert (found.architecture == "arm64") == (bool(re.search(r"\dg", found.family)) and found.kind != "gpu")


@pytest.mark.parametrize("kind", ["general", "memory", "compute"])
@pytest.mark.parametrize("size", ["xlarge", "2xlarge", "4xlarge"])
def test_a_size_class_has_ten_types_that_may_stand_for_each_other(kind: instances.Kind, size: str) -> None:
    found = instances.alike(kind, size, "x86_64")
    assert len(found) == 10
    assert len({(one.vcpu, one.memory_gib) for one in found}) == 1


def test_plain_types_and_late_generations_come_first() -> None:
    families = [one.family for one in instances.alike("general", "xlarge", "x86_64")]
    assert families == ["m7a", "m7i", "m6a", "m6i", "m5", "m5a", "m6id", "m6in", "m5d", "m5n"]
    assert instances.alike("gpu", "xlarge", "arm64") == ()


# What a region does not sell, in the price list of 2026-10-15.
NOT_SOLD = {
    "ap-southeast-1": {"c7gn", "g5", "g6", "m7a", "r7a"},
    "eu-central-1": {"c7gn"},
    "eu-west-1": {"g6"},
}


@pytest.mark.parametrize("region", prices.regions())
def test_every_type_has_a_price_in_every_region_that_sells_it(region: str) -> None:
    for name in instances.names():
        if instances.instance(name).family in NOT_SOLD.get(region, ()):
            with pytest.raises(UserError, match=f"'{name}' has no price in {region}"):
                prices.price(name, region)
            continue
        found, reference = prices.price(name, region), prices.price(name, "us-east-1")
        assert 0.1 < found.ec2_usd_per_hour < 8
        assert found.emr_usd_per_hour == pytest.approx(min(reference.ec2_usd_per_hour / 4, 0.27), abs=1e-4)
        assert found.emr_usd_per_hour < found.spot_usd_per_hour < found.on_demand_usd_per_hour
        # Regions are near to each other; what is far off was read wrongly.
        assert 0.99 < found.ec2_usd_per_hour / reference.ec2_usd_per_hour < 1.42, name


@pytest.mark.parametrize("region", prices.regions())
def test_a_size_up_costs_twice_as_much(region: str) -> None:
    for name in instances.names():
        known = instances.instance(name)
        if known.size != "xlarge" or known.kind == "gpu" or known.family in NOT_SOLD.get(region, ()):
            continue  # the sizes of GPU families differ in more than their number
        double = prices.price(f"{known.family}.2xlarge", region)
        # List prices are rounded to a tenth of a cent.
        assert double.ec2_usd_per_hour == pytest.approx(
            2 * prices.price(name, region).ec2_usd_per_hour, rel=0.01
        )


# A second reading of the same list: github.com/aws/karpenter-provider-aws at 031e72b6,
# pkg/providers/pricing/zz_generated.pricing_aws.go, generated 2026-01-19 for us-east-1.
KARPENTER = {
    "c5": 0.17, "c6a": 0.153, "c6i": 0.17, "c7a": 0.20528, "c7g": 0.145, "c7i": 0.1785, "g4dn": 0.526, "g5": 1.006,
    "m5": 0.192, "m5a": 0.172, "m5d": 0.226, "m5n": 0.238, "m6a": 0.1728, "m6g": 0.154, "m6i": 0.192, "m6id": 0.2373,
    "m6in": 0.27846, "m7a": 0.23184, "m7g": 0.1632, "m7i": 0.2016, "m8g": 0.17952, "r5": 0.252, "r5a": 0.226,
    "r6a": 0.2268, "r6g": 0.2016, "r6i": 0.252, "r7a": 0.3043, "r7g": 0.2142, "r7i": 0.2646, "r8g": 0.23564,
}  # fmt: skip


@pytest.mark.parametrize(("family", "usd"), KARPENTER.items())
def test_a_second_reading_of_the_price_list_says_the_same(family: str, usd: float) -> None:
    assert prices.price(f"{family}.xlarge", "us-east-1").ec2_usd_per_hour == usd


def test_published_prices() -> None:
    found = prices.price("m5.xlarge", "us-east-1")
    assert (found.ec2_usd_per_hour, found.emr_usd_per_hour) == (0.192, 0.048)
    assert prices.price("m5d.2xlarge", "us-east-1").emr_usd_per_hour == 0.113
    # EMR's own charge does not follow the region's.
    assert prices.price("m5.xlarge", "eu-west-1").emr_usd_per_hour == 0.048


@pytest.mark.parametrize("item", get_args(services.Item))
@pytest.mark.parametrize("region", prices.regions())
def test_what_is_paid_beside_instances_is_priced_in_the_same_regions(
    item: services.Item, region: str
) -> None:
    found = services.service_price(item, region)
    reference = services.service_price(item, "us-east-1")
    assert date.fromisoformat(found.as_of) <= date(2027, 1, 1)
    assert found.source.startswith(("AWS", "https://aws.amazon.com/"))
    assert 1 <= found.usd / reference.usd < 1.4


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda: releases.release("emr-spark-8.0.1"),
            r"EMR release 'emr-spark-8\.0\.1' .*mean 'emr-spark-8\.0\.0'",
        ),
        (
            lambda: instances.instance("m5.xlage"),
            r"instance type 'm5\.xlage' .*mean 'm5\.xlarge'.*known are: m5\.",
        ),
        (
            lambda: instances.instance("m9.xlarge"),
            r"instance family 'm9' .*known are: c5, .*r8g$",
        ),
        (
            lambda: prices.price("m5.large", "us-east-1"),
            r"'m5\.large' has no price in us-east-1 .*priced there are: m5\.12xlarge, .*, m5\.xlarge$",
        ),
        (
            lambda: prices.price("z9.huge", "us-east-1"),
            r"'z9\.huge' has no price in us-east-1 .*priced there are the families: c5, .*, r8g$",
        ),
        (
            lambda: prices.price("m5.xlarge", "us-east-9"),
            r"region 'us-east-9' .*known are: .*eu-west-1, us-east-1",
        ),
        (
            lambda: services.service_price("nat_gateway_hour", "mars-1"),
            r"nat gateway hour has no price in mars-1 \(table of 2026-10-15\); priced are: .*us-east-1",
        ),
    ],
)
def test_what_is_missing_is_said(ask: object, said: str) -> None:
    assert callable(ask)
    with pytest.raises(UserError, match=said):
        ask()
