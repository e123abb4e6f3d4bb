"""What a user reads who says something wrong: each mistake in one line, and all of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.settings.mistakes.every import BAD
from tests.infra.settings.trees import Tree, main, mistakes, zone


@pytest.mark.parametrize(("change", "said"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_one_mistake_is_one_clear_line(tree: Tree, change: Callable[[Tree], Any], said: str) -> None:
    change(tree)
    lines = mistakes(tree)
    assert len(lines) == 1, lines
    assert re.search(said, lines[0].strip()), lines[0]


def test_a_bucket_serves_one_zone(tree: Tree) -> None:
    for name in ("landing", "curated"):
        zone(tree, name, {"adopt": "acme-data"})
    assert [line.strip().split(": ")[0] for line in mistakes(tree)] == [
        "emr:storage.zones.curated.adopt",
        "emr:storage.zones.landing.adopt",
    ]


def test_too_small_a_block_says_how_many_addresses_are_needed(tree: Tree) -> None:
    tree["network"]["cidr"] = "10.0.0.0/24"
    main(tree)["scaling"]["maximum_units"] = 100
    del tree["cost"]
    (line,) = mistakes(tree)
    assert line.strip().startswith(
        "emr:network.cidr: '10.0.0.0/24' leaves 59 addresses a zone, but 101 nodes and 3"
    )


def test_mixed_architectures_are_refused(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    from facts import instances

    real = instances.instance
    arm = lambda name: real(name) if name != "m7a.xlarge" else _as_arm(real(name))  # noqa: E731
    monkeypatch.setattr("infra.settings.cluster.instances.instance", arm)
    (line,) = mistakes(tree)
    assert "architectures are mixed (primary: x86_64, core: x86_64, task: arm64/x86_64)" in line


def _as_arm(known: Any) -> Any:
    from dataclasses import replace

    return replace(known, architecture="arm64")


def test_twenty_mistakes_are_told_at_once(tree: Tree) -> None:
    tree["network"].update(nat="two", zones=["us-east-1a"], cidr="x", flow_log_retention_days=31)
    tree["storage"].update(deletable=1, abort_upload_days=0, log_retention_days="x")
    tree.update(owner=1, colour="red", environment="D", data_classification="secret")
    tree.update(cost={"monthly_ceiling_usd": 0}, encryption={"key_deletion_window_days": 3})
    tree["applications"] = {
        "adhoc": {"engine": "Pig", "ceiling": {"vcpus": 0, "memory_gb": 2, "disk_gb": 20}}
    }
    tree["tags"] = {"team": 7}
    main(tree).update(release="emr-1", idle_timeout_seconds="x", step_concurrency=0)
    main(tree)["task"]["types"][3].update(units=9)
    lines = mistakes(tree)
    keys = [line.strip().split(": ")[0] for line in lines]
    assert keys == [
        "emr:applications.adhoc.ceiling.vcpus",
        "emr:applications.adhoc.engine",
        "emr:clusters.main.idle_timeout_seconds",
        "emr:clusters.main.release",
        "emr:clusters.main.step_concurrency",
        "emr:clusters.main.task.types[3].units",
        "emr:colour",
        "emr:cost.monthly_ceiling_usd",
        "emr:data_classification",
        "emr:encryption.key_deletion_window_days",
        "emr:environment",
        "emr:network.cidr",
        "emr:network.flow_log_retention_days",
        "emr:network.nat",
        "emr:network.zones",
        "emr:owner",
        "emr:storage.abort_upload_days",
        "emr:storage.deletable",
        "emr:storage.log_retention_days",
        "emr:tags.team",
    ]
    assert len(keys) == 20


def test_the_ceiling_is_told_with_the_other_mistakes_of_the_stack(tree: Tree) -> None:
    tree["cost"] = {"monthly_ceiling_usd": 1}
    tree["tags"] = {"owner": "me"}
    assert [line.strip().split(": ")[0] for line in mistakes(tree)] == [
        "emr:cost.monthly_ceiling_usd",
        "emr:tags.owner",
    ]
