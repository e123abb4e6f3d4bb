"""`emrctl local market`: the order that it gives, and how it tells the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from emrctl.main import build
from local import control

ANSWER = {
    "ordered": [{"instance_type": None, "zone": "us-east-1a", "market": "SPOT", "nodes": 2}],
    "used": [
        {"instance_type": "m5.xlarge", "zone": "us-east-1a", "market": "ON_DEMAND", "nodes": 3, "free": 7,
         "usd_per_hour": 0.192},
        {"instance_type": "z9.mega", "zone": "us-east-1a", "market": "SPOT", "nodes": 1, "free": 1,
         "usd_per_hour": None},
    ],
}  # fmt: skip


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    given: list[Mapping[str, Any]] = []

    def order(_home: object, words: Mapping[str, Any]) -> Mapping[str, Any]:
        given.append(words)
        return ANSWER

    monkeypatch.setattr(control, "order_market", order)
    return given


def test_less_of_one_type_is_ordered(orders: list[Mapping[str, Any]]) -> None:
    words = ["local", "market", "--nodes", "0", "--type", "m5.xlarge", "--market", "on-demand", "--json"]
    done = CliRunner().invoke(build("local"), words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == ANSWER
    assert orders == [
        {"nodes": 0, "instance_type": "m5.xlarge", "zone": None, "reset": False, "market": "ON_DEMAND"}
    ]


def test_what_is_used_and_free_is_a_table(orders: list[Mapping[str, Any]]) -> None:
    done = CliRunner().invoke(build("local"), ["local", "market"])
    assert orders[0]["nodes"] is None
    assert "EC2 has 2 nodes of every type in us-east-1a, spot" in done.stdout
    assert [line.split() for line in done.stdout.splitlines() if "m5.xlarge" in line] == [
        ["m5.xlarge", "us-east-1a", "on", "demand", "3", "7", "0.1920"]
    ]
    assert "?" in done.stdout
