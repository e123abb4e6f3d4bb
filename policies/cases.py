"""Fixtures: what a rule must find, must pass, and must not mistake, as YAML files beside the rules.

fixtures/<rule id>.yaml holds `bad`, `good` and `near_miss` (and, where values may be unknown, `unknown`), lists
of cases: `resources` with `type`, `name`, `props` and, for stack rules, `parent` and `flows` (property name to the
names of the resources whose outputs flow into it), `ignored` (its `ignore_changes`); `config` where it differs from
the default; and `says`, parts of what the engine is told. Two YAML tags: `!json` turns a structure into JSON text,
as the wire carries documents; `!unknown` is a value not known yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pulumi_policy as sdk
import yaml
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.pack import Ledger, policy_of, this_day
from policies.rule import ResourceRule, Rule

FOLDER = Path(__file__).resolve().parent / "fixtures"
KINDS = ("bad", "good", "near_miss", "unknown")


@dataclass(frozen=True)
class Given:
    """One resource of a case."""

    type: str
    name: str
    props: dict[str, Any] = field(default_factory=dict)
    flows: dict[str, list[str]] = field(default_factory=dict)
    provider: dict[str, Any] | None = None
    parent: str | None = None
    ignored: list[str] = field(default_factory=list)

    @property
    def urn(self) -> str:
        """The URN that the engine would give it."""
        return f"urn:pulumi:test::fixtures::{self.type}::{self.name}"


@dataclass(frozen=True)
class Case:
    """A case of a rule: some resources, and what is expected of the rule."""

    kind: str
    name: str
    resources: tuple[Given, ...]
    says: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """What the engine is told: violations by URN, what the preview could not judge, and what is exempt."""

    findings: tuple[tuple[str, str], ...]
    deferred: tuple[str, ...]
    exempt: tuple[str, ...] = ()


class _Loader(yaml.SafeLoader):
    """YAML with the two tags of fixtures."""


def _json(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return json.dumps(loader.construct_mapping(node, deep=True))
    if isinstance(node, yaml.SequenceNode):
        return json.dumps(loader.construct_sequence(node, deep=True))
    return json.dumps(node.value)


_Loader.add_constructor("!json", _json)
_Loader.add_constructor("!unknown", lambda _loader, _node: UNKNOWN_STRING_VALUE)


def load(rule: Rule) -> list[Case]:
    """Every case of a rule."""
    text = (FOLDER / f"{rule.id}.yaml").read_text()
    # The loader is a SafeLoader with two constructors that build strings.
    data: Mapping[str, list[dict[str, Any]]] = yaml.load(text, _Loader)  # noqa: S506
    strays = set(data) - set(KINDS)
    if strays:
        raise ValueError(f"fixtures of {rule.id}: unknown kind {sorted(strays)}; allowed: {KINDS}")
    return [_case(kind, entry) for kind in KINDS for entry in data.get(kind, [])]


def _case(kind: str, entry: dict[str, Any]) -> Case:
    says = entry.get("says", [])
    return Case(
        kind=kind,
        name=entry["name"],
        resources=tuple(Given(**resource) for resource in entry["resources"]),
        says=tuple([says] if isinstance(says, str) else says),
        config=entry.get("config", {}),
    )


def judge(rule: Rule, case: Case, *, preview: bool = True, today: date | None = None) -> Judgement:
    """Judge a case by the rule's engine policy, as the SDK would call it; exemptions as of `today`."""
    ledger = Ledger()
    policy = policy_of(rule, ledger, lambda: preview, (lambda: today) if today else this_day)
    findings: list[tuple[str, str]] = []

    def tell(message: str, urn: str | None = None) -> None:
        findings.append((urn or "", message))

    if isinstance(policy, sdk.StackValidationPolicy):
        policy.validate(sdk.StackValidationArgs(_stack(case), case.config), tell)
    elif isinstance(policy, sdk.ResourceValidationPolicy):
        for given in case.resources:
            policy.validate(_args(given, case.config), tell)
    return Judgement(tuple(findings), tuple(ledger.lines()), tuple(ledger.exempted()))


def remediated(rule: ResourceRule, case: Case) -> Mapping[str, Any]:
    """The inputs of the case's first resource after the rule's remediation, empty when it changes nothing."""
    policy = policy_of(rule, Ledger())
    assert isinstance(policy, sdk.ResourceValidationPolicy)
    changed: Any = policy.remediate(_args(case.resources[0], case.config))
    return {} if changed is None else {key: changed["__target"][key] for key in changed}


def _provider(given: Given) -> sdk.PolicyProviderResource | None:
    if given.provider is None:
        return None
    props = unknown_checking_proxy(given.provider)
    return sdk.PolicyProviderResource("pulumi:providers:aws", props, "urn:pulumi:test::provider", "default")


def _options(given: Given) -> sdk.PolicyResourceOptions:
    return sdk.PolicyResourceOptions(False, given.ignored, None, [], sdk.PolicyCustomTimeouts(0, 0, 0), [])


def _args(given: Given, config: Mapping[str, Any]) -> sdk.ResourceValidationArgs:
    props = unknown_checking_proxy(dict(given.props))
    return sdk.ResourceValidationArgs(
        given.type, props, given.urn, given.name, _options(given), _provider(given), config
    )


def _stack(case: Case) -> list[sdk.PolicyResource]:
    made = {
        given.name: sdk.PolicyResource(
            given.type,
            unknown_checking_proxy(dict(given.props)),
            given.urn,
            given.name,
            _options(given),
            _provider(given),
            None,
            [],
            {},
        )
        for given in case.resources
    }
    if len(made) < len(case.resources):
        raise ValueError(f"case {case.name!r}: two resources of one name, and `flows` goes by name")
    for given in case.resources:
        made[given.name].parent = made[given.parent] if given.parent else None
        flows = {prop: [made[name] for name in names] for prop, names in given.flows.items()}
        made[given.name].property_dependencies = flows
        made[given.name].dependencies = [resource for sources in flows.values() for resource in sources]
    return list(made.values())
