"""The policy pack's rule on grants and needs, on every role that the committed stacks register."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.cases import Case, Given, Judgement, judge
from policies.rules.needs import DECLARED, KEY, ROLE_POLICY, RULES
from tests.infra.recording import Recorder

Run = tuple[Recorder, dict[str, Any]]
(RULE,) = RULES


def judged(made: Recorder, spoilt: str = "", more: tuple[dict[str, Any], ...] = ()) -> Judgement:
    """What the rule says of a stack's roles, one of which has more statements than the program gave it."""
    account = made.account
    keys = [
        Given(KEY, key.name, {"arn": f"arn:aws:kms:us-east-1:{account}:key/{key.name}"})
        for key in made.of("Key")
    ]
    given = [*keys]
    for component in made.components:
        if component.type != DECLARED:
            continue
        document = json.loads(made.one("RolePolicy", component.name).inputs["policy"])
        if component.name == spoilt:
            document["Statement"] += more
        title = f"role {component.name}"
        given.append(Given(DECLARED, title, dict(component.inputs)))
        props = {"policy": json.dumps(document)}
        given.append(Given(ROLE_POLICY, f"policy {component.name}", props, parent=title))
    assert len(given) > len(keys)
    return judge(RULE, Case("good", "a stack", tuple(given)), preview=False)


@pytest.mark.parametrize("stack", ["dev", "prod", "research"])
def test_every_role_is_granted_what_it_needs_and_nothing_else(
    stack: str, request: pytest.FixtureRequest
) -> None:
    made, _ = request.getfixturevalue(stack)
    assert judged(made) == Judgement((), ())


def test_a_grant_by_hand_is_found(dev: Run) -> None:
    made, _ = dev
    by_hand = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::payroll/*"}
    ((_, told),) = judged(made, "submitter", (by_hand,)).findings
    assert "allows s3:GetObject on arn:aws:s3:::payroll/*, which no declared need covers" in told
