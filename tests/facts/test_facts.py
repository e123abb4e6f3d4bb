"""The tables of facts: consistent with themselves, and plain about what they lack."""

from __future__ import annotations

import re
from datetime import date

import pytest

from facts import instances, prices, releases, tables
from facts.errors import UserError


@pytest.mark.parametrize("name", ["releases", "instances", "prices"])
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


@pytest.mark.parametrize("region", prices.regions())
@pytest.mark.parametrize("name", [name for name in instances.names() if name[:3] in ("m5.", "m6i", "m7a")])
def test_a_price_is_of_its_region_and_of_the_right_size(name: str, region: str) -> None:
    try:
        found = prices.price(name, region)
    except UserError:
        return  # that a table has no price is said, not a mistake of the table
    assert 0.1 < found.ec2_usd_per_hour < 8
    assert found.emr_usd_per_hour == pytest.approx(
        min(found.ec2_usd_per_hour / 4, 0.27), abs=1e-4
    )  # EMR's own ceiling
    assert found.emr_usd_per_hour < found.spot_usd_per_hour < found.on_demand_usd_per_hour


@pytest.mark.parametrize("region", prices.regions())
def test_a_size_up_costs_twice_as_much(region: str) -> None:
    for name in ("m5.xlarge", "m5a.xlarge", "m6i.xlarge", "m7a.xlarge"):
        double = prices.price(name.replace(".xlarge", ".2xlarge"), region)
        assert double.ec2_usd_per_hour == pytest.approx(2 * prices.price(name, region).ec2_usd_per_hour)


def test_published_prices() -> None:
    found = prices.price("m5.xlarge", "us-east-1")
    assert (found.ec2_usd_per_hour, found.emr_usd_per_hour) == (0.192, 0.048)
    assert prices.price("m5d.2xlarge", "us-east-1").emr_usd_per_hour == 0.113


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
            r"'m5\.large' has no price in us-east-1 .*priced there are",
        ),
        (
            lambda: prices.price("m5.xlarge", "us-east-9"),
            r"region 'us-east-9' .*known are: eu-west-1, us-east-1",
        ),
    ],
)
def test_what_is_missing_is_said(ask: object, said: str) -> None:
    assert callable(ask)
    with pytest.raises(UserError, match=said):
        ask()
