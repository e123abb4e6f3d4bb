"""Rules as policies of the engine: dispatch by type, unknown values, broken rules, one line a finding."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from threading import Lock
from typing import Any

import pulumi_policy as sdk

from policies import exemptions, reading
from policies.documents import DocumentError
from policies.rule import Config, Finding, ResourceRule, Rule, StackRule, Verdicts
from policies.rules import ALL
from policies.unknown import NotYetKnownError, Unknown
from policies.view import Resource, WrongTypeError

NAME = "emr-policies"
OPEN = "not-yet-judged"
EXEMPT = "exempted"
MAX_FINDINGS = 20
"""Findings of one rule on one resource that are told one by one; the rest is counted."""


_FEW = 2  # resources that are told one by one


class Ledger:
    """What rules leave be, rule by rule, to be told once at the end: values not known yet, and exemptions.

    The SDK's own way is an advisory for each rule and resource, which fills two screens at a stack's first preview.
    """

    def __init__(self) -> None:
        self._lock = Lock()  # the SDK judges resources on four threads
        self._entries: dict[str, list[str]] = {}
        self._exempt: dict[str, list[str]] = {}

    def note(self, rule: str, what: str) -> None:
        """Keep that `rule` waits for `what`."""
        self._keep(self._entries, rule, what)

    def exempt(self, rule: str, what: str) -> None:
        """Keep that `rule` found something that it lets be."""
        self._keep(self._exempt, rule, what)

    def _keep(self, kept: dict[str, list[str]], rule: str, what: str) -> None:
        with self._lock:
            entries = kept.setdefault(rule, [])
            if what not in entries:
                entries.append(what)

    def lines(self) -> list[str]:
        """One line for all the rules that wait for the same values."""
        with self._lock:
            groups: dict[str, list[str]] = {}
            for rule, entries in sorted(self._entries.items()):
                groups.setdefault(", ".join(_grouped(entries)), []).append(rule)
        return [f"{', '.join(rules)}: not yet known: {values}" for values, rules in groups.items()]

    def exempted(self) -> list[str]:
        """One line a rule that found something which is exempt."""
        with self._lock:
            return [f"{rule}: {', '.join(sorted(entries))}" for rule, entries in sorted(self._exempt.items())]


def _grouped(entries: Iterable[str]) -> list[str]:
    """`Type 'name' property`, where many have the same type and property as one: `Type property of 'a', 'b', 'c'`."""
    alike: dict[tuple[str, str], list[str]] = {}
    for entry in sorted(entries):
        kind, _, rest = entry.partition(" ")
        name, _, prop = rest.rpartition(" ")
        alike.setdefault((kind, prop), []).append(name)
    return [
        told
        for (kind, prop), names in alike.items()
        for told in (
            [f"{kind} {prop} of {', '.join(names)}"]
            if len(names) > _FEW
            else [f"{kind} {name} {prop}" for name in names]
        )
    ]


class Outcome:
    """What a rule said of one or more resources, before it goes to the engine."""

    def __init__(self) -> None:
        self.findings: list[tuple[Resource, str]] = []
        self.unknown: list[tuple[Resource, str]] = []

    def weigh(
        self, given: Judging, resource: Resource, options: Config, verdicts: Callable[[], Verdicts]
    ) -> None:
        """Judge a resource, unless an exemption holds for it: then what was found is kept as exempt."""
        exemption, wrong = exemptions.judged(options, resource, given.today())
        for finding in wrong:
            self._tell(given.rule, resource, finding)
        if exemption is None:
            self.judge(given.rule, resource, verdicts)
            return
        apart = Outcome()
        apart.judge(given.rule, resource, verdicts)
        if apart.findings or apart.unknown:
            until = f"until {exemption.until}: {exemption.reason}"
            given.ledger.exempt(given.rule.id, f"{resource.label} ({until})")

    def judge(self, rule: Rule, resource: Resource, verdicts: Callable[[], Verdicts]) -> None:
        """Run a rule on a resource; what it raises becomes a finding that names rule and resource."""
        told = 0
        try:
            for verdict in verdicts():
                if isinstance(verdict, Unknown):
                    self._defer(resource, verdict.path)
                    continue
                told += 1
                if told <= MAX_FINDINGS:
                    self._tell(rule, resource, verdict)
        except NotYetKnownError as error:
            self._defer(resource, error.path)
        except (WrongTypeError, DocumentError) as error:
            self._tell(
                rule, resource, Finding(str(error), remedy="Mend the value: it cannot be judged as it is")
            )
        except Exception as error:
            self.findings.append(
                (
                    resource,
                    f"{resource.label}: the rule '{rule.id}' itself failed: {type(error).__name__}: {error}. "
                    "This is a defect of the policy pack; the resource was not judged by this rule.",
                )
            )
        if told > MAX_FINDINGS:
            self.findings.append(
                (resource, f"{resource.label}: and {told - MAX_FINDINGS} more findings of this rule.")
            )

    def _tell(self, rule: Rule, resource: Resource, finding: Finding) -> None:
        self.findings.append(
            (resource, f"{resource.label}: {finding.problem}. {finding.remedy or rule.remedy}.")
        )

    def _defer(self, resource: Resource, path: str) -> None:
        if (resource, path) not in self.unknown:
            self.unknown.append((resource, path))

    def report(self, rule: Rule, tell: sdk.ReportViolation, ledger: Ledger, preview: bool) -> None:
        """Hand it to the engine: what is unknown goes to the ledger in a preview, is a violation in an update."""
        for resource, message in self.findings:
            tell(message, resource.urn)
        for resource, path in self.unknown:
            if preview:
                ledger.note(rule.id, f"{resource.label} {path}")
            else:
                tell(
                    f"{resource.label}: {path} is still unknown, so the rule could not judge it.",
                    resource.urn,
                )


def is_preview() -> bool:
    """Whether the engine only previews; outside of an engine (tests, tools) it counts as a preview."""
    return os.environ.get("PULUMI_DRY_RUN", "true") != "false"


def this_day() -> date:
    """Today, in UTC: the day on which exemptions end."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Judging:
    """A rule with what it is judged by: where open ends are kept, whether it is a preview, what day it is."""

    rule: Rule
    ledger: Ledger
    preview: Callable[[], bool] = is_preview
    today: Callable[[], date] = this_day


