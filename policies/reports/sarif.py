"""A report as SARIF 2.1.0, which code scanning reads.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub reads of it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
from typing import Any

from policies.pack import NAME
from policies.reports.markdown import link_to
from policies.reports.told import RULES, Judged, Told

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# Within GitHub's bands: critical above 9.0, high from 7.0, medium from 4.0, low below.
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "none": "0.0"}


def document(judged: Judged, stack: str, links: str | None = None) -> dict[str, Any]:
    """The report as a SARIF log. A resource has no line in a file, so results stand on the stack's file, line 1."""
    names = sorted({*judged.asked, *(one.rule for one in judged.findings)})
    place = f"Pulumi.{stack}.yaml"
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": NAME, "rules": [_rule(name, judged, links) for name in names]}},
                "automationDetails": {"id": f"{NAME}/{stack}/"},
                "results": [_result(one, names.index(one.rule), place) for one in judged.findings],
                "invocations": [
                    {
                        "executionSuccessful": judged.whole and not judged.errors,
                        "toolExecutionNotifications": [
                            *({"level": "error", "message": {"text": line}} for line in judged.errors),
                            *({"level": "note", "message": {"text": line}} for line in judged.open),
                        ],
                    }
                ],
            }
        ],
    }


def _rule(name: str, judged: Judged, links: str | None) -> dict[str, Any]:
    rule = RULES.get(name)
    told = [one.severity for one in judged.findings if one.rule == name]
    severity = told[0] if told else (rule.severity.value if rule is not None else "none")
    found: dict[str, Any] = {
        "id": name,
        "properties": {"security-severity": SCORES[severity], "tags": ["security"]},
    }
    if rule is not None:
        found["shortDescription"] = {"text": rule.title}
        found["fullDescription"] = {"text": rule.protects}
        found["help"] = {"text": f"{rule.remedy}. 'emrctl policy explain {name}' shows examples."}
        found["properties"]["tags"] += [f"{c.source}: {c.id}" for c in rule.controls]
        if links:
            found["helpUri"] = link_to(links, name)
    return found


def _result(one: Told, index: int, place: str) -> dict[str, Any]:
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": "error" if one.stops else "warning",
        "message": {"text": f"{one.problem} {one.remedy}".strip()},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": place}, "region": {"startLine": 1}},
                "logicalLocations": [
                    {"fullyQualifiedName": one.urn, "name": one.resource, "kind": "resource"}
                ],
            }
        ],
        # What makes a finding the same one in the next run: the rule and the resource, not the wording.
        "partialFingerprints": {
            "ruleOnResource/v1": hashlib.sha256(f"{one.rule} {one.urn}".encode()).hexdigest()
        },
    }
