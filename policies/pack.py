"""Rules as policies of the engine: dispatch by type, unknown values, broken rules, one line a finding."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pulumi_policy as sdk
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.documents import DocumentError
from policies.resource import Resource, Stack, WrongTypeError
from policies.rule import Config, Finding, Level, ResourceRule, Rule, StackRule, Verdicts
from policies.rules import ALL
from policies.unknown import NotYetKnownError, Unknown

NAME = "emr-policies"
MAX_FINDINGS = 20
"""Findings of one rule on one resource that are told one by one; the rest is counted."""


class _JudgedLaterError(UnknownValueError):
    """What the SDK reports as an advisory in a preview: rule, resource, and each value not known yet."""

    def __init__(self, message: str) -> None:
        super().__init__(UNKNOWN_STRING_VALUE, [])
        self.message = message


class Outcome:
    """What a rule said of one or more resources, before it goes to the engine."""

    def __init__(self) -> None:
        self.findings: list[tuple[Resource, str]] = []
        self.unknown: list[tuple[Resource, str]] = []

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

    def report(self, tell: sdk.ReportViolation, preview: bool) -> None:
        """Hand it to the engine: what is unknown as an advisory in a preview, as a violation in an update."""
        for resource, message in self.findings:
            tell(message, resource.urn)
        if not self.unknown:
            return
        if preview:
            listed = ", ".join(f"{resource.label} {path}" for resource, path in self.unknown)
            raise _JudgedLaterError(f"not yet known: {listed}. Judged again at the update")
        for resource, path in self.unknown:
            tell(f"{resource.label}: {path} is still unknown, so the rule could not judge it.", resource.urn)


def is_preview() -> bool:
    """Whether the engine only previews; outside of an engine (tests, tools) it counts as a preview."""
    return os.environ.get("PULUMI_DRY_RUN", "true") != "false"


def policy_of(rule: Rule, preview: Callable[[], bool] = is_preview) -> sdk.Policy:
    """The engine policy of a rule."""
    common: dict[str, Any] = {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": sdk.EnforcementLevel(rule.level.value),
        "severity": sdk.Severity(rule.severity.value),
        "config_schema": sdk.PolicyConfigSchema({k: dict(v) for k, v in rule.config.items()})
        if rule.config
        else None,
        "tags": [control.id for control in rule.controls],
        "remediation_steps": rule.remedy,
    }
    if isinstance(rule, ResourceRule):
        remediate = _remediator(rule) if rule.remediate else None
        return sdk.ResourceValidationPolicy(validate=_validator(rule, preview), remediate=remediate, **common)
    if isinstance(rule, StackRule):
        return sdk.StackValidationPolicy(validate=_stack_validator(rule, preview), **common)
    raise TypeError(f"rule {rule.id} is neither a resource rule nor a stack rule")


def _resource(args: sdk.ResourceValidationArgs | sdk.PolicyResource) -> Resource:
    provider = args.provider.props if args.provider is not None else None
    return Resource(args.resource_type, args.name, args.urn, args.props, provider)


def _validator(rule: ResourceRule, preview: Callable[[], bool]) -> sdk.ResourceValidation:
    def validate(args: sdk.ResourceValidationArgs, tell: sdk.ReportViolation) -> None:
        if args.resource_type not in rule.types:
            return
        resource, options = _resource(args), rule.options(args.get_config())
        outcome = Outcome()
        outcome.judge(rule, resource, lambda: rule.check(resource, options))
        outcome.report(tell, preview())

    return validate


def _stack_validator(rule: StackRule, preview: Callable[[], bool]) -> sdk.StackValidation:
    def validate(args: sdk.StackValidationArgs, tell: sdk.ReportViolation) -> None:
        options: Config = rule.options(args.get_config())
        outcome = Outcome()
        stack = graph(args.resources)
        for resource in stack.of(*sorted(rule.types)):
            # Bound as a default, since the loop moves on.
            outcome.judge(rule, resource, lambda r=resource: rule.check(r, stack, options))  # type: ignore[misc]
        outcome.report(tell, preview())

    return validate


def graph(resources: Iterable[sdk.PolicyResource]) -> Stack:
    """The stack as the rules see it, with the flow of outputs between its resources."""
    given = list(resources)
    seen = {id(r): _resource(r) for r in given}
    for one in given:
        seen[id(one)].references = {
            prop: [seen[id(source)] for source in sources if id(source) in seen]
            for prop, sources in one.property_dependencies.items()
        }
    return Stack(list(seen.values()))


def _remediator(rule: ResourceRule) -> Callable[[sdk.ResourceValidationArgs], Any]:
    def remediate(args: sdk.ResourceValidationArgs) -> Mapping[str, Any] | None:
        if args.resource_type not in rule.types or rule.remediate is None:
            return None
        changes = rule.remediate(_resource(args), rule.options(args.get_config()))
        if not changes:
            return None
        props: Any = args.props  # written through, so that the SDK keeps what is unknown or secret as it was
        for key, value in changes.items():
            props[key] = value
        return args.props

    return remediate


def policies(rules: Iterable[Rule] = ALL) -> Iterator[sdk.Policy]:
    """Every rule as a policy."""
    return (policy_of(rule) for rule in rules)


def serve() -> None:
    """Serve the pack to the engine until it goes away."""
    sdk.PolicyPack(
        NAME, list(policies()), enforcement_level=sdk.EnforcementLevel(Level.MANDATORY.value), provider="aws"
    )
