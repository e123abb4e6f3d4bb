"""The classifier measured on logs that users showed in public: what it names, and what it must not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.failures.classify import Evidence, classify
from jobs.failures.finding import Finding

EXCERPTS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("excerpts.yaml").read_text("utf-8"))
LABELLED = [each for each in EXCERPTS if "class" in each]
NEAR = [each for each in EXCERPTS if "near" in each]


def found(excerpt: dict[str, Any]) -> Finding:
    spot = bool(excerpt.get("spot"))
    return classify(Evidence(state="FAILED", logs={"stderr": excerpt["text"]}, spot=spot))


def confusion(excerpts: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """(what it is, what it is called) → how often."""
    return Counter((each.get("class") or each["near"], found(each).failure_class) for each in excerpts)


def recall(excerpts: list[dict[str, Any]]) -> float:
    table = confusion(excerpts)
    return sum(n for (true, called), n in table.items() if true == called) / sum(table.values())


@pytest.mark.parametrize("split", ["seen", "held_out"])
def test_confusion(split: str) -> None:
    excerpts = [each for each in LABELLED if each["split"] == split]
    for (true, called), times in sorted(confusion(excerpts).items()):
        print(f"{split:<9}{true:<24}{called:<24}{times:>3}")
    print(f"{split}: recall {recall(excerpts):.2f} of {len(excerpts)}")
    false = [(each["source"], found(each).failure_class) for each in excerpts
             if found(each).failure_class not in ("unknown", each["class"])]  # fmt: skip
    assert false == []


@pytest.mark.parametrize("excerpt", NEAR, ids=lambda each: each["source"])
def test_a_near_miss_is_never_called_another_class(excerpt: dict[str, Any]) -> None:
    assert found(excerpt).failure_class in ("unknown", excerpt["near"])
