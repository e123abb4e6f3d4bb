"""What the pack promises: dispatch by type, broken rules, many findings, remediation, a quick start."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from typing import Any

import pytest
from pulumi_policy import (
    EnforcementLevel,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.cases import FOLDER, Case, Given, judge, load, remediated
from policies.pack import EXEMPT, MAX_FINDINGS, OPEN, Ledger, is_preview, policies, policy_of
from policies.rule import Config, Finding, ResourceRule, Rule, StackRule, Verdicts
from policies.rules import ALL
from policies.unknown import Unknown
from policies.view import Resource, Stack

BUCKET, KEY = "aws:s3/bucket:Bucket", "aws:kms/key:Key"


def by_id(rule_id: str) -> Rule:
    return next(rule for rule in ALL if rule.id == rule_id)


def rule(check: Any, kind: type[ResourceRule] | type[StackRule] = ResourceRule, **more: Any) -> Any:
    defaults = {
        "id": "test-rule",
        "title": "A title",
        "protects": "x",
        "remedy": "Mend it",
        "types": frozenset({BUCKET}),
    }
    return kind(**(defaults | more), check=check)


def case(*given: Given) -> Case:
    return Case("bad", "made here", given)


def refuse(message: str, urn: str | None = None) -> None:
    pytest.fail(f"no finding was due: {message}")


class Untouchable(dict[str, Any]):
    """Properties that must not be read."""

    def __getitem__(self, key: str) -> Any:
        raise AssertionError(f"{key} was read")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("the properties were read")


def test_a_rule_is_not_called_and_nothing_read_for_other_types() -> None:
    def check(resource: Resource, config: Config) -> Verdicts:
        raise AssertionError("called")

    policy = policy_of(rule(check), Ledger())
    assert isinstance(policy, ResourceValidationPolicy)
    options: Any = None
    args = ResourceValidationArgs(KEY, Untouchable(), "urn", "data", options, None, None)
    policy.validate(args, refuse)


def test_a_rule_that_raises_names_itself_and_the_resource() -> None:
    def check(resource: Resource, config: Config) -> Verdicts:
        yield Finding("is bad")
        raise KeyError("oops")

    findings = judge(rule(check), case(Given(BUCKET, "landing"))).findings
    messages = [message for _, message in findings]
    assert messages[0] == "Bucket 'landing': is bad. Mend it."
    assert "Bucket 'landing'" in messages[1]
    assert "'test-rule' itself failed: KeyError: 'oops'" in messages[1]


def test_a_stack_rule_that_raises_on_one_resource_still_judges_the_others() -> None:
    def check(resource: Resource, stack: Stack, config: Config) -> Verdicts:
        if resource.name == "broken":
            raise RuntimeError("oops")
        yield Finding("is bad")

    judgement = judge(rule(check, StackRule), case(Given(BUCKET, "broken"), Given(BUCKET, "fine")))
    assert ["itself failed" in message for _, message in judgement.findings] == [True, False]
    assert [urn.rsplit("::", 1)[-1] for urn, _ in judgement.findings] == ["broken", "fine"]


def test_findings_before_an_unknown_are_told_and_each_unknown_is_listed() -> None:
    def check(resource: Resource, config: Config) -> Verdicts:
        yield Finding("is bad")
        yield Unknown("acl")
        if resource.get("policy").text() == "x":
            yield Finding("never")

    given = Given(BUCKET, "landing", {"policy": UNKNOWN_STRING_VALUE})
    judgement = judge(rule(check), case(given))
    assert len(judgement.findings) == 1
    assert judgement.deferred == ("test-rule: not yet known: Bucket 'landing' acl, Bucket 'landing' policy",)


def test_what_stays_open_is_told_at_the_end_of_the_preview_by_a_policy_of_its_own() -> None:
    def check(resource: Resource, config: Config) -> Verdicts:
        yield Unknown("acl")

    first, second, telling, exempting = policies([rule(check), rule(check, id="other-rule")], lambda: True)
    assert isinstance(first, ResourceValidationPolicy)
    assert isinstance(second, ResourceValidationPolicy)
    assert isinstance(telling, StackValidationPolicy)
    options: Any = None
    for name in ("b", "a", "b"):
        props = unknown_checking_proxy({})
        args = ResourceValidationArgs(BUCKET, props, "urn", name, options, None, None)
        first.validate(args, refuse)
        second.validate(args, refuse)
    told: list[str] = []

    def tell(message: str, urn: str | None = None) -> None:
        told.append(message)

    telling.validate(StackValidationArgs([]), tell)
    assert told == ["other-rule, test-rule: not yet known: Bucket 'a' acl, Bucket 'b' acl"]
    first.validate(ResourceValidationArgs(BUCKET, props, "urn", "c", options, None, None), refuse)
    told.clear()
    telling.validate(StackValidationArgs([]), tell)
    assert told[-1] == "test-rule: not yet known: Bucket acl of 'a', 'b', 'c'"
    assert telling.name == OPEN
    assert exempting.name == EXEMPT
    assert telling.enforcement_level is EnforcementLevel.ADVISORY


@pytest.mark.parametrize(("told", "preview"), [("true", True), ("false", False), (None, True)])
def test_the_engine_says_whether_it_previews(
    monkeypatch: pytest.MonkeyPatch, told: str | None, preview: bool
) -> None:
    monkeypatch.delenv("PULUMI_DRY_RUN", raising=False)
    if told is not None:
        monkeypatch.setenv("PULUMI_DRY_RUN", told)
    assert is_preview() is preview


def test_a_thousand_statements_are_judged_and_told_briefly() -> None:
    statements = [{"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:s3:::b{n}/*"} for n in range(1000)]
    given = Given("aws:iam/policy:Policy", "huge", {"policy": json.dumps({"Statement": statements})})
    messages = [m for _, m in judge(by_id("iam-no-wildcard-action"), case(given)).findings]
    assert len(messages) == MAX_FINDINGS + 1
    assert messages[-1] == f"Policy 'huge': and {1000 - MAX_FINDINGS} more findings of this rule."


def test_remediation_changes_what_is_wrong_and_keeps_the_rest() -> None:
    rotation = by_id("kms-rotation")
    assert isinstance(rotation, ResourceRule)
    off = case(Given(KEY, "data", {"enableKeyRotation": False, "description": "data"}))
    assert remediated(rotation, off) == {"enableKeyRotation": True, "description": "data"}
    assert remediated(rotation, case(Given(KEY, "data", {"enableKeyRotation": True}))) == {}
    assert remediated(rotation, case(Given(BUCKET, "data"))) == {}
    # What cannot be judged is not mended either; the same rule's check reports it.
    assert remediated(rotation, case(Given(KEY, "data", {"enableKeyRotation": "yes"}))) == {}
    assert remediated(rotation, case(Given(KEY, "data", {"enableKeyRotation": UNKNOWN_STRING_VALUE}))) == {}


@pytest.mark.parametrize(
    "one",
    [r for r in ALL if isinstance(r, ResourceRule) and r.remediate and r.id != "required-tags"],
    ids=lambda r: r.id,
)
def test_what_is_remediated_passes(one: ResourceRule) -> None:
    for bad in load(one):
        if bad.kind == "bad" and "wrong type" not in bad.name:
            first = bad.resources[0]
            mended = Given(first.type, first.name, {**first.props, **remediated(one, bad)})
            assert not judge(one, case(mended)).findings


def test_the_pack_imports_nothing_heavy() -> None:
    """The SDK alone takes most of the start (bench/policies.py); the pack may add no library of AWS."""
    code = (
        "import sys, pulumi_policy\nbefore = set(sys.modules)\n"
        "import policies.pack\nprint(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout
    heavy = {"boto3", "botocore", "pulumi_aws", "pydantic", "pandas"}
    assert not heavy & {name.split(".")[0] for name in modules.split()}


def test_no_module_of_the_pack_hides_another() -> None:
    """The engine runs the pack from its own folder, which stands first on the path: a `resource.py` breaks psutil."""
    ours = {path.stem for path in FOLDER.parent.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not ours & (set(sys.stdlib_module_names) | set(packages_distributions()))
