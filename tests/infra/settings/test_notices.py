"""What a preview says of choices that the policy pack does not take: the key, the rule, and the rule's own number."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from infra.settings.loader import parse
from infra.settings.notices import LIMITS, Limit, notices
from policies.rules import ALL
from tests.infra.settings.trees import Tree, main

APPLICATION = {"idle_minutes": 61, "ceiling": {"vcpus": 4, "memory_gb": 16, "disk_gb": 20}}


@pytest.mark.parametrize("limit", LIMITS, ids=lambda one: one.rule)
def test_numbers_are_the_rules_own(limit: Limit) -> None:
    (rule,) = (one for one in ALL if one.id == limit.rule)
    assert rule.config[limit.option]["default"] == limit.default


def test_the_committed_stacks_choose_nothing_against_the_pack(tree: Tree) -> None:
    assert list(notices(parse(tree))) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda t: (
                t["network"]["interface_endpoints"].append("logs"),
                t.update(applications={"adhoc": APPLICATION}),
            ),
            r"emr:applications\.adhoc\.idle_minutes: is 61, .*emr-serverless-auto-stop takes at most 60; lower it",
        ),
        (
            lambda t: main(t).update(idle_timeout_seconds=14_401),
            r"emr:clusters\.main\.idle_timeout_seconds: is 14401, and the policy pack's emr-idle-termination",
        ),
        (
            lambda t: main(t)["scaling"].update(reset_targets="task"),
            r'reset_targets: is \'task\', .* set \{"emr-scaling-and-state": \{"roles": \["core"\]\}\}',
        ),
        (
            lambda t: t["storage"].update(log_retention_days=29),
            r"^emr:storage\.log_retention_days: is 29, .*emr-logs-outlive-clusters takes no less than 30",
        ),
        (
            lambda t: (
                t["storage"].update(deletable=True),
                t.update(protection={"allow_data_deletion": True}),
            ),
            r"^emr:storage\.deletable: is true, as is protection\.allow_data_deletion",
        ),
        (
            lambda t: main(t)["task"].update(spot_timeout_minutes=31),
            r"spot_timeout_minutes: is 31, .* at most 30",
        ),
        (
            lambda t: main(t)["task"].update(spot_timeout_action="TERMINATE_CLUSTER"),
            r"spot_timeout_action: is 'TERMINATE_CLUSTER', which the policy pack's emr-spot-timeout refuses",
        ),
        (
            lambda t: main(t)["task"].update(types=main(t)["task"]["types"][:4]),
            r"task\.types: has 4 types for spot, .*takes no fewer than 5",
        ),
        (
            lambda t: (t.pop("cost"), main(t)["scaling"].update(maximum_units=513)),
            r"scaling\.maximum_units: is 513, and the policy pack's cost-fleet-ceiling takes at most 512; lower it, or",
        ),
        (
            lambda t: (t.pop("cost"), main(t).pop("scaling"), main(t)["task"].update(spot_units=513)),
            r"clusters\.main\.task, its units together: is 513, .*cost-fleet-ceiling takes at most 512",
        ),
        (
            lambda t: main(t)["task"]["types"][1].update(max_price_percent=99),
            r"task\.types\[1\]\.max_price_percent: is 99, which the policy pack's emr-spot-price",
        ),
    ],
)
def test_a_choice_against_the_pack_is_told(tree: Tree, change: Callable[[Tree], Any], said: str) -> None:
    change(tree)
    ((_, line),) = notices(parse(tree))
    assert re.search(said, line), line


def test_nothing_is_told_of_targets_that_there_are_not(tree: Tree) -> None:
    cluster = main(tree)
    del cluster["task"]
    cluster["scaling"].update(reset_targets="task", minimum_units=1)
    assert list(notices(parse(tree))) == []
