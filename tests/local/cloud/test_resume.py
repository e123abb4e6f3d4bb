"""A server that goes on from the state of another: what was under way ends as it should, what had ended stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from local.cloud.clock import ManualClock
from local.cloud.server import CloudServer
from local.cloud.snapshot import contents, pickling
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.containers import Containers
from tests.local.cloud.fakes import FAILURE, FakeJobs, FakeRunner
from tests.local.cloud.serverless import MINUTE, Serverless

Restart = Callable[..., Cloud]


class NoObjects:
    """Our own parts have no large values."""

    def has(self, digest: str) -> bool:
        raise AssertionError(digest)

    def put(self, content: bytes) -> str:
        raise AssertionError(content)


@pytest.fixture
def restart() -> Iterator[Restart]:
    """Start another server from the state of one, after some seconds; moto's part they share."""
    with ExitStack() as stack:

        def start(before: Cloud, seconds: float = 0.0) -> Cloud:
            clock = ManualClock(before.clock.now() + timedelta(seconds=seconds))
            runner, jobs = FakeRunner(), FakeJobs()
            server = CloudServer(runner, clock=clock, jobs=jobs)
            runner.sink = server.sink
            server.start(lambda: _hand_over(before.server, server))
            stack.callback(server.stop)
            after = Cloud(server, clock, runner, before.region, jobs)
            after.pass_time()
            return after

        yield start


def _hand_over(before: CloudServer, after: CloudServer) -> None:
    old, new = contents.source(before, {}, dict), contents.source(after, {}, dict)
    names: dict[int, pickling.Name] = {id(thing): (name,) for name, thing in old.named.items()}
    state = {name: part.state() for name, part in old.parts.items()}
    written = pickling.dump(state, names, NoObjects(), pickling.Digests())
    read = pickling.load(written, lambda name: new.named[name[0]], lambda _digest: b"")
    after.load(("emr", "emrserverless", "emrcontainers"))
    for name, part in new.parts.items():
        part.restore(read[name])


def described(cloud: Cloud, cluster: str) -> dict[str, Any]:
    """All that EMR shows of a cluster."""
    emr = cloud.client("emr")
    return {
        "cluster": emr.describe_cluster(ClusterId=cluster)["Cluster"],
        "steps": emr.list_steps(ClusterId=cluster)["Steps"],
        "fleets": emr.list_instance_fleets(ClusterId=cluster)["InstanceFleets"],
        "instances": emr.list_instances(ClusterId=cluster)["Instances"],
        "scaling": emr.get_managed_scaling_policy(ClusterId=cluster).get("ManagedScalingPolicy"),
        "termination": emr.get_auto_termination_policy(ClusterId=cluster).get("AutoTerminationPolicy"),
    }


def test_a_cluster_at_rest_shows_the_same(cloud: Cloud, restart: Restart) -> None:
    cluster = cloud.ready(AutoTerminationPolicy={"IdleTimeout": 600}, Tags=[{"Key": "team", "Value": "a"}])
    good, bad = cloud.add_steps(cluster, "good"), cloud.add_steps(cluster, "bad")
    cloud.finish(cluster, good[0])
    cloud.finish(cluster, bad[0], failure=FAILURE)
    cloud.client("emr").create_security_configuration(Name="resume", SecurityConfiguration="{}")
    before = described(cloud, cluster)

    after = restart(cloud)
    assert described(after, cluster) == before
    assert after.client("emr").describe_security_configuration(Name="resume")["SecurityConfiguration"] == "{}"
    assert after.runner.calls == []
    cloud.client("emr").delete_security_configuration(Name="resume")


def test_a_step_that_ran_has_failed_and_the_next_one_starts(cloud: Cloud, restart: Restart) -> None:
    cluster = cloud.ready()
    cloud.add_steps(cluster, "runs", "waits")
    after = restart(cloud)

    runs, waits = sorted(after.client("emr").list_steps(ClusterId=cluster)["Steps"], key=lambda s: s["Name"])
    assert runs["Status"]["State"] == "FAILED"
    assert runs["Status"]["FailureDetails"]["Message"] == "The local AWS ended while the step was running."
    assert runs["Status"]["Timeline"]["StartDateTime"] <= runs["Status"]["Timeline"]["EndDateTime"]
    assert (waits["Status"]["State"], after.runner.calls) == ("RUNNING", [("start", waits["Id"])])
    after.finish(cluster, waits["Id"])
    assert (after.state(cluster), after.steps(cluster)["waits"]) == ("WAITING", "COMPLETED")


