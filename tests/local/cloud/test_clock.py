"""The test clock: what it moves, over HTTP and by the verb, and what it leaves alone."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from emrctl.main import build
from emrctl.spans import seconds
from facts.errors import UserError
from local import control
from local.cloud.clock import ManualClock, RunningClock
from local.cloud.emr.lifecycle import Behaviour
from local.cloud.plane import ControlPlane
from local.cloud.server import CloudServer
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.fakes import FakeRunner

DAY = 86_400


def order(endpoint: str, body: object, kind: str = "application/json") -> dict[str, Any]:
    """What the server answers to an order to its clock."""
    request = urllib.request.Request(
        f"{endpoint}/_emrctl/clock", data=json.dumps(body).encode(), headers={"Content-Type": kind}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def test_a_day_of_idling_passes_in_a_moment(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    cloud.client("emr").put_auto_termination_policy(
        ClusterId=cluster_id, AutoTerminationPolicy={"IdleTimeout": DAY - 60}
    )
    order(cloud.server.endpoint, {"advance_seconds": DAY - 120})
    assert cloud.state(cluster_id) == "WAITING"

    told = order(cloud.server.endpoint, {"advance_seconds": 120})
    assert cloud.state(cluster_id) == "TERMINATED"
    assert told["now"] == cloud.clock.now().isoformat(timespec="milliseconds")


def test_signatures_and_sessions_keep_the_machines_time() -> None:
    clock = RunningClock()
    with CloudServer(FakeRunner(), clock=clock, behaviour=Behaviour()) as server:
        order(server.endpoint, {"advance_seconds": DAY})
        with urllib.request.urlopen(f"{server.endpoint}/_emrctl/clock", timeout=10) as answer:
            told = datetime.fromisoformat(json.load(answer)["now"])
        sts = boto3.client("sts", endpoint_url=server.endpoint, region_name="us-east-1")
        role = "arn:aws:iam::123456789012:role/r"
        expires = sts.assume_role(RoleArn=role, RoleSessionName="session", DurationSeconds=900)[
            "Credentials"
        ]["Expiration"]

    now = datetime.now(UTC)
    assert timedelta(hours=23) < told - now < timedelta(hours=25)
    assert expires - now < timedelta(hours=1)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"advance_seconds": -1}, "application/json"),
        ({"advance_seconds": "1d"}, "application/json"),
        ({"advance_seconds": float("nan")}, "application/json"),
        ({"advance_seconds": 1e12}, "application/json"),
        ([], "application/json"),
        ({"advance_seconds": 1}, "text/plain"),
        ("x" * 20_000, "application/json"),
    ],
)
def test_a_wrong_order_moves_nothing(cloud: Cloud, body: object, kind: str) -> None:
    before = cloud.clock.now()
    with pytest.raises(urllib.error.HTTPError) as refused:
        order(cloud.server.endpoint, body, kind)
    assert refused.value.code == 400
    assert json.load(refused.value)["error"]
    assert cloud.clock.now() == before


@given(st.lists(st.floats(min_value=0, max_value=DAY), max_size=20), st.floats(min_value=0, max_value=DAY))
def test_timers_run_in_order_at_their_own_times(delays: list[float], passed: float) -> None:
    clock, ran = ManualClock(), list[float]()
    plane = ControlPlane(clock)
    for delay in delays:
        plane.after(delay, lambda: ran.append(plane.monotonic()))
    plane.advance(passed)
    assert ran == sorted(d for d in delays if d <= passed)


def test_the_verb_moves_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[float] = []

    def move(home: object, seconds: float) -> dict[str, Any]:
        moved.append(seconds)
        return {"now": "2025-01-02T00:00:00.000+00:00", "advanced_seconds": seconds}

    monkeypatch.setattr(control, "move_clock", move)
    app = build("local")
    shown = CliRunner().invoke(app, ["local", "clock", "--advance", "1d12h"])
    as_json = CliRunner().invoke(app, ["local", "clock", "--json"])
    assert shown.output == "it is 2025-01-02T00:00:00.000+00:00, 1d12h later than it was\n"
    assert json.loads(as_json.output)["advanced_seconds"] == 0
    assert moved == [DAY * 1.5, 0]


@pytest.mark.parametrize("text", ["", "1w", "d1", "1.5h", "-1d", "1 d", "²"])
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="give a span such as"):
        seconds(text, "--advance")


def test_without_a_local_aws_the_verb_says_so(tmp_path: Any) -> None:
    with pytest.raises(UserError, match="no local AWS is up"):
        control.move_clock(tmp_path, 1)
