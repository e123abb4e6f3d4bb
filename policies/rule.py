"""A rule: what it protects, which public controls it encodes, where it applies, and how it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from policies.unknown import Unknown
from policies.view import Resource, Stack


class Severity(StrEnum):
    """How bad a violation is; independent of whether it stops an update."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """What a violation does: named as the engine names its enforcement levels."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"
    REMEDIATE = "remediate"
    DISABLED = "disabled"


class Source(StrEnum):
    """Who publishes a control."""

    CHECKOV = "Checkov"
    FSBP = "AWS FSBP"
    CDK_NAG = "cdk-nag"
    CIS = "CIS AWS v5.0.0"
    CONTROL_TOWER = "Control Tower"
    CONFIG = "AWS Config"


@dataclass(frozen=True)
class Control:
    """A public control that a rule encodes, by the id its publisher gives it."""

    source: Source
    id: str


def checkov(*ids: str) -> tuple[Control, ...]:
    """Checks of Checkov 3.3, as in CKV_AWS_7."""
    return tuple(Control(Source.CHECKOV, i) for i in ids)


def fsbp(*ids: str) -> tuple[Control, ...]:
    """Controls of AWS Security Hub, as in KMS.4."""
    return tuple(Control(Source.FSBP, i) for i in ids)


def nag(*ids: str) -> tuple[Control, ...]:
    """Rules of cdk-nag 3.0, as in AwsSolutions-KMS5."""
    return tuple(Control(Source.CDK_NAG, i) for i in ids)


def cis(*ids: str) -> tuple[Control, ...]:
    """Recommendations of the CIS AWS Foundations Benchmark 5.0.0, as in 3.6."""
    return tuple(Control(Source.CIS, i) for i in ids)


def tower(*ids: str) -> tuple[Control, ...]:
    """Proactive controls of AWS Control Tower, as in CT.EMR.PR.1."""
    return tuple(Control(Source.CONTROL_TOWER, i) for i in ids)


def config_rule(*ids: str) -> tuple[Control, ...]:
    """Managed rules of AWS Config, as in required-tags."""
    return tuple(Control(Source.CONFIG, i) for i in ids)


@dataclass(frozen=True)
class Finding:
    """What is wrong with a resource, value included; the pack adds which resource and what to do."""

    problem: str
    remedy: str = ""


Verdicts = Iterator[Finding | Unknown]
Config = Mapping[str, Any]

EXEMPTIONS = "exemptions"
COMMON: Mapping[str, Mapping[str, Any]] = {
    EXEMPTIONS: {
        "type": "array",
        "default": [],
        "description": "Resources that the rule lets be: a pattern over name or URN, the reason, the last day.",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["resource", "reason", "until"],
            "properties": {
                "resource": {"type": "string", "minLength": 1},
                "reason": {"type": "string", "minLength": 10},
                "until": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
            },
        },
    }
}
"""Options that every rule has."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What all rules say of themselves.

    `config` maps an option to its JSON schema with a `default`. `remedy` ends each finding of the rule unless
    the finding brings its own. `types` are the wire types that the rule is called for, and no others.
    """

    id: str
    title: str
    protects: str
    remedy: str
    types: frozenset[str]
    severity: Severity = Severity.HIGH
    level: Level = Level.MANDATORY
    controls: tuple[Control, ...] = ()
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def schema(self) -> Mapping[str, Mapping[str, Any]]:
        """The JSON schema of every option: its own, and those that all rules have."""
        return {**self.config, **COMMON}

    def options(self, given: Mapping[str, Any] | None) -> Config:
        """The rule's configuration: what was given over the defaults."""
        return {key: schema["default"] for key, schema in self.schema.items()} | dict(given or {})


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule on the inputs of one resource, judged before the resource is touched.

    `remediate` returns the inputs to change, by name; it is used where the level is `remediate` only.
    """

    check: Callable[[Resource, Config], Verdicts]
    remediate: Callable[[Resource, Config], Mapping[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule on a resource in its stack: what must stand beside it. Judged when all are registered."""

    check: Callable[[Resource, Stack, Config], Verdicts]
