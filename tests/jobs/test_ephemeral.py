"""A cluster of the run's own: made once, followed, and gone in the end, whatever happens."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ConnectionClosedError

from jobs.clock import Clock
from jobs.platform import Place
from jobs.runtimes import ec2, ephemeral
from jobs.runtimes.base import Capacity, Phase, Status
from jobs.runtimes.ephemeral import Ephemeral
from jobs.runtimes.places import runtime_of
from tests.jobs.emr import Emr, submission
from tests.local.cloud.fakes import FAILURE

_numbers = itertools.count(1)


@pytest.fixture
def template(emr: Emr) -> Place:
    """A launch template as the stack exports one, protected and kept alive by mistake."""
    fleets = [
        {
            "Name": kind.lower(),
            "InstanceFleetType": kind,
            "TargetOnDemandCapacity": 1,
            "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
        }
        for kind in ("MASTER", "CORE")
    ]
    request = {
        "Name": "once", "ReleaseLabel": "emr-spark-8.0.0", "ServiceRole": "service", "JobFlowRole": "nodes",
        "Applications": [{"Name": "Spark"}], "LogUri": "s3://dev-logs/elasticmapreduce/",
        "SecurityConfiguration": "roles",
        "StepConcurrencyLevel": 4, "Tags": [{"Key": "stack", "Value": "dev"}],
        "Instances": {"InstanceFleets": fleets, "KeepJobFlowAliveWhenNoSteps": True, "TerminationProtected": True},
    }  # fmt: skip
    return Place(
        kind="ec2", name="once", id="", release_label="emr-spark-8.0.0", log_uri=str(request["LogUri"]),
        template=request,
    )  # fmt: skip


@pytest.fixture
def token() -> str:
    return f"job-{next(_numbers)}-a1"


def _runtime(emr: Emr, template: Place) -> Ephemeral:
    return Ephemeral(emr.session, template, Clock(now=emr.clock.now, sleep=lambda _: None))


def _sent(emr: Emr, token: str) -> Any:
    return replace(submission(token), since=emr.clock.now() - timedelta(minutes=1))


def _find(emr: Emr, template: Place, token: str) -> Status:
    found = _runtime(emr, template).find(token, emr.clock.now() - timedelta(minutes=30))
    assert found is not None
    return found


def _started(emr: Emr, template: Place, token: str) -> tuple[str, str]:
    """A cluster whose step runs, and the two ids."""
    cluster = _runtime(emr, template).submit(_sent(emr, token))
    emr.pass_time(10)
    emr.pass_time()
    return cluster, _find(emr, template, token).id.partition("/")[2]


def _cluster(emr: Emr, cluster_id: str) -> Any:
    return emr.session.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]


def test_a_place_with_a_template_is_a_cluster_of_the_runs_own(emr: Emr, template: Place) -> None:
    assert isinstance(runtime_of(emr.session, template, Clock()), Ephemeral)
    assert isinstance(runtime_of(emr.session, emr.cluster, Clock()), ec2.Ec2)


def test_the_clusters_states_are_emrs_own() -> None:
    states = botocore.session.get_session().get_service_model("emr").shape_for("ClusterState").enum  # type: ignore[attr-defined]
    assert {*ephemeral.BEFORE, *ephemeral.AT_WORK, *ec2.ENDING} == set(states)
    assert set(ephemeral.GONE) < set(ec2.ENDING)


def test_the_request_is_the_templates_with_one_step_under_the_jobs_role(template: Place) -> None:
    asked = replace(submission("t-1"), tags={"stack": "another", "job": "job"})
    request = ephemeral.request(template.template or {}, asked)
    assert request["Name"] == "t-1"
    assert [step["Name"] for step in request["Steps"]] == ["t-1"]
    assert request["StepExecutionRoleArn"] == submission().role_arn
    # EMR ends it with its step, whatever the template says.
    assert request["Instances"]["KeepJobFlowAliveWhenNoSteps"] is False
    assert request["Instances"]["TerminationProtected"] is False
    assert {"Key": "token", "Value": "t-1"} in request["Tags"]
    assert {"Key": "stack", "Value": "dev"} in request["Tags"]
    # TERMINATE_CLUSTER is refused where several steps may run at once.
    assert request["Steps"][0]["ActionOnFailure"] == "CONTINUE"


def test_a_submission_is_one_cluster_however_often_it_is_sent(emr: Emr, template: Place, token: str) -> None:
    first = _runtime(emr, template).submit(_sent(emr, token))
    again = _runtime(emr, template).submit(_sent(emr, token))
    assert again.partition("/")[0] == first
    found = _find(emr, template, token)
    assert (found.phase, found.state) == (Phase.PENDING, "PENDING, cluster STARTING")
    assert found.twins == ()


@pytest.mark.parametrize("outcome", [None, FAILURE])
def test_the_cluster_ends_with_its_step(emr: Emr, template: Place, token: str, outcome: Any) -> None:
    cluster, step = _started(emr, template, token)
    running = _find(emr, template, token)
    assert (running.id, running.phase, running.state) == (f"{cluster}/{step}", Phase.RUNNING, "RUNNING")
    assert emr.runner.last_step is not None
    assert emr.runner.last_step.execution_role_arn == submission().role_arn
    assert emr.runner.sink is not None
    emr.runner.sink.finished(cluster, step, outcome)
    emr.pass_time(10)
    done = _find(emr, template, token)
    assert done.phase is (Phase.FAILED if outcome else Phase.SUCCEEDED)
    assert _cluster(emr, cluster)["Status"]["State"] in ec2.ENDING
    if outcome:
        assert FAILURE.message in (done.reason or "")


def test_a_run_that_is_cancelled_takes_its_cluster_along(emr: Emr, template: Place, token: str) -> None:
    cluster, step = _started(emr, template, token)
    runtime = _runtime(emr, template)
    runtime.cancel(f"{cluster}/{step}", force=False)
    emr.pass_time()
    assert not _find(emr, template, token).phase.over
    assert emr.runner.sink is not None
    emr.runner.sink.finished(cluster, step, FAILURE)
    emr.pass_time(10)
    assert _find(emr, template, token).phase is Phase.CANCELLED
    assert _cluster(emr, cluster)["Status"]["State"] in ec2.ENDING
    runtime.cancel(f"{cluster}/{step}", force=True)  # fine when it is over


@pytest.mark.parametrize("when", ["at once", "while it runs"])
def test_by_force_the_cluster_itself_is_ended_and_that_is_no_failure(
    emr: Emr, template: Place, token: str, when: str
) -> None:
    """A failure would be tried again by whoever follows the run."""
    if when == "at once":
        cluster = _runtime(emr, template).submit(_sent(emr, token))
    else:
        cluster, _ = _started(emr, template, token)
    _runtime(emr, template).cancel(_find(emr, template, token).id, force=True)
    emr.pass_time(10)
    emr.pass_time()
    assert _cluster(emr, cluster)["Status"]["State"] == "TERMINATED"
    assert _find(emr, template, token).phase is Phase.CANCELLED


def test_a_run_whose_cluster_does_not_start_yet_is_cancelled_with_it(
    emr: Emr, template: Place, token: str
) -> None:
    cluster = _runtime(emr, template).submit(_sent(emr, token))
    _runtime(emr, template).cancel(_find(emr, template, token).id, force=False)
    emr.pass_time(10)
    assert _cluster(emr, cluster)["Status"]["State"] == "TERMINATED"


def test_twins_are_seen_and_terminated(emr: Emr, template: Place, token: str) -> None:
    request = ephemeral.request(template.template or {}, submission(token))
    first, second = (emr.session.client("emr").run_job_flow(**request)["JobFlowId"] for _ in range(2))
    found = _find(emr, template, token)
    attempt, twin = found.id.partition("/")[0], *found.twins
    assert {attempt, twin} == {first, second}
    _runtime(emr, template).cancel(twin, force=True)
    emr.pass_time(10)
    assert _cluster(emr, twin)["Status"]["State"] == "TERMINATED"
    assert _find(emr, template, token).twins == ()


def test_a_lost_answer_makes_no_twin(emr: Emr, template: Place, token: str) -> None:
    runtime = _runtime(emr, template)
    send = runtime._send.run_job_flow
    calls: list[str] = []

    def lose(**asked: Any) -> Any:
        calls.append("sent")
        send(**asked)
        raise ConnectionClosedError(endpoint_url="http://emr")

    runtime._send.run_job_flow = lose  # type: ignore[method-assign]
    runtime.submit(_sent(emr, token))
    assert calls == ["sent"]
    assert _find(emr, template, token).twins == ()


def test_what_the_cluster_cost_is_its_instances_own_time(emr: Emr, template: Place, token: str) -> None:
    cluster, step = _started(emr, template, token)
    emr.clock.advance(3600)
    (instances,) = _runtime(emr, template).capacity(f"{cluster}/{step}")
    assert isinstance(instances, Capacity)
    assert (instances.instance_type, instances.spot, instances.count) == ("m5.xlarge", False, 2)
    assert instances.hours == pytest.approx(2.0, abs=0.05)


def test_logs_are_the_steps(emr: Emr, template: Place) -> None:
    runtime = _runtime(emr, template)
    assert runtime.log_uri("j-1/s-1") == "s3://dev-logs/elasticmapreduce/j-1/steps/s-1/"
    assert runtime.log_uri("j-1") == "s3://dev-logs/elasticmapreduce/j-1/"
    assert runtime.logs("j-1/s-1") == runtime.logs("j-1") == {}


def _of(state: str, step: str | None, code: str = "ALL_STEPS_COMPLETED") -> Status:
    cluster = {
        "Id": "j-1",
        "Status": {"State": state, "StateChangeReason": {"Code": code, "Message": "why"}, "Timeline": {}},
    }
    made: Any = {"Id": "s-1", "Status": {"State": step, "Timeline": {}}} if step else None
    return ephemeral.status(cluster, made)


@pytest.mark.parametrize(
    ("state", "step", "code", "phase"),
    [
        ("STARTING", None, "", Phase.PENDING),
        ("RUNNING", "RUNNING", "", Phase.RUNNING),
        ("RUNNING", "COMPLETED", "", Phase.RUNNING),  # the cluster is still there
        ("WAITING", "FAILED", "", Phase.RUNNING),
        ("WAITING", "CANCELLED", "", Phase.CANCELLING),
        ("TERMINATING", "RUNNING", "", Phase.RUNNING),  # it may still be writing
        ("TERMINATING", "COMPLETED", "", Phase.SUCCEEDED),
        ("TERMINATED", "COMPLETED", "USER_REQUEST", Phase.SUCCEEDED),
        ("TERMINATED", "FAILED", "STEP_FAILURE", Phase.FAILED),
        ("TERMINATED_WITH_ERRORS", "PENDING", "BOOTSTRAP_FAILURE", Phase.FAILED),
        ("TERMINATED_WITH_ERRORS", "CANCELLED", "BOOTSTRAP_FAILURE", Phase.FAILED),
        ("TERMINATED_WITH_ERRORS", None, "VALIDATION_ERROR", Phase.FAILED),
        ("TERMINATED", "INTERRUPTED", "USER_REQUEST", Phase.CANCELLED),
        ("TERMINATED", "CANCELLED", "ALL_STEPS_COMPLETED", Phase.CANCELLED),
    ],
)
def test_what_cluster_and_step_mean_together(state: str, step: str | None, code: str, phase: Phase) -> None:
    assert _of(state, step, code).phase is phase


def test_every_pair_of_states_has_a_meaning() -> None:
    states: Sequence[str] = (*ephemeral.BEFORE, *ephemeral.AT_WORK, *ec2.ENDING)
    for state in states:
        for step in (None, *ec2.PHASES):
            found = _of(state, step)
            assert not found.phase.over or state in ec2.ENDING
            assert found.phase.over or state not in ephemeral.GONE
