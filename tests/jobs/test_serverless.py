"""The serverless runtime: its table of states, its request, and its calls against the local EMR Serverless."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ConnectionClosedError

from facts.errors import UserError
from jobs.platform import Place
from jobs.runtimes import jobruns, serverless
from jobs.runtimes.base import Billed, Phase, shortened
from jobs.runtimes.serverless import Serverless
from local.cloud.clock import ManualClock
from local.cloud.server import CloudServer
from tests.jobs.emr import submission
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.fakes import FakeJobs, FakeRunner
from tests.local.cloud.serverless import TRUST, make_role
from tests.local.cloud.serverless import Serverless as Service

_numbers = itertools.count(10)
LONG = "a-job-with-the-longest-name-that-there-i-20260102T030405Z-abcdef-a1"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A local AWS whose job runs end when a test says so."""
    clock, runner, jobs = ManualClock(), FakeRunner(), FakeJobs()
    with CloudServer(runner, clock=clock, jobs=jobs) as server:
        yield Cloud(server=server, clock=clock, runner=runner, region="us-east-1", jobs=jobs)


@pytest.fixture
def service(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.server.endpoint)
    return Service(cloud)


@pytest.fixture
def place(service: Service) -> Place:
    """An application of its own for each test."""
    return Place(
        kind="serverless", name="adhoc", id=service.create(), release_label="emr-spark-8.0.0", log_uri="s3://logs/serverless/"
    )  # fmt: skip


