"""Patterns of settings and job specs are told in words, and by examples that they take."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from facts.texts import WORDS, text
from infra.account.settings import AccountSettings
from infra.settings.stack import Settings
from jobs.spec import JobSpec


def _patterns(node: object) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_patterns, node))
    if not isinstance(node, dict):
        return set()
    own = {value for key, value in node.items() if key == "pattern" and isinstance(value, str)}
    return own.union(*map(_patterns, node.values()))


@pytest.mark.parametrize("model", [Settings, AccountSettings, JobSpec])
def test_every_pattern_is_told_in_words_whose_examples_it_takes(model: type[BaseModel]) -> None:
    patterns = _patterns(model.model_json_schema())
    assert patterns
    for pattern in patterns:
        _, told, examples = WORDS[pattern].rpartition(", as ")
        assert all(re.search(pattern, one) for one in examples.split(" or ") if told), WORDS[pattern]


def test_a_pattern_has_one_wording() -> None:
    pattern, words = next(iter(WORDS.items()))
    text(pattern, words)
    with pytest.raises(ValueError, match="is told in other words already"):
        text(pattern, "something else")
