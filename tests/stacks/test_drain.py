"""Draining EMR Serverless applications, against the local AWS, which refuses to change a running one as AWS does."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from facts.errors import UserError
from local.cloud.emr_serverless.model import RUN_WORDS
from stacks import drain
from stacks.drain import APPLICATION, Drain, Running, before_change, touched
from tests.local.cloud.conftest import Cloud, _server, cloud
from tests.local.cloud.serverless import Serverless

__all__ = ["_server", "cloud"]  # fixtures
URN = "urn:pulumi:prod::emr::emr:compute:ServerlessApplication${}::{}"


@pytest.fixture
def serverless(cloud: Cloud) -> Serverless:
    return Serverless(cloud)


class Engine:
    """What a drain asks of the engine, and that it asks for a plan only when it needs one."""

    def __init__(self, applications: dict[str, str], planned: dict[str, str] | None = None) -> None:
        self.entries = [
            {
                "urn": urn(name),
                "type": APPLICATION,
                "id": one,
                "outputs": {"arn": f"arn:aws:emr-serverless:us-east-1:123456789012:/applications/{one}"},
            }
            for name, one in applications.items()
        ]
        self._planned, self.asked = planned or {}, 0

    def state(self, stack: str) -> dict[str, Any]:
        return {"resources": [*self.entries, {"urn": "u", "type": "aws:s3/bucket:Bucket", "id": "b"}]}

    def planned(self, stack: str) -> dict[str, str]:
        self.asked += 1
        return self._planned


def urn(name: str) -> str:
    return URN.format(APPLICATION, name)


def drainer(serverless: Serverless, *, yes: bool = True, said: list[str] | None = None) -> Drain:
    def agreed(question: str) -> bool:
        if said is not None:
            said.append(question)
        return yes

    def pause(seconds: float) -> None:
        jobs = serverless.cloud.jobs
        for run in [run for run in jobs.cancelled if run in jobs.started]:
            jobs.end(run, "told to stop")
            del jobs.started[run]
        serverless.cloud.pass_time(seconds)

    return Drain(
        api=serverless.api,
        agreed=agreed,
        say=(said.append if said is not None else lambda line: None),
        pause=pause,
    )


def change(serverless: Serverless, application: str) -> None:
    serverless.api.update_application(
        applicationId=application, maximumCapacity={"cpu": "40 vCPU", "memory": "400 GB"}
    )


def test_the_states_are_botocores_and_those_that_a_run_leaves_again() -> None:
    shapes: Any = get_session().get_service_model("emr-serverless")
    assert set(drain.UNDER_WAY) == set(shapes.shape_for("JobRunState").enum) - set(RUN_WORDS.ended)
    assert set(drain.RUNS) < set(shapes.shape_for("ApplicationState").enum)


def test_a_running_application_refuses_a_change_until_it_is_drained(serverless: Serverless) -> None:
    application = serverless.create()
    run = serverless.running(application)
    with pytest.raises(ClientError, match="must be in one of the following statuses"):
        change(serverless, application)
    with pytest.raises(ClientError, match="cannot be stopped"):
        serverless.api.stop_application(applicationId=application)

    said: list[str] = []
    engine: Any = Engine({"adhoc": application}, {urn("adhoc"): "update"})
    before_change(engine, "prod", lambda _: drainer(serverless, said=said), destroy=False)
    assert serverless.state(application) == "STOPPED"
    assert serverless.run(run)["state"] == "CANCELLED"
    assert said == [
        "the change stops EMR Serverless applications with runs under way: adhoc (1)",
        f"cancelling run {run[1]} of application 'adhoc'",
        "stopping application 'adhoc'",
    ]
    change(serverless, application)


def test_without_a_yes_nothing_is_touched(serverless: Serverless) -> None:
    application = serverless.create()
    run = serverless.running(application)
    engine: Any = Engine({"adhoc": application})
    with pytest.raises(UserError, match=r"adhoc \(1\); nothing was touched; .*--cancel-runs"):
        before_change(engine, "prod", lambda _: drainer(serverless, yes=False), destroy=True)
    assert serverless.run(run)["state"] == "RUNNING"
    assert serverless.state(application) == "STARTED"


def test_an_idle_application_is_stopped_without_a_question(serverless: Serverless) -> None:
    application = serverless.create()
    serverless.start(application)
    said: list[str] = []
    engine: Any = Engine({"adhoc": application})
    before_change(engine, "prod", lambda _: drainer(serverless, yes=False, said=said), destroy=True)
    assert said == ["stopping application 'adhoc'"]
    serverless.api.delete_application(applicationId=application)


def test_what_the_plan_leaves_alone_keeps_running(serverless: Serverless) -> None:
    kept, changed = serverless.create(), serverless.create()
    run = serverless.running(kept)
    serverless.start(changed)
    planned = {urn("kept"): "same", urn("changed"): "update"}
    engine: Any = Engine({"kept": kept, "changed": changed}, planned)
    before_change(engine, "prod", lambda _: drainer(serverless, yes=False), destroy=False)
    assert (serverless.state(kept), serverless.state(changed)) == ("STARTED", "STOPPED")
    assert serverless.run(run)["state"] == "RUNNING"


def test_the_engine_is_not_asked_for_a_plan_when_nothing_runs(serverless: Serverless) -> None:
    engine: Any = Engine({"adhoc": serverless.create(), "gone": "00f0000000000000"})
    before_change(engine, "prod", lambda _: drainer(serverless), destroy=False)
    assert engine.asked == 0
    nothing: Any = Engine({})
    before_change(nothing, "prod", lambda _: pytest.fail("no application, no client"), destroy=True)


def test_an_application_that_the_plan_does_not_name_is_on_its_way_out() -> None:
    running = [Running(urn=urn(name), application_id=name, runs=()) for name in ("a", "b", "c")]
    planned = {urn("a"): "same", urn("b"): "replace"}
    assert [one.name for one in touched(running, planned)] == ["b", "c"]


def test_a_wait_has_an_end(serverless: Serverless, monkeypatch: pytest.MonkeyPatch) -> None:
    application = serverless.create()
    serverless.start(application)
    monkeypatch.setattr(Drain, "_stopped", lambda self, one: False)
    engine: Any = Engine({"adhoc": application})
    with pytest.raises(
        UserError, match=r"waited 900 s for application 'adhoc' to stop; .*run the command again"
    ):
        before_change(engine, "prod", lambda _: drainer(serverless), destroy=True)
