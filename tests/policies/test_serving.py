"""What is served: the same answers as the SDK's own servicer gives, with what it reads, read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi_policy as sdk
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as proto
from pulumi_policy.deserialize import SPECIAL_SIG_KEY
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies import reading, serving
from policies.calls import on_resource, on_stack
from policies.cases import Case, Given, load
from policies.pack import NAME, policies
from policies.rule import Finding, ResourceRule
from policies.rules import ALL

KEY = Given("aws:kms/key:Key", "data", {"description": "data"})
CASES = [pytest.param(rule.id, load(rule), id=rule.id) for rule in ALL]


def of_the_sdk() -> Any:
    return _PolicyAnalyzerServicer(
        NAME, serving.VERSION, policies(), sdk.EnforcementLevel.MANDATORY, provider="aws"
    )


def configured(servicer: Any, levels: Mapping[str, Any], config: Mapping[str, Mapping[str, Any]]) -> Any:
    """`servicer` with a level and options for some rules, as the engine hands them over."""
    request = proto.ConfigureAnalyzerRequest()
    for name, level in levels.items():
        request.policyConfig[name].enforcementLevel = level
        request.policyConfig[name].properties.CopyFrom(
            json_format.ParseDict(dict(config.get(name, {})), struct_pb2.Struct())
        )
    servicer.Configure(request, None)
    return servicer


@pytest.mark.parametrize(("rule", "cases"), CASES)
def test_every_case_of_every_rule_is_answered_as_the_sdk_would(rule: str, cases: list[Case]) -> None:
    own, theirs = serving.servicer(), of_the_sdk()
    for case in cases:
        config = {rule: case.config}
        for servicer in (own, theirs):
            configured(servicer, {rule: proto.MANDATORY}, config)
        for one in case.resources:
            call = on_resource(one)
            assert own.Analyze(call, None) == theirs.Analyze(call, None), case.name
        call = on_stack(case.resources)
        assert own.AnalyzeStack(call, None) == theirs.AnalyzeStack(call, None), case.name


SECRET = "1b47061264138c4ac30d75fd1eb44270"  # the engine's mark of a secret value
OPEN_TO_ALL = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}'


@pytest.mark.parametrize("dry_run", ["true", "false"])
@pytest.mark.parametrize(
    "policy",
    [UNKNOWN_STRING_VALUE, {SPECIAL_SIG_KEY: SECRET, "value": OPEN_TO_ALL}],
    ids=["unknown", "secret"],
)
def test_unknown_and_secret_values_are_answered_as_the_sdk_would_before_and_in_an_update(
    monkeypatch: pytest.MonkeyPatch, dry_run: str, policy: Any
) -> None:
    monkeypatch.setenv("PULUMI_DRY_RUN", dry_run)
    key = Given(KEY.type, KEY.name, {"policy": policy})
    own, theirs = (one.Analyze(on_resource(key), None) for one in (serving.servicer(), of_the_sdk()))
    assert own == theirs
    about_the_policy = any("policy" in one.message for one in own.diagnostics)
    assert about_the_policy == (policy != UNKNOWN_STRING_VALUE or dry_run == "false")


def test_who_the_pack_is_and_what_it_has_is_the_sdks_word() -> None:
    assert serving.servicer().GetAnalyzerInfo(None, None) == of_the_sdk().GetAnalyzerInfo(None, None)
    assert serving.servicer().GetPluginInfo(None, None) == of_the_sdk().GetPluginInfo(None, None)


def test_a_level_that_comes_after_the_first_resource_holds_from_then_on() -> None:
    servicer, call = serving.servicer(), on_resource(KEY)
    told = {one.policyName: one.enforcementLevel for one in servicer.Analyze(call, None).diagnostics}
    assert told["kms-rotation"] == proto.MANDATORY
    configured(servicer, {"kms-rotation": proto.ADVISORY}, {})
    told = {one.policyName: one.enforcementLevel for one in servicer.Analyze(call, None).diagnostics}
    assert told["kms-rotation"] == proto.ADVISORY
    configured(servicer, {"kms-rotation": proto.DISABLED}, {})
    assert "kms-rotation" not in {one.policyName for one in servicer.Analyze(call, None).diagnostics}


def test_a_remedy_is_given_as_the_sdk_gives_it() -> None:
    call = on_resource(KEY)
    own, theirs = (
        configured(one, {"kms-rotation": proto.REMEDIATE}, {}).Remediate(call, None)
        for one in (serving.servicer(), of_the_sdk())
    )
    assert own == theirs
    assert own.remediations[0].properties["enableKeyRotation"] is True


def test_a_type_without_rules_costs_nothing_and_says_nothing() -> None:
    unheard_of = on_resource(Given("random:index/pet:Pet", "pet"))
    assert serving.servicer().Analyze(unheard_of, None) == proto.AnalyzeResponse()
    assert serving.servicer().Remediate(unheard_of, None) == proto.RemediateResponse()


def test_a_resource_is_read_once_and_by_the_rules_of_its_type_alone() -> None:
    seen: list[int] = []

    def rule(name: str, kind: str) -> ResourceRule:
        def check(resource: Any, _config: Any) -> Any:
            seen.append(id(resource))
            yield Finding(f"seen by {name}")

        return ResourceRule(
            id=name, title="T", protects="P", remedy="R", types=frozenset({kind}), check=check
        )

    servicer = serving.servicer(
        [rule("one", KEY.type), rule("two", KEY.type), rule("other", "aws:s3/bucket:Bucket")]
    )
    told = servicer.Analyze(on_resource(KEY), None)
    assert [one.policyName for one in told.diagnostics] == ["one", "two"]
    assert len(set(seen)) == 1


def test_what_was_read_is_forgotten_when_the_call_ends() -> None:
    args = sdk.ResourceValidationArgs(KEY.type, {}, KEY.urn, KEY.name, None, None, None)  # type: ignore[arg-type]
    with reading.shared():
        reading.read_resource(args, lambda *_: None)
        assert reading.resource(args) is reading.resource(args)
    assert reading.resource(args) is not reading.resource(args)
