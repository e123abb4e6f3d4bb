"""The EC2 runtime: its table of states, and its calls against the local EMR."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ConnectionClosedError

from facts.errors import UserError
from jobs.clock import Clock
from jobs.runtimes import ec2
from jobs.runtimes.base import Capacity, Phase
from tests.jobs.emr import SINCE, Emr, submission
from tests.local.cloud.fakes import FAILURE


def test_the_table_of_states_is_emrs_own() -> None:
    shapes = botocore.session.get_session().get_service_model("emr")
    assert set(ec2.PHASES) == set(shapes.shape_for("StepState").enum)  # type: ignore[attr-defined]
    assert not ec2.PHASES["CANCEL_PENDING"].over
    assert {state for state, phase in ec2.PHASES.items() if phase is Phase.SUCCEEDED} == {"COMPLETED"}
    options = shapes.shape_for("StepCancellationOption").enum  # type: ignore[attr-defined]
    assert set(options) == {"SEND_INTERRUPT", "TERMINATE_PROCESS"}


def test_the_clusters_ends_are_emrs_own() -> None:
    states = botocore.session.get_session().get_service_model("emr").shape_for("ClusterState")
    assert set(ec2.ENDING) == {state for state in states.enum if state.startswith("TERMINAT")}  # type: ignore[attr-defined]


def test_a_state_that_is_not_in_the_table_is_no_guess() -> None:
    step = {"Id": "s-1", "Name": "t", "Status": {"State": "THINKING", "Timeline": {}}}
    with pytest.raises(RuntimeError, match="state 'THINKING', which this version does not know"):
        ec2._phase(step)


def test_the_command_line_of_a_step() -> None:
    assert ec2.spark_submit(submission()) == [
        "spark-submit", "--deploy-mode", "cluster", "--name", "job-1", "--driver-cores", "1",
        "--driver-memory", "1g", "--executor-cores", "2", "--executor-memory", "1g", "--num-executors", "1",
        "--conf", "spark.a=1", "--conf", "spark.b=2", "--py-files", "s3://a/job.whl", "s3://a/main.py", "--x=1",
    ]  # fmt: skip


def test_a_submission_is_one_step_however_often_it_is_sent(emr: Emr) -> None:
    runtime = emr.runtime()
    assert runtime.find("job-1-a1", SINCE) is None
    first = runtime.submit(submission())
    assert runtime.submit(submission()) == first
    assert emr.runtime().submit(submission()) == first
    emr.pass_time()
    steps = emr.session.client("emr").list_steps(ClusterId=emr.cluster.id)["Steps"]
    assert [step["Id"] for step in steps] == [first]
    assert emr.runner.last_step is not None
    assert emr.runner.last_step.execution_role_arn == "arn:aws:iam::123456789012:role/job"


def test_a_step_is_followed_through_its_states(emr: Emr) -> None:
    runtime = emr.runtime()
    step_id = runtime.submit(submission())
    emr.pass_time()
    running = runtime.find("job-1-a1", SINCE)
    assert running is not None
    assert (running.id, running.phase) == (step_id, Phase.RUNNING)
    assert emr.runner.sink is not None
    emr.runner.sink.finished(emr.cluster.id, step_id, FAILURE)
    emr.pass_time()
    failed = runtime.find("job-1-a1", SINCE)
    assert failed is not None
    assert failed.phase is Phase.FAILED
    assert failed.reason is not None
    assert FAILURE.message in failed.reason
    assert failed.ended is not None


def test_a_running_step_is_cancelled_and_gone_only_when_its_process_is(emr: Emr) -> None:
    runtime = emr.runtime()
    step_id = runtime.submit(submission())
    emr.pass_time()
    runtime.cancel(step_id, force=False)
    emr.pass_time()
    assert ("cancel", step_id) in emr.runner.calls
    cancelling = runtime.find("job-1-a1", SINCE)
    assert cancelling is not None
    assert (cancelling.phase, cancelling.phase.over) == (Phase.CANCELLING, False)
    assert emr.runner.sink is not None
    emr.runner.sink.finished(emr.cluster.id, step_id, FAILURE)
    emr.pass_time()
    gone = runtime.find("job-1-a1", SINCE)
    assert gone is not None
    assert gone.phase is Phase.CANCELLED
    runtime.cancel(step_id, force=True)  # fine when it is over


def test_a_step_behind_fifty_others_is_found_and_older_pages_are_not_read(emr: Emr) -> None:
    runtime = emr.runtime()
    runtime.submit(submission("wanted"))
    others: Any = [
        {
            "Name": f"other-{number}",
            "HadoopJarStep": {"Jar": "command-runner.jar"},
            "ActionOnFailure": "CONTINUE",
        }
        for number in range(60)
    ]
    emr.session.client("emr").add_job_flow_steps(
        JobFlowId=emr.cluster.id, Steps=others, ExecutionRoleArn=submission().role_arn
    )
    found = runtime.find("wanted", SINCE)
    assert found is not None
    calls: list[str] = []
    emr.session.events.register("before-call.emr.ListSteps", lambda **_: calls.append("list"))
    runtime = emr.runtime()
    assert runtime.find("never", SINCE) is None
    assert len(calls) == 2  # 61 steps
    calls.clear()
    assert runtime.find("never", SINCE + timedelta(days=1)) is None
    assert len(calls) == 1


def test_a_cluster_that_ended_takes_no_step_and_says_so(emr: Emr) -> None:
    emr.session.client("emr").terminate_job_flows(JobFlowIds=[emr.cluster.id])
    emr.pass_time(10)
    runtime = emr.runtime()
    assert not runtime.alive()
    with pytest.raises(UserError, match="takes no steps; 'emrctl stack up' brings it back"):
        runtime.submit(submission())


def test_the_instances_that_run_are_counted(emr: Emr) -> None:
    assert emr.runtime().capacity("s-1") == [Capacity(instance_type="m5.xlarge", spot=False, count=2)]


def test_logs_are_read_where_emr_puts_them_the_drivers_too(emr: Emr) -> None:
    s3 = emr.session.client("s3")
    root = f"elasticmapreduce/{emr.cluster.id}"
    application = "application_1700000000000_0007"
    for key, text in {
        "steps/s-1/stderr.gz": f"Submitted application {application}\n",
        f"containers/{application}/container_1_0007_01_000001/stdout.gz": "Traceback: boom\n",
        f"containers/{application}/container_1_0007_01_000002/stdout.gz": "an executor's\n",
        "containers/application_1700000000000_00071/container_1_00071_01_000001/stdout.gz": "another's\n",
    }.items():
        s3.put_object(Bucket="dev-logs", Key=f"{root}/{key}", Body=gzip.compress(text.encode()))
    assert emr.runtime().log_uri("s-1") == f"s3://dev-logs/{root}/steps/s-1/"
    assert emr.runtime().logs("s-1") == {
        "stderr": f"Submitted application {application}\n",
        "driver stdout": "Traceback: boom\n",
    }
    assert emr.runtime().logs("s-2") == {}


def test_a_lost_request_is_never_sent_again_by_the_client_itself(emr: Emr) -> None:
    """botocore's own retries know nothing of twins: between two sends the list must have been read."""
    calls: list[str] = []

    def send(**_: Any) -> None:
        calls.append("add")
        if calls.count("add") == 1:
            raise ConnectionClosedError(endpoint_url="http://emr")

    emr.session.events.register("before-send.emr.AddJobFlowSteps", send)
    emr.session.events.register("before-call.emr.ListSteps", lambda **_: calls.append("list"))
    sleeps: list[float] = []
    clock = Clock(sleep=sleeps.append)
    ec2.Ec2(emr.session, emr.cluster, clock).submit(submission())
    assert calls == ["list", "add", *["list"] * 4, "list", "add"]
    assert len(sleeps) == 3
