"""Every rule against its fixtures, through the policy that the engine would call."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import keyword
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies.cases import FOLDER, KINDS, Case, judge, load
from policies.pack import EXEMPT, NAME, OPEN, Ledger, policies, policy_of
from policies.rule import Level, ResourceRule, Rule, Source, StackRule
from policies.rules import ALL, FAMILIES
from policies.tagging import TAGGABLE

# The program's own components that rules look at, and their inputs.
COMPONENTS = {"emr:security:Role": {"needs"}}
CASES = [(rule, case) for rule in ALL for case in load(rule)]
ID_FORMATS = {
    Source.CHECKOV: r"CKV2?_AWS_\d+",
    Source.FSBP: r"[A-Z][A-Za-z0-9]+\.\d+",
    Source.CDK_NAG: r"AwsSolutions-[A-Z]+\d+",
    Source.CIS: r"\d+(\.\d+)+",
    Source.CONTROL_TOWER: r"CT\.(ATHENA|EMR)\.PR\.\d",
    Source.CONFIG: r"[a-z]+(-[a-z]+)*",
}


def case_id(value: object) -> str:
    return value.id if isinstance(value, Rule) else value.name if isinstance(value, Case) else ""


@pytest.mark.parametrize(("rule", "case"), CASES, ids=case_id)
def test_fixture(rule: Rule, case: Case) -> None:
    judgement = judge(rule, case)
    told = "\n".join(message for _, message in judgement.findings)
    if case.kind == "bad":
        assert judgement.findings, "the rule finds nothing"
        assert not judgement.deferred
    elif case.kind == "unknown":
        assert judgement.deferred, "the rule skips an unknown value in silence"
        told += "\n".join(judgement.deferred)
    else:
        assert not told
        assert not judgement.deferred
    for part in case.says:
        assert part in told
    urns = {given.urn for given in case.resources}
    for urn, message in judgement.findings:
        assert urn in urns
        assert "\n" not in message
        assert re.match(r"\w+ '[^']+': .+\.$", message), message


@pytest.mark.parametrize(("rule", "case"), [(r, c) for r, c in CASES if c.kind == "unknown"], ids=case_id)
def test_what_is_unknown_at_the_update_is_a_violation(rule: Rule, case: Case) -> None:
    judgement = judge(rule, case, preview=False)
    assert not judgement.deferred
    assert any("still unknown" in message for _, message in judgement.findings)


STRANGE: tuple[Any, ...] = (7, True, "x", [], [None], {}, {"x": {"y": [1]}}, None)


@pytest.mark.parametrize("rule", ALL, ids=case_id)
def test_a_property_of_the_wrong_type_is_a_finding_at_most(rule: Rule) -> None:
    """Every property of every fixture, and every member one level down, holds something strange in turn."""
    for case in load(rule):
        for position, given in enumerate(case.resources):
            for props in _spoilt(given.props):
                spoilt = dataclasses.replace(given, props=props)
                others = case.resources[:position], case.resources[position + 1 :]
                changed = dataclasses.replace(case, resources=(*others[0], spoilt, *others[1]))
                for _, message in judge(rule, changed).findings:
                    assert "itself failed" not in message, (case.name, props)


def _spoilt(props: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key, value in props.items():
        for strange in STRANGE:
            yield {**props, key: strange}
            if isinstance(value, dict):
                yield {**props, key: {member: strange for member in value}}
            if isinstance(value, list):
                yield {**props, key: [*value, strange]}


@pytest.mark.parametrize("rule", ALL, ids=case_id)
def test_every_rule_has_bad_good_and_near_miss(rule: Rule) -> None:
    kinds = {case.kind for case in load(rule)}
    assert set(KINDS[:3]) <= kinds
    names = [case.name for case in load(rule)]
    assert len(names) == len(set(names))
    assert all(case.says for case in load(rule) if case.kind in ("bad", "unknown"))


def test_every_fixture_belongs_to_a_rule() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {rule.id for rule in ALL}


def test_ids_and_controls() -> None:
    ids = [rule.id for rule in ALL]
    assert len(ids) == len(set(ids))
    for rule in ALL:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
        assert len(rule.controls) == len(set(rule.controls)), rule.id
        for control in rule.controls:
            assert re.fullmatch(ID_FORMATS[control.source], control.id), control
        for text in (rule.title, rule.protects, rule.remedy):
            assert text, rule.id
            assert not text.endswith("."), (rule.id, text)


def test_every_option_has_a_type_a_default_and_a_description() -> None:
    for rule in ALL:
        for option, schema in rule.config.items():
            assert {"type", "default", "description"} <= set(schema), (rule.id, option)


def test_every_family_is_part_of_the_pack_and_every_rule_mandatory_or_a_choice() -> None:
    names = [policy.name for policy in policies()]
    assert names == [*(rule.id for rule in ALL), OPEN, EXEMPT]
    assert sum(len(rules) for rules in FAMILIES.values()) == len(ALL)
    # A rule that is a choice of each platform is off; advisory what stands in the way of a platform that goes down.
    assert [rule.id for rule in ALL if rule.level is Level.ADVISORY] == ["dynamodb-deletion-protection"]
    assert {rule.level for rule in ALL} <= {Level.MANDATORY, Level.DISABLED, Level.ADVISORY}
    assert re.fullmatch(r"[a-zA-Z0-9-_.]{1,100}", NAME)


def test_a_rule_of_no_known_kind_is_refused() -> None:
    bare = {f.name: getattr(ALL[0], f.name) for f in Rule.__dataclass_fields__.values()}
    with pytest.raises(TypeError, match=ALL[0].id):
        policy_of(Rule(**bare), Ledger())


def test_types_and_properties_exist_in_the_provider() -> None:
    """A misspelt type or property would make a rule, and its fixtures, silently judge nothing."""
    types = {given.type for _, case in CASES for given in case.resources} - COMPONENTS.keys()
    known = {**_provider_properties(types), **COMPONENTS}
    for rule, case in CASES:
        assert isinstance(rule, ResourceRule | StackRule)
        for given in case.resources:
            strays = set(given.props) - known[given.type] - {"id", "arn", "tagsAll", "defaultRouteTableId"}
            assert not strays, (rule.id, case.name, strays)


def test_every_type_of_a_rule_exists() -> None:
    types = {kind for rule in ALL for kind in rule.types if kind not in COMPONENTS} - TAGGABLE
    _provider_properties(types)


def _provider_properties(types: set[str]) -> dict[str, set[str]]:
    """The arguments of each type, read from pulumi_aws's sources: importing them takes 17 s."""
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    modules = json.loads(
        (package / "__init__.py").read_text().split('resource_modules="""')[1].split('"""')[0]
    )
    known = {token: m["mod"] for m in modules for token in m["classes"]}
    found = {}
    for kind in types:
        folder, name = known[kind].split("/")
        # A folder that Python keeps for itself bears an underscore.
        place = package / f"{folder}_" if keyword.iskeyword(folder) else package / folder
        source = (place / f"{_snake(name)}.py").read_text()
        signature = source.split("def _internal_init(__self__,")[1].split("):")[0]
        found[kind] = {_camel(parameter) for parameter in re.findall(r"^ +(\w+): ", signature, re.MULTILINE)}
    return found


def _snake(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
