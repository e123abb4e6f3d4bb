"""What the engine told of the policies in one preview or update, read from its event log.

The log holds one JSON object a line, with one of the members of `EngineEvent`:
https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/events.go
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from facts.errors import UserError
from policies.pack import OPEN
from policies.rule import Rule
from policies.rules import ALL, FAMILIES

RULES: Mapping[str, Rule] = {rule.id: rule for rule in ALL}
FAMILY: Mapping[str, str] = {rule.id: family for family, rules in FAMILIES.items() for rule in rules}
SEVERITIES = ("critical", "high", "medium", "low", "none")
"""From the worst to a policy of somebody else's pack that says none."""
EXEMPTED = "exempted"
"""The name of the policy that says what exemptions let be."""
FAILED = "preview failed", "update failed"


@dataclass(frozen=True, order=True)
class Told:
    """One violation: of which policy, on which resource, how bad, whether it stops the update."""

    rule: str
    urn: str
    severity: str
    level: str
    problem: str
    remedy: str = ""

    @property
    def stops(self) -> bool:
        """Whether no update goes on while it stands."""
        return self.level == "mandatory"

    @property
    def resource(self) -> str:
        """Type and name, as in `aws:s3/bucket:Bucket landing`; the URN's type holds the types of its parents too."""
        parts = self.urn.split("::")
        return f"{parts[-2].rsplit('$', 1)[-1]} {parts[-1]}" if len(parts) > 1 else self.urn


@dataclass(frozen=True)
class Judged:
    """What all policies said. `asked` are the policies that judged something; `whole` is whether they came to the end.

    `open` are lines on values not known yet, `exempt` lines on what is let be, `errors` what failed beside policies.
    """

    findings: tuple[Told, ...]
    asked: tuple[str, ...]
    resources: int
    open: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    whole: bool = True

    @property
    def stops(self) -> bool:
        """Whether no update goes on: a violation stops it, or not every rule was asked."""
        return bool(self.errors) or not self.whole or any(one.stops for one in self.findings)

    def counts(self) -> dict[str, int]:
        """Violations by severity, the worst first, none left out."""
        found = Counter(one.severity for one in self.findings)
        return {severity: found[severity] for severity in SEVERITIES if severity != "none" or found["none"]}

    def by_resource(self) -> dict[str, list[Told]]:
        """Violations by severity, then by resource."""
        groups: dict[str, list[Told]] = {}
        for one in sorted(self.findings, key=lambda t: (SEVERITIES.index(t.severity), t.resource, t.rule)):
            groups.setdefault(f"{one.severity}\n{one.resource}", []).append(one)
        return groups


@dataclass
class _Reading:
    """What was read so far."""

    findings: dict[Told, None] = field(default_factory=dict)
    asked: dict[str, None] = field(default_factory=dict)
    resources: set[str] = field(default_factory=set)
    lines: dict[str, list[str]] = field(default_factory=dict)
    mended: dict[str, None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    whole: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        for kind, body in event.items():
            match kind:
                case "policyEvent":
                    self._violation(body)
                case "policyRemediationEvent":
                    self.mended[f"{body['policyName']}: {body['resourceUrn'].rsplit('::', 1)[-1]}"] = None
                case "policyAnalyzeSummaryEvent" | "policyAnalyzeStackSummaryEvent":
                    self._summary(kind, body)
                case "diagnosticEvent" if body["severity"] == "error":
                    message = body["message"].strip()
                    if message not in FAILED:
                        self.errors.append(message)

    def _violation(self, body: Mapping[str, Any]) -> None:
        _title, _, said = body["message"].strip().partition("\n")
        rule = RULES.get(body["policyName"])
        if body["policyName"] in (OPEN, EXEMPTED):
            lines = self.lines.setdefault(body["policyName"], [])
            lines += [line for line in said.splitlines() if line not in lines]
            return
        remedy = f"{rule.remedy}." if rule is not None and said.endswith(f" {rule.remedy}.") else ""
        severity = body.get("severity") or (rule.severity.value if rule is not None else "none")
        self.findings[
            Told(
                rule=body["policyName"],
                urn=body.get("resourceUrn", ""),
                severity=severity,
                level=body["enforcementLevel"],
                problem=(said.removesuffix(remedy) or body["message"]).strip(),
                remedy=remedy,
            )
        ] = None

    def _summary(self, kind: str, body: Mapping[str, Any]) -> None:
        for name in (*(body.get("passed") or ()), *(body.get("failed") or ())):
            if name not in (OPEN, EXEMPTED):
                self.asked[name] = None
        if kind == "policyAnalyzeSummaryEvent":
            self.resources.add(body["resourceUrn"])
        else:
            self.whole = True


def read(lines: Iterable[str]) -> Judged:
    """What an event log says. Raises UserError with the line that is none of an event log's."""
    reading = _Reading()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            reading.take(event)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"line {number} of the event log is no event of the engine: {type(error).__name__}: {error}; "
                "'emrctl stack preview --events FILE' writes one"
            ) from None
    return Judged(
        findings=tuple(sorted(reading.findings)),
        asked=tuple(sorted(reading.asked)),
        resources=len(reading.resources),
        open=tuple(reading.lines.get(OPEN, ())),
        exempt=tuple(reading.lines.get(EXEMPTED, ())),
        mended=tuple(reading.mended),
        errors=tuple(reading.errors),
        whole=reading.whole,
    )
