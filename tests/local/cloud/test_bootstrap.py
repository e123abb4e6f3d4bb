"""Bootstrap actions as the control plane sees them: recorded, or run and waited for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud.clock import ManualClock
from local.cloud.emr.lifecycle import Behaviour, Timing
from local.cloud.server import CloudServer
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.fakes import FakeRunner

ACTIONS = [{"Name": "setup", "ScriptBootstrapAction": {"Path": "s3://code/setup.sh", "Args": ["a"]}}]


def status(cloud: Cloud, cluster_id: str) -> Any:
    return cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]


def overview(cloud: Cloud, cluster_id: str) -> Any:
    return next(one for one in cloud.server.control.overview() if one["id"] == cluster_id)


@pytest.fixture
def running(cloud: Cloud) -> Iterator[Cloud]:
    """A server that runs bootstrap actions, whose nodes take a minute; it shares moto's IAM with the other."""
    clock, runner = ManualClock(), FakeRunner()
    behaviour = Behaviour(timing=Timing(provisioning=60), run_bootstrap=True)
    server = CloudServer(runner, clock=clock, behaviour=behaviour)
    server.start()
    runner.sink = server.sink
    yield Cloud(server, clock, runner, cloud.region)
    server.stop()


def test_unless_asked_for_they_are_recorded_and_not_run(cloud: Cloud) -> None:
    cluster_id = cloud.ready(BootstrapActions=ACTIONS)
    assert overview(cloud, cluster_id)["bootstrap_actions"] == [{"name": "setup", "run": False}]
    assert not [call for call in cloud.runner.calls if call[0] == "bootstrap"]


def test_nodes_take_the_time_they_are_said_to_and_the_actions_run(running: Cloud) -> None:
    cluster_id = running.launch(BootstrapActions=ACTIONS)
    running.pass_time(59)
    assert running.state(cluster_id) == "STARTING"
    running.pass_time(2)
    running.pass_time(1)  # the actions end when the plane has told the runner of them
    assert running.state(cluster_id) == "WAITING"
    assert ("bootstrap", "setup") in running.runner.calls
    assert overview(running, cluster_id)["bootstrap_actions"] == [{"name": "setup", "run": True}]


def test_one_that_fails_ends_the_cluster_with_emrs_reason(running: Cloud) -> None:
    running.runner.broken = "On the master instance (i-1), bootstrap action 1 returned a non-zero return code"
    cluster_id = running.launch(BootstrapActions=ACTIONS)
    running.pass_time(61)
    running.pass_time(1)
    told = status(running, cluster_id)
    assert told["State"] == "TERMINATED_WITH_ERRORS"
    assert told["StateChangeReason"] == {"Code": "BOOTSTRAP_FAILURE", "Message": running.runner.broken}