def policy_of(
    rule: Rule,
    ledger: Ledger,
    preview: Callable[[], bool] = is_preview,
    today: Callable[[], date] = this_day,
) -> sdk.Policy:
    """The engine policy of a rule; what it cannot judge in a preview goes to `ledger`."""
    given = Judging(rule, ledger, preview, today)
    common: dict[str, Any] = {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": sdk.EnforcementLevel(rule.level.value),
        "severity": sdk.Severity(rule.severity.value),
        "config_schema": sdk.PolicyConfigSchema({k: dict(v) for k, v in rule.schema.items()}),
        "tags": [control.id for control in rule.controls],
        "remediation_steps": rule.remedy,
    }
    if isinstance(rule, ResourceRule):
        remediate = _remediator(rule) if rule.remediate else None
        return sdk.ResourceValidationPolicy(validate=_validator(rule, given), remediate=remediate, **common)
    if isinstance(rule, StackRule):
        return sdk.StackValidationPolicy(validate=_stack_validator(rule, given), **common)
    raise TypeError(f"rule {rule.id} is neither a resource rule nor a stack rule")


def _validator(rule: ResourceRule, given: Judging) -> sdk.ResourceValidation:
    def validate(args: sdk.ResourceValidationArgs, tell: sdk.ReportViolation) -> None:
        if args.resource_type not in rule.types:
            return
        resource, options = reading.resource(args), rule.options(args.get_config())
        outcome = Outcome()
        outcome.weigh(given, resource, options, lambda: rule.check(resource, options))
        outcome.report(rule, tell, given.ledger, given.preview())

    return validate


def _stack_validator(rule: StackRule, given: Judging) -> sdk.StackValidation:
    def validate(args: sdk.StackValidationArgs, tell: sdk.ReportViolation) -> None:
        options: Config = rule.options(args.get_config())
        outcome = Outcome()
        stack = reading.stack(args)
        for resource in stack.of(*sorted(rule.types)):
            outcome.weigh(given, resource, options, partial(rule.check, resource, stack, options))
        outcome.report(rule, tell, given.ledger, given.preview())

    return validate


def _remediator(rule: ResourceRule) -> Callable[[sdk.ResourceValidationArgs], Any]:
    def remediate(args: sdk.ResourceValidationArgs) -> Mapping[str, Any] | None:
        if args.resource_type not in rule.types or rule.remediate is None:
            return None
        try:
            changes = rule.remediate(reading.resource(args), rule.options(args.get_config()))
        except Exception:
            # The same rule judges the resource next, and says then what is wrong with it or with the rule itself.
            return None
        if not changes:
            return None
        props: Any = args.props  # written through, so that the SDK keeps what is unknown or secret as it was
        for key, value in changes.items():
            props[key] = value
        return args.props

    return remediate


def _teller(name: str, description: str, lines: Callable[[], list[str]]) -> sdk.Policy:
    """A policy that stands last and tells, as advisories, what rules left be."""

    def validate(_args: sdk.StackValidationArgs, tell: sdk.ReportViolation) -> None:
        for line in lines():
            tell(line, None)

    return sdk.StackValidationPolicy(
        name=name,
        description=description,
        validate=validate,
        enforcement_level=sdk.EnforcementLevel.ADVISORY,
    )


def policies(rules: Iterable[Rule] = ALL, preview: Callable[[], bool] = is_preview) -> list[sdk.Policy]:
    """Every rule as a policy, and the two that tell what they left open and what is exempt."""
    ledger = Ledger()
    return [
        *(policy_of(rule, ledger, preview) for rule in rules),
        _teller(OPEN, "Rules that values not known yet leave open: the update judges them", ledger.lines),
        _teller(
            EXEMPT, "What rules found and exemptions let be, for a reason and until a day", ledger.exempted
        ),
    ]
