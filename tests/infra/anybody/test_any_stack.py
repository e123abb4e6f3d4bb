"""Anybody's stack file: it is read or refused in words, and what is read makes a whole stack that AWS would take."""

from __future__ import annotations

import math
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, event, given, settings

from facts.errors import UserError
from infra.cost.estimate import Estimate, estimate
from infra.settings.loader import Declared, declared, from_config
from infra.settings.notices import notices
from infra.tags import default_tags
from stacks import picture
from tests.infra.anybody.files import StackFile, stack_files
from tests.infra.anybody.limits import beyond
from tests.infra.anybody.running import findings
from tests.infra.recording import Recorder, run_program, wire_config


def read(file: StackFile) -> Declared | None:
    """What the file declares; None when it is refused, in words."""
    try:
        return declared(from_config(wire_config(file.config)), file.stack, file.jobs)
    except UserError as error:
        assert str(error)
        return None


def run(file: StackFile) -> Recorder:
    config = {**file.config, **file.secrets}
    with mock.patch("infra.settings.loader.load_catalog", return_value=file.jobs):
        made, _ = run_program(file.stack, config, secrets=list(file.secrets), account_exports=exports(file))
    return made


def exports(file: StackFile) -> Any:
    """What the account beneath exports, in the stack's own region."""
    from tests.infra.recording import beneath

    return {**beneath(file.config["aws:allowedAccountIds"][0]), "region": file.config["aws:region"]}


def preview(made: Recorder) -> dict[str, Any]:
    """What was registered, as a preview's JSON has it."""
    return {
        "steps": [
            {
                "urn": answer.urn,
                "newState": {"urn": answer.urn, "type": asked.type, "custom": asked.custom, "parent": asked.parent},
            }
            for asked, answer in made.requests
        ]
    }


def check_cost(found: Estimate) -> None:
    """A range, and what is not in it is named."""
    for row in (*found.rows, *found.jobs):
        known = row.low is not None and row.high is not None
        assert known or row.unknown or row.low is None, row
        if known and row.low is not None and row.high is not None:
            assert 0 <= row.low <= row.high + 1e-6 and math.isfinite(row.high), row
    assert 0 <= found.low <= found.high + 1e-6


def check(file: StackFile) -> None:
    here = read(file)
    event("refused" if here is None else "accepted")
    if here is None:
        return
    check_cost(estimate(here.settings, here.jobs))
    made = run(file)
    assert beyond(made, default_tags(here.settings, file.stack)) == []
    found, told = findings(made, file.trusted_subnets), dict(notices(here.settings))
    assert {line.partition(":")[0] for line in found} == set(told), (found, told)
    assert picture.page(file.stack, preview(made)).count("```mermaid") > 5


@given(stack_files())
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
def test_anybodys_stack_is_refused_in_words_or_makes_a_stack(file: StackFile) -> None:
    check(file)
