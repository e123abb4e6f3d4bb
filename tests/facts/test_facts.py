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


@pytest.mark.parametrize("name", instances.names())
def test_an_instance_type_is_what_its_name_says(name: str) -> None:
    found = instances.instance(name)
    assert name == f"{found.family}.{found.size}"
    assert found.vcpu == {"xlarge": 4, "2xlarge": 8, "4xlarge": 16}[found.size]
    assert found.memory_gib == 4 * found.vcpu  # every family of the table is general purpose
    assert (found.local_storage_gb > 0) == ("d" in found.family)


@pytest.mark.parametrize("region", prices.regions())
@pytest.mark.parametrize("name", instances.names())
def test_every_type_has_a_price_in_every_region_of_the_table(name: str, region: str) -> None:
    found = prices.price(name, region)
    assert 0.1 < found.ec2_usd_per_hour < 2
    assert found.emr_usd_per_hour == pytest.approx(
        min(found.ec2_usd_per_hour / 4, 0.27), abs=1e-4
    )  # EMR's own ceiling
    assert found.emr_usd_per_hour < found.spot_usd_per_hour < found.on_demand_usd_per_hour


@pytest.mark.parametrize("region", prices.regions())
def test_a_size_up_costs_twice_as_much(region: str) -> None:
    for name in instances.names():
        if name.endswith(".xlarge"):
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
