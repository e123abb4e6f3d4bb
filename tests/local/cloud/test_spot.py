"""Spot instances that EC2 takes back: warned, gone, replaced; on order and by chance."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from emrctl.main import build
from facts.errors import UserError
from local import control
from tests.local.cloud.conftest import PRIMARY, Cloud
from tests.local.cloud.test_events import Post, post
from tests.local.cloud.test_managed_scaling import ONE_CORE, TASK

__all__ = ["post"]  # a fixture
THREE = {**TASK, "TargetSpotCapacity": 3}


def _cluster(cloud: Cloud) -> str:
    return cloud.ready(instances={"InstanceFleets": [PRIMARY, ONE_CORE, THREE]})


def _tasks(cloud: Cloud, cluster: str) -> dict[str, str]:
    """The states of a cluster's task instances by their ids."""
    found = cloud.client("emr").list_instances(ClusterId=cluster, InstanceFleetType="TASK")["Instances"]
    return {one["Id"]: one["Status"]["State"] for one in found}


def _reclaim(cloud: Cloud, **order: Any) -> list[dict[str, Any]]:
    told = cloud.server.control.spot.order(order)["reclaimed"]
    cloud.pass_time()
    return list(told)  # type: ignore[call-overload,no-any-return]


def test_an_instance_has_its_notice_then_goes_and_is_replaced(cloud: Cloud) -> None:
    cluster = _cluster(cloud)
    (taken,) = _reclaim(cloud, cluster=cluster)
    cloud.pass_time(119)
    warned = _tasks(cloud, cluster)
    cloud.pass_time(2)
    cloud.pass_time(5)
    after = _tasks(cloud, cluster)
    gone = cloud.client("emr").list_instances(ClusterId=cluster, InstanceStates=["TERMINATED"])["Instances"]

    assert set(warned.values()) == {"RUNNING"}
    assert after[taken["instance"]] == "TERMINATED"
    assert sorted(after.values()) == ["RUNNING", "RUNNING", "RUNNING", "TERMINATED"]
    assert [one["Status"]["StateChangeReason"]["Code"] for one in gone] == ["INSTANCE_FAILURE"]
    calls = [call for call in cloud.runner.calls if call[0] in ("leave", "lose", "resize")]
    assert calls == [("leave", taken["instance"]), ("lose", taken["instance"]), ("resize", cluster)]


def test_the_warning_is_ec2s_event(cloud: Cloud, post: Post) -> None:
    queue = post.queue("warnings")
    post.rule({"source": ["aws.ec2"]}, {"Arn": queue})
    (taken,) = _reclaim(cloud, cluster=_cluster(cloud))
    (event,) = post.bodies(queue)
    assert event["detail-type"] == "EC2 Spot Instance Interruption Warning"
    assert event["detail"] == {"instance-id": taken["ec2_instance"], "instance-action": "terminate"}


def test_the_same_seed_takes_the_same(cloud: Cloud) -> None:
    cluster = _cluster(cloud)
    order = list(_tasks(cloud, cluster))
    (first,) = _reclaim(cloud, cluster=cluster, seed=7)
    other = _cluster(cloud)
    (second,) = _reclaim(cloud, cluster=other, seed=7)
    assert order.index(first["instance"]) == list(_tasks(cloud, other)).index(second["instance"])


def test_what_is_warned_is_not_taken_twice_and_on_demand_never(cloud: Cloud) -> None:
    cluster = _cluster(cloud)
    taken = _reclaim(cloud, cluster=cluster, count=3)
    assert len({one["instance"] for one in taken}) == 3
    with pytest.raises(UserError, match=f"1 spot instances to reclaim, but 0 of {cluster} run"):
        _reclaim(cloud, cluster=cluster)


def test_a_cluster_that_ends_meanwhile_loses_nothing_more(cloud: Cloud) -> None:
    cluster = _cluster(cloud)
    _reclaim(cloud, cluster=cluster)
    cloud.client("emr").terminate_job_flows(JobFlowIds=[cluster])
    cloud.pass_time(200)
    assert not [call for call in cloud.runner.calls if call[0] == "lose"]


def test_a_rate_takes_about_so_many_an_hour_until_it_is_none(cloud: Cloud) -> None:
    cluster = _cluster(cloud)
    cloud.server.control.spot.order({"an_hour": 12, "seed": 3, "notice_seconds": 10})
    for _ in range(600):
        cloud.pass_time(60)
    lost = sum(call[0] == "lose" for call in cloud.runner.calls)
    assert 80 <= lost <= 160, "twelve an hour for ten hours"
    cloud.server.control.spot.order({"an_hour": 0})
    cloud.pass_time(600)
    cloud.runner.calls.clear()
    cloud.pass_time(36_000)
    assert not [call for call in cloud.runner.calls if call[0] == "lose"]
    assert list(_tasks(cloud, cluster).values()).count("RUNNING") == 3


@pytest.mark.parametrize(
    "order", [{"count": -1}, {"count": "two"}, {"an_hour": -1}, {"notice_seconds": True}, {"seed": "x"}]
)
def test_an_order_that_is_none_is_refused(cloud: Cloud, order: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="it must be a number from 0 to"):
        cloud.server.control.spot.order(order)


def test_the_verb_says_what_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[Any] = []
    taken = {
        "cluster": "j-1", "instance": "ci-1", "ec2_instance": "i-1", "instance_type": "m5.xlarge",
        "notice_seconds": 120.0,
    }  # fmt: skip

    def reclaim(_home: object, order: Any) -> dict[str, Any]:
        orders.append(order)
        return {"an_hour": 6.0, "reclaimed": [] if "an_hour" in order else [taken]}

    monkeypatch.setattr(control, "reclaim_spot", reclaim)
    app = build("local")
    now = CliRunner().invoke(app, ["local", "spot", "reclaim", "--cluster", "j-1", "--notice", "2m"])
    rate = CliRunner().invoke(app, ["local", "spot", "rate", "--an-hour", "6", "--seed", "1"])
    assert now.output == "ci-1 (i-1, m5.xlarge) of j-1 is warned and goes in 120 s\n"
    assert rate.output == "6 interruptions an hour, of all spot instances together\n"
    assert orders == [
        {"notice_seconds": 120, "seed": None, "cluster": "j-1", "instance": None, "count": 1},
        {"notice_seconds": 120, "seed": 1, "an_hour": 6.0},
    ]