@pytest.fixture
def session(service: Service) -> boto3.Session:
    return boto3.Session(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def token() -> str:
    """An attempt's: client tokens hold for the whole account."""
    return f"{LONG[:-2]}a{next(_numbers)}"


def _sent(cloud: Cloud, token: str) -> Any:
    # moto's IAM is one for the whole process, and other modules have a role 'job' that trusts nobody.
    role = make_role(cloud, "serverless-job", TRUST)
    return replace(submission(token), role_arn=role, since=cloud.clock.now() - timedelta(minutes=1))


def test_the_table_of_states_is_the_services_own() -> None:
    shapes = botocore.session.get_session().get_service_model("emr-serverless")
    assert set(serverless.PHASES) == set(shapes.shape_for("JobRunState").enum)  # type: ignore[attr-defined]
    assert not serverless.PHASES["CANCELLING"].over
    assert [s for s, phase in serverless.PHASES.items() if phase is Phase.SUCCEEDED] == ["SUCCESS"]
    assert serverless._ENDED in shapes.shape_for("ApplicationState").enum  # type: ignore[attr-defined]


def test_a_token_within_the_apis_limit_is_itself_and_a_longer_one_always_the_same() -> None:
    assert len(LONG) == 67
    short = shortened(LONG, jobruns.TOKEN_LIMIT)
    assert len(short) == 64
    assert short == shortened(LONG, 64)
    assert short != shortened(LONG.replace("-a1", "-a2"), 64)
    assert shortened("job-1-a1", 64) == "job-1-a1"


def test_what_is_asked_for(cloud: Cloud, session: boto3.Session, place: Place, token: str) -> None:
    asked: list[Any] = []
    session.events.register(
        "provide-client-params.emr-serverless.StartJobRun", lambda params, **_: asked.append(params)
    )
    wanted = replace(_sent(cloud, token), conf={"spark.a": "b c", "spark.yarn.tags": "t"})
    Serverless(session, place).submit(wanted)
    (request,) = asked
    assert request["name"] == token
    assert request["clientToken"] == shortened(token, 64)
    assert request["executionTimeoutMinutes"] == 65
    driver = request["jobDriver"]["sparkSubmit"]
    assert driver["entryPoint"] == "s3://a/main.py"
    assert driver["entryPointArguments"] == ["--x=1"]
    assert "--conf spark.executor.memory=1g" in driver["sparkSubmitParameters"]
    assert driver["sparkSubmitParameters"].endswith("--py-files s3://a/job.whl")
    # A value with a space is data, not words; YARN's own settings mean nothing here.
    (defaults,) = request["configurationOverrides"]["applicationConfiguration"]
    assert defaults["properties"] == {"spark.a": "b c", "spark.app.name": "job-1"}


def test_a_submission_is_one_run_however_often_it_is_sent(
    cloud: Cloud, session: boto3.Session, place: Place, token: str
) -> None:
    runtime = Serverless(session, place)
    assert runtime.find(token, cloud.clock.now()) is None
    first = runtime.submit(_sent(cloud, token))
    assert Serverless(session, place).submit(_sent(cloud, token)) == first
    found = runtime.find(token, cloud.clock.now())
    assert found is not None
    assert (found.id, found.phase, found.twins) == (first, Phase.PENDING, ())


def test_a_lost_answer_makes_no_twin(
    cloud: Cloud, service: Service, session: boto3.Session, place: Place, token: str
) -> None:
    """The client sends again by itself, with the same client token, and gets the run that is there."""
    runtime = Serverless(session, place)
    http = runtime._api._endpoint.http_session
    send, sent = http.send, []

    def lose(request: Any) -> Any:
        answer = send(request)
        if request.method == "POST":
            sent.append(answer)
            if len(sent) == 1:
                raise ConnectionClosedError(endpoint_url="http://serverless")
        return answer

    http.send = lose
    started = runtime.submit(_sent(cloud, token))
    assert len(sent) == 2
    (run,) = service.api.list_job_runs(applicationId=place.id)["jobRuns"]
    assert run["id"] == started


def test_a_run_is_followed_to_its_end_and_billed(
    cloud: Cloud, service: Service, session: boto3.Session, place: Place, token: str
) -> None:
    runtime = Serverless(session, place)
    run_id = runtime.submit(_sent(cloud, token))
    cloud.pass_time(2)
    running = runtime.find(token, cloud.clock.now())
    assert running is not None
    assert (running.phase, running.started is not None, running.ended) == (Phase.RUNNING, True, None)
    cloud.clock.advance(3600)
    service.end((place.id, run_id))
    done = runtime.find(token, cloud.clock.now() - timedelta(hours=2))
    assert done is not None
    assert (done.phase, done.state, done.reason) == (Phase.SUCCEEDED, "SUCCESS", None)
    assert done.ended is not None
    assert done.started is not None
    assert 3600 <= (done.ended - done.started).total_seconds() < 3610
    billed = runtime.capacity(run_id)
    assert isinstance(billed, Billed)
    assert billed.vcpu_hours > 1


def test_a_failure_says_why(
    cloud: Cloud, service: Service, session: boto3.Session, place: Place, token: str
) -> None:
    runtime = Serverless(session, place)
    run_id = runtime.submit(_sent(cloud, token))
    cloud.pass_time(2)
    service.end((place.id, run_id), "ValueError: boom")
    failed = runtime.find(token, cloud.clock.now())
    assert failed is not None
    assert failed.phase is Phase.FAILED
    assert "boom" in (failed.reason or "")


def test_a_cancelled_run_is_gone_only_when_its_driver_is(
    cloud: Cloud, service: Service, session: boto3.Session, place: Place, token: str
) -> None:
    runtime = Serverless(session, place)
    run_id = runtime.submit(_sent(cloud, token))
    cloud.pass_time(2)
    runtime.cancel(run_id, force=False)
    assert cloud.jobs.cancelled[run_id] == serverless._GRACE_SECONDS
    cancelling = runtime.find(token, cloud.clock.now())
    assert cancelling is not None
    assert (cancelling.phase, cancelling.phase.over) == (Phase.CANCELLING, False)
    service.end((place.id, run_id), "exit code 143")
    gone = runtime.find(token, cloud.clock.now())
    assert gone is not None
    assert gone.phase is Phase.CANCELLED
    runtime.cancel(run_id, force=False)  # fine when it is over
    runtime.cancel(run_id, force=True)


def test_an_application_that_is_gone_takes_nothing_and_says_so(
    cloud: Cloud, service: Service, session: boto3.Session, place: Place, token: str
) -> None:
    service.api.delete_application(applicationId=place.id)
    runtime = Serverless(session, place)
    assert not runtime.alive()
    with pytest.raises(
        UserError, match="is TERMINATED and takes no job runs; 'emrctl stack up' makes a new one"
    ):
        runtime.submit(_sent(cloud, token))


def test_logs_are_read_where_the_service_puts_them_each_once(
    cloud: Cloud, service: Service, session: boto3.Session, place: Place
) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="logs")
    key = f"serverless/applications/{place.id}/jobs/r1/SPARK_DRIVER/stdout.gz"
    s3.put_object(Bucket="logs", Key=key, Body=gzip.compress(b"one\n"))
    runtime = Serverless(session, place)
    statuses: list[int] = []
    session.events.register(
        "after-call.s3.GetObject", lambda http_response, **_: statuses.append(http_response.status_code)
    )
    runtime = Serverless(session, place)
    assert runtime.logs("r1") == {"driver stdout": "one\n"}
    assert runtime.logs("r1") == {"driver stdout": "one\n"}
    # A service that appends writes one member after the other; the last may still be on its way.
    s3.put_object(Bucket="logs", Key=key, Body=gzip.compress(b"one\n") + gzip.compress(b"two\n")[:-9])
    assert runtime.logs("r1")["driver stdout"].startswith("one\n")
    assert [code for code in statuses if code != 404] == [200, 304, 200]
