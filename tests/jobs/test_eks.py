"""The EKS runtime: its table of states, its request, and its calls against the local EMR on EKS."""

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

from facts.errors import UserError
from jobs.platform import Place
from jobs.runtimes import eks
from jobs.runtimes.base import Phase, shortened
from jobs.runtimes.eks import Eks
from local.cloud.clock import ManualClock
from local.cloud.server import CloudServer
from tests.jobs.emr import submission
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.containers import Containers
from tests.local.cloud.fakes import FakeJobs, FakeRunner

_numbers = itertools.count(10)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A local AWS whose job runs end when a test says so."""
    clock, runner, jobs = ManualClock(), FakeRunner(), FakeJobs()
    with CloudServer(runner, clock=clock, jobs=jobs) as server:
        yield Cloud(server=server, clock=clock, runner=runner, region="us-east-1", jobs=jobs)


@pytest.fixture
def service(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Containers:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.server.endpoint)
    return Containers(cloud)


@pytest.fixture
def session(service: Containers) -> boto3.Session:
    return boto3.Session(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def place(service: Containers) -> Place:
    """A virtual cluster of its own for each test."""
    return Place(
        kind="eks", name="team", id=service.create(f"team-{next(_numbers)}"), release_label="emr-spark-8.0.0",
        log_uri="s3://logs/containers/",
    )  # fmt: skip


@pytest.fixture
def token() -> str:
    """An attempt's: client tokens hold for the whole account."""
    return f"a-job-with-the-longest-name-that-there-i-20260102T030405Z-abcdef-a{next(_numbers)}"


def _sent(cloud: Cloud, service: Containers, token: str) -> Any:
    return replace(submission(token), role_arn=service.role, since=cloud.clock.now() - timedelta(minutes=1))


def test_the_table_of_states_is_the_services_own() -> None:
    shapes = botocore.session.get_session().get_service_model("emr-containers")
    assert set(eks.PHASES) == set(shapes.shape_for("JobRunState").enum)  # type: ignore[attr-defined]
    assert not eks.PHASES["CANCEL_PENDING"].over
    assert [s for s, phase in eks.PHASES.items() if phase is Phase.SUCCEEDED] == ["COMPLETED"]
    assert eks._TAKES_RUNS in shapes.shape_for("VirtualClusterState").enum  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("label", "asked"),
    [
        ("emr-spark-8.0.0", "emr-spark-8.0.0-latest"),
        ("emr-7.13.0", "emr-7.13.0-latest"),
        ("emr-spark-8.0.0-20260421", "emr-spark-8.0.0-20260421"),
        ("emr-7.13.0-latest", "emr-7.13.0-latest"),
    ],
)
def test_a_release_is_of_a_date_or_the_latest(label: str, asked: str) -> None:
    assert eks.release_label(label) == asked


def test_what_is_asked_for(
    cloud: Cloud, service: Containers, session: boto3.Session, place: Place, token: str
) -> None:
    asked: list[Any] = []
    session.events.register(
        "provide-client-params.emr-containers.StartJobRun", lambda params, **_: asked.append(params)
    )
    Eks(session, place).submit(_sent(cloud, service, token))
    (request,) = asked
    assert request["name"] == request["clientToken"] == shortened(token, 64)
    assert request["tags"] == {"job": "job", "token": token}
    assert request["releaseLabel"] == "emr-spark-8.0.0-latest"
    monitoring = request["configurationOverrides"]["monitoringConfiguration"]
    assert monitoring["s3MonitoringConfiguration"] == {"logUri": "s3://logs/containers/"}
    driver = request["jobDriver"]["sparkSubmitJobDriver"]
    assert (driver["entryPoint"], driver["entryPointArguments"]) == ("s3://a/main.py", ["--x=1"])


def test_a_run_is_sent_once_and_followed_to_its_end(
    cloud: Cloud, service: Containers, session: boto3.Session, place: Place, token: str
) -> None:
    runtime = Eks(session, place)
    now = cloud.clock.now()
    assert runtime.find(token, now) is None
    run_id = runtime.submit(_sent(cloud, service, token))
    assert Eks(session, place).submit(_sent(cloud, service, token)) == run_id
    cloud.pass_time(2)
    running = runtime.find(token, now)
    assert running is not None
    assert (running.id, running.phase, running.twins) == (run_id, Phase.RUNNING, ())
    service.end((place.id, run_id))
    done = runtime.find(token, now)
    assert done is not None
    assert (done.phase, done.state, done.reason) == (Phase.SUCCEEDED, "COMPLETED", None)
    assert done.ended is not None
    assert runtime.capacity(run_id) is None  # type: ignore[func-returns-value]


def test_a_failure_says_why(
    cloud: Cloud, service: Containers, session: boto3.Session, place: Place, token: str
) -> None:
    runtime = Eks(session, place)
    run_id = runtime.submit(_sent(cloud, service, token))
    cloud.pass_time(2)
    service.end((place.id, run_id), "ValueError: boom")
    failed = runtime.find(token, cloud.clock.now())
    assert failed is not None
    assert failed.phase is Phase.FAILED
    assert (failed.reason or "").startswith("USER_ERROR: ")


def test_a_cancelled_run_is_gone_only_when_its_driver_is(
    cloud: Cloud, service: Containers, session: boto3.Session, place: Place, token: str
) -> None:
    runtime = Eks(session, place)
    run_id = runtime.submit(_sent(cloud, service, token))
    cloud.pass_time(2)
    runtime.cancel(run_id, force=False)
    cancelling = runtime.find(token, cloud.clock.now())
    assert cancelling is not None
    assert (cancelling.phase, cancelling.phase.over) == (Phase.CANCELLING, False)
    runtime.cancel(run_id, force=True)  # it is on its way already
    service.end((place.id, run_id), "exit code 143")
    gone = runtime.find(token, cloud.clock.now())
    assert gone is not None
    assert gone.phase is Phase.CANCELLED
    runtime.cancel(run_id, force=True)


def test_a_virtual_cluster_that_is_gone_takes_nothing_and_says_so(
    cloud: Cloud, service: Containers, session: boto3.Session, place: Place, token: str
) -> None:
    service.api.delete_virtual_cluster(id=place.id)
    runtime = Eks(session, place)
    assert not runtime.alive()
    with pytest.raises(UserError, match="takes no job runs; name one that runs in emr:virtual_clusters"):
        runtime.submit(_sent(cloud, service, token))
    assert not Eks(session, replace(place, id="nosuchcluster")).alive()


def test_logs_are_read_where_the_service_puts_them(
    cloud: Cloud, service: Containers, session: boto3.Session, place: Place
) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="logs")
    s3.put_object(
        Bucket="logs",
        Key=f"containers/{place.id}/jobs/r1/containers/spark-r1/spark-r1-driver/stderr.gz",
        Body=gzip.compress(b"boom\n"),
    )
    assert Eks(session, place).logs("r1") == {"driver stderr": "boom\n"}
    assert Eks(session, place).logs("r2") == {}