def test_a_step_that_was_lost_ends_its_cluster_where_it_says_so(cloud: Cloud, restart: Restart) -> None:
    cluster = cloud.ready()
    cloud.add_steps(cluster, "runs", action="TERMINATE_CLUSTER")
    after = restart(cloud)
    after.pass_time(10)
    assert after.state(cluster) == "TERMINATED_WITH_ERRORS"


def test_a_step_that_was_being_cancelled_is_cancelled(cloud: Cloud, restart: Restart) -> None:
    cluster = cloud.ready()
    (step,) = cloud.add_steps(cluster, "runs")
    cloud.client("emr").cancel_steps(ClusterId=cluster, StepIds=[step])
    assert restart(cloud).steps(cluster) == {"runs": "CANCELLED"}


@pytest.mark.parametrize("seconds", [0.0, 0.25])
def test_a_cluster_that_came_up_comes_up(cloud: Cloud, restart: Restart, seconds: float) -> None:
    cluster = cloud.launch()
    cloud.pass_time(seconds)
    after = restart(cloud)
    assert after.state(cluster) == cloud.state(cluster) != "WAITING"
    after.pass_time(10)
    assert after.state(cluster) == "WAITING"


@pytest.mark.parametrize(("problem", "end"), [(False, "TERMINATED"), (True, "TERMINATED_WITH_ERRORS")])
def test_a_cluster_that_ended_ends(cloud: Cloud, restart: Restart, *, problem: bool, end: str) -> None:
    cluster = cloud.ready()
    if problem:
        (step,) = cloud.add_steps(cluster, "runs", action="TERMINATE_CLUSTER")
        cloud.finish(cluster, step, failure=FAILURE)
    else:
        cloud.client("emr").terminate_job_flows(JobFlowIds=[cluster])
    after = restart(cloud)
    assert after.state(cluster) == "TERMINATING"
    after.pass_time(10)
    assert after.state(cluster) == end


def test_a_fleet_that_was_resized_gets_its_nodes(cloud: Cloud, restart: Restart) -> None:
    cluster = cloud.ready()
    emr = cloud.client("emr")
    core = next(
        f
        for f in emr.list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
        if f["InstanceFleetType"] == "CORE"
    )
    emr.modify_instance_fleet(
        ClusterId=cluster, InstanceFleet={"InstanceFleetId": core["Id"], "TargetOnDemandCapacity": 8}
    )
    after = restart(cloud)
    after.pass_time(10)
    fleets = after.client("emr").list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
    again = next(f for f in fleets if f["Id"] == core["Id"])
    assert (again["Status"]["State"], again["ProvisionedOnDemandCapacity"]) == ("RUNNING", 8)


def test_idling_counts_from_the_restart(cloud: Cloud, restart: Restart) -> None:
    cluster = cloud.ready(AutoTerminationPolicy={"IdleTimeout": 600})
    cloud.pass_time(500)
    after = restart(cloud)
    after.pass_time(590)
    assert after.state(cluster) == "WAITING"
    after.pass_time(20)
    assert after.state(cluster) == "TERMINATED"


def test_serverless_at_rest_shows_the_same(cloud: Cloud, restart: Restart) -> None:
    before = Serverless(cloud)
    application = before.create(tags={"team": "a"})
    runs = [before.running(application), before.running(application)]
    before.end(runs[0])
    before.end(runs[1], "ValueError: no")
    after = Serverless(restart(cloud))

    assert [after.run(run) for run in runs] == [before.run(run) for run in runs]
    shown = [s.api.get_application(applicationId=application)["application"] for s in (before, after)]
    assert shown[0] == shown[1]
    after.cloud.pass_time(16 * MINUTE)
    assert after.state(application) == "STOPPED"


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_job_run_that_ran_has_failed_or_is_tried_again(
    cloud: Cloud, restart: Restart, attempts: int
) -> None:
    before = Serverless(cloud)
    run = before.running(before.create(), retryPolicy={"maxAttempts": attempts})
    after = Serverless(restart(cloud))
    after.cloud.pass_time(2)

    first = after.run(run, attempt=1)
    assert first["state"] == "FAILED"
    assert "the local AWS ended while the driver was running" in first["stateDetails"]
    assert after.run(run)["state"] == ("FAILED" if attempts == 1 else "RUNNING")
    assert list(after.cloud.jobs.started) == ([] if attempts == 1 else [run[1]])


