"""Anybody's stack file: it is read or refused in words, and what is read makes a whole stack that AWS would take."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from typing import Any
from unittest import mock

import botocore.session
from botocore.model import Shape
from botocore.validate import validate_parameters
from hypothesis import HealthCheck, Phase, event, given, settings

from facts.errors import UserError
from infra.cost.estimate import Estimate, estimate
from infra.cost.outputs import document
from infra.settings.loader import Declared, declared, from_config
from infra.settings.notices import notices
from infra.tags import default_tags
from stacks import picture
from tests.infra.anybody.files import StackFile, stack_files
from tests.infra.anybody.judging import findings
from tests.infra.anybody.limits import beyond
from tests.infra.anybody.mischief import wrong_files
from tests.infra.recording import Recorder, beneath, run_program, wire_config

# A line of a refusal: the key as the stack file has it, and then what is wrong.
TOLD = re.compile(r"  (emr|aws):\S.*?: \S.*")
# What only those who wrote the program would understand.
INNARDS = re.compile(
    r"pydantic|Traceback|validation error|Value error|[Ii]nput should|Assertion|<class|Error\(|__"
)

# What a cluster costs follows from all that is said of it: the rule names its own option, and the estimate the rest.
NO_ONE_KEY = {"cost-monthly-estimate"}
# A stack takes a second, and its file is small enough to read as it is.
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


def few(number: int) -> int:
    """So many examples where they are the same each time; where new ones are looked for, as many as there."""
    profile = settings.default
    assert profile is not None
    return number if profile.derandomize else max(number, profile.max_examples)


def read(file: StackFile) -> Declared | None:
    """What the file declares; None when it is refused, with every mistake in words and on a line of its own."""
    try:
        here = declared(from_config(wire_config(file.config)), file.stack, file.jobs)
    except UserError as error:
        refusal = str(error)
    else:
        event("accepted")
        return here
    event("refused")
    assert not INNARDS.search(refusal), refusal
    heading, *lines = refusal.splitlines()
    if heading.startswith("the stack's configuration has"):
        assert lines
        assert [line for line in lines if not TOLD.fullmatch(line)] == []
    return None


def run(file: StackFile) -> tuple[Recorder, dict[str, Any]]:
    """What the program registers and exports with the file, its secrets and the account beneath in its region."""
    account = {**beneath(file.config["aws:allowedAccountIds"][0]), "region": file.config["aws:region"]}
    with mock.patch("infra.settings.loader.load_catalog", return_value=file.jobs):
        return run_program(
            file.stack, {**file.config, **file.secrets}, secrets=list(file.secrets), account_exports=account
        )


@cache
def run_job_flow() -> Shape:
    """The request with which EMR starts a cluster, as botocore has it."""
    shape = botocore.session.get_session().get_service_model("emr").operation_model("RunJobFlow").input_shape
    assert shape is not None
    return shape


def check_cost(found: Estimate, ceiling: int | None) -> None:
    """A range; what has no price is said and has none."""
    for row in (*found.rows, *found.jobs):
        if row.unknown:
            assert row.high is None, row
            continue
        assert row.high is not None, row
        assert 0 <= (row.low or 0) <= row.high + 1e-6, row  # a job without an SLO has no low end
        assert math.isfinite(row.high), row
    assert 0 <= found.low <= found.high + 1e-6
    assert json.dumps(document(found, ceiling), allow_nan=False)


def preview(made: Recorder) -> dict[str, Any]:
    """What was registered, as a preview's JSON has it."""
    states = [
        {"urn": answer.urn, "type": asked.type, "custom": asked.custom, "parent": asked.parent}
        for asked, answer in made.requests
    ]
    return {"steps": [{"urn": state["urn"], "newState": state} for state in states]}


@given(stack_files())
@settings(max_examples=few(6), phases=WITHOUT_SHRINKING, suppress_health_check=list(HealthCheck))
def test_anybodys_stack_is_refused_in_words_or_makes_a_stack_that_aws_takes(file: StackFile) -> None:
    here = read(file)
    if here is None:
        return
    check_cost(estimate(here.settings, here.jobs), here.settings.cost.monthly_ceiling_usd)
    made, platform = run(file)
    assert json.dumps(platform, allow_nan=False)
    for template in platform["launch_templates"].values():
        validate_parameters(template, run_job_flow())  # raises
    assert beyond(made, default_tags(here.settings, file.stack)) == []
    # What the pack finds was told in the settings' words, and nothing is told that it does not find.
    found, told = findings(made, file.trusted_subnets), dict(notices(here.settings))
    assert {line.partition(":")[0] for line in found} - NO_ONE_KEY == set(told), (found, told)
    assert picture.page(file.stack, preview(made)).count("```mermaid") > 5


@given(wrong_files())
@settings(max_examples=few(40), suppress_health_check=list(HealthCheck))
def test_a_file_with_mistakes_is_refused_in_words(file: StackFile) -> None:
    read(file)
