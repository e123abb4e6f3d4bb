"""`emrctl local top`: what it draws of a local AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from emrctl.main import build
from local import control

CLUSTER = {
    "id": "j-1", "name": "main", "state": "RUNNING",
    "pools": [
        {
            "role": "TASK", "state": "RUNNING",
            "instances": [{"id": "ci-1", "type": "m5.xlarge", "market": "SPOT", "state": "RUNNING"}],
        }
    ],
    "steps": [{"id": "s-1", "name": "nightly", "state": "RUNNING"}],
    "scaling": [{"at": "2026-01-01T00:00:00+00:00", "reason": "managed scaling from 2 to 3 units: x"}],
}  # fmt: skip
SPARK = {
    "cluster_id": "j-1", "ready": True, "nodes": 2, "instances": 3,
    "metrics": {
        "containers_allocated": 4, "containers_pending": 1, "memory_allocated_mb": 2048, "memory_total_mb": 6144,
    },
    "queues": [
        {"name": "default", "capacity_percent": 100.0, "used_percent": 33.3, "applications": 1, "containers": 4}
    ],
}  # fmt: skip


def _top(monkeypatch: pytest.MonkeyPatch, status: dict[str, Any] | None, *words: str) -> Any:
    monkeypatch.setattr(control, "status", lambda _home: status)
    return CliRunner(env={"COLUMNS": "200"}).invoke(build("local"), ["local", "top", *words])


def test_clusters_nodes_queues_and_steps_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _top(monkeypatch, {"clusters": [CLUSTER], "spark": [SPARK]}, "--once").output
    for words in (
        "j-1 main  RUNNING  2 nodes for 3 instances, 4 containers (1 waiting), 2048/6144 MB",
        "ci-1", "m5.xlarge", "spot", "step s-1 nightly: RUNNING", "managed scaling from 2 to 3 units",
        "queue default: 33 % of 100 % used, 1 applications, 4 containers",
    ):  # fmt: skip
        assert words in shown


def test_a_cluster_without_a_yarn_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no YARN yet" in _top(monkeypatch, {"clusters": [CLUSTER], "spark": []}, "--once").output


def test_it_speaks_json(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(_top(monkeypatch, {"clusters": [CLUSTER], "spark": [SPARK]}, "--json").output)
    assert told == {"clusters": [CLUSTER], "spark": [SPARK]}


def test_nothing_up_is_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = _top(monkeypatch, None)
    assert ended.exit_code == control.NOT_UP
    assert ended.output == "no local AWS is up; start it with 'emrctl local up'\n"