def test_a_job_run_that_was_queued_waits_no_longer_than_it_would_have(cloud: Cloud, restart: Restart) -> None:
    before = Serverless(cloud)
    application = before.create(schedulerConfiguration={"maxConcurrentRuns": 1, "queueTimeoutMinutes": 30})
    runs = [before.running(application) for _ in range(3)]
    cloud.pass_time(20 * MINUTE)
    after = Serverless(restart(cloud))
    after.cloud.pass_time(2)
    assert [after.run(run)["state"] for run in runs] == ["FAILED", "RUNNING", "QUEUED"]
    after.cloud.pass_time(9 * MINUTE)
    assert after.run(runs[2])["state"] == "QUEUED"
    after.cloud.pass_time(2 * MINUTE)
    assert after.run(runs[2])["state"] == "CANCELLED"


def test_a_job_run_that_is_tried_again_has_the_time_that_was_left(cloud: Cloud, restart: Restart) -> None:
    before = Serverless(cloud)
    run = before.running(before.create(), retryPolicy={"maxAttempts": 2}, executionTimeoutMinutes=60)
    cloud.pass_time(20 * MINUTE)
    after = Serverless(restart(cloud, seconds=20 * MINUTE))
    after.cloud.pass_time(18 * MINUTE)
    assert after.run(run)["state"] == "RUNNING"
    after.cloud.pass_time(3 * MINUTE)
    assert after.run(run)["state"] == "CANCELLING"


@pytest.mark.parametrize("given", [True, False])
def test_a_job_run_that_was_being_cancelled_is_cancelled(
    cloud: Cloud, restart: Restart, *, given: bool
) -> None:
    before = Serverless(cloud)
    application = before.create()
    run = before.running(application) if given else before.submit(application)
    before.api.cancel_job_run(applicationId=application, jobRunId=run[1])
    after = Serverless(restart(cloud))
    after.cloud.pass_time(1)
    assert after.run(run)["state"] == "CANCELLED"


@pytest.mark.parametrize(("call", "state"), [("start_application", "STARTED"), (None, "CREATED")])
def test_an_application_on_its_way_arrives(
    cloud: Cloud, restart: Restart, call: str | None, state: str
) -> None:
    before = Serverless(cloud)
    application = before.create(ready=call is not None)
    if call is not None:
        getattr(before.api, call)(applicationId=application)
    after = Serverless(restart(cloud))
    assert after.state(application) == before.state(application) != state
    after.cloud.pass_time(1)
    assert after.state(application) == state


def test_a_client_token_holds_over_a_restart(cloud: Cloud, restart: Restart) -> None:
    before = Serverless(cloud)
    application = before.create()
    run = before.submit(application, clientToken="once")
    after = Serverless(restart(cloud))
    assert after.submit(application, clientToken="once") == run


def test_eks_goes_on_too(cloud: Cloud, restart: Restart) -> None:
    before = Containers(cloud)
    kept, gone = before.create("kept"), before.create("gone")
    ended, lost, waits = before.running(kept), before.running(kept), before.submit(kept)
    before.end(ended)
    before.running(gone)
    before.api.delete_virtual_cluster(id=gone)
    waiting = before.run(waits)["state"]
    after = Containers(restart(cloud))

    assert after.run(ended) == before.run(ended)
    assert after.run(lost)["state"] == "FAILED"
    assert "the local AWS ended" in after.run(lost)["stateDetails"]
    assert waiting in ("PENDING", "RUNNING")
    after.cloud.pass_time(1)
    assert after.api.describe_virtual_cluster(id=kept)["virtualCluster"]["state"] == "RUNNING"
    assert after.api.describe_virtual_cluster(id=gone)["virtualCluster"]["state"] == "TERMINATED"


def test_who_called_what_is_remembered(cloud: Cloud, restart: Restart) -> None:
    cloud.client("sqs").create_queue(QueueName="remembered")
    before = cloud.server.trail.entries()
    assert restart(cloud).server.trail.entries()[-len(before) :] == before
