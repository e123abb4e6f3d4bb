"""Reports of a preview: what is read from the engine's events, and what each form says of it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from facts.errors import UserError
from policies.reports import junit, markdown, sarif
from policies.reports.told import Judged, read

URN = "urn:pulumi:test::guarded::emr:storage:Zone$aws:kms/key:Key::data"
TOPIC = "urn:pulumi:test::guarded::aws:sns/topic:Topic::page"
LINKS = "https://github.com/o/r/blob/abc"


def violation(rule: str, urn: str, said: str, **more: Any) -> dict[str, Any]:
    """A violation as the engine writes it: the policy's description, then what it told."""
    body = {"resourceUrn": urn, "message": f"What must hold\n{said}\n", "policyName": rule, "color": "never"}
    return {"policyEvent": {**body, "enforcementLevel": "mandatory", **more}}


EVENTS: list[dict[str, Any]] = [
    {"preludeEvent": {"config": {}}},
    violation("kms-rotation", URN, "Key 'data': does not rotate. Set enableKeyRotation to true.", severity="medium"),
    violation("theirs", TOPIC, "A topic <b>@all</b> [x](y)", severity="critical", enforcementLevel="advisory"),
    violation("iam-trust-not-public", URN, "Role 'a': lets all in. Own remedy.", severity="critical"),
    violation("iam-trust-not-public", URN, "Role 'a': lets all in. Own remedy.", severity="critical"),
    violation("not-yet-judged", "", "vpc-flow-log, s3-versioning: not yet known: Vpc 'v' id"),
    violation("exempted", "", "kms-rotation: Key 'old' (until 2027-01-01: moves)", enforcementLevel="advisory"),
    {"policyRemediationEvent": {"resourceUrn": URN, "policyName": "kms-rotation"}},
    {"policyAnalyzeSummaryEvent": {"resourceUrn": URN, "passed": ["s3-versioning"], "failed": ["kms-rotation"]}},
    {"policyAnalyzeSummaryEvent": {"resourceUrn": TOPIC, "failed": ["theirs", "iam-trust-not-public"]}},
    {"policyAnalyzeStackSummaryEvent": {"passed": ["vpc-flow-log"], "failed": ["not-yet-judged"]}},
    {"diagnosticEvent": {"severity": "error", "message": "preview failed\n"}},
    {"diagnosticEvent": {"severity": "debug", "message": "registering"}},
]  # fmt: skip


def lines(events: list[dict[str, Any]]) -> Iterator[str]:
    yield from (json.dumps({"sequence": 1, "timestamp": 2, **event}) for event in events)


@pytest.fixture
def judged() -> Judged:
    return read(lines(EVENTS))


def test_events_are_read_once_each_with_what_stays_open(judged: Judged) -> None:
    assert [(one.rule, one.severity, one.stops, one.resource) for one in judged.findings] == [
        ("iam-trust-not-public", "critical", True, "aws:kms/key:Key data"),
        ("kms-rotation", "medium", True, "aws:kms/key:Key data"),
        ("theirs", "critical", False, "aws:sns/topic:Topic page"),
    ]
    assert judged.findings[1].remedy == "Set enableKeyRotation to true."
    assert judged.findings[1].problem == "Key 'data': does not rotate."
    assert judged.asked == ("iam-trust-not-public", "kms-rotation", "s3-versioning", "theirs", "vpc-flow-log")
    assert judged.resources == 2
    assert judged.open == ("vpc-flow-log, s3-versioning: not yet known: Vpc 'v' id",)
    assert judged.exempt == ("kms-rotation: Key 'old' (until 2027-01-01: moves)",)
    assert judged.errors == ()
    assert judged.stops
    assert judged.counts() == {"critical": 2, "high": 0, "medium": 1, "low": 0}


def test_advice_alone_does_not_stop_and_a_preview_that_broke_off_does() -> None:
    assert not read(lines([EVENTS[2], *EVENTS[8:]])).stops
    broken = read(lines([{"diagnosticEvent": {"severity": "error", "message": "error: no such module\n"}}]))
    assert broken.stops
    assert not broken.whole
    assert broken.errors == ("error: no such module",)
    told = markdown.render(broken, "dev")
    assert "not every rule was asked" in told
    assert "error: no such module" in told
    assert ElementTree.fromstring(junit.render(broken, "dev")).get("errors") == "1"
    assert not sarif.document(broken, "dev")["runs"][0]["invocations"][0]["executionSuccessful"]


@pytest.mark.parametrize("line", ["no JSON", "[1]", '{"policyEvent": {}}'])
def test_what_is_no_event_log_is_the_users_mistake(line: str) -> None:
    with pytest.raises(UserError, match=r"line 1 of the event log .* 'emrctl stack preview --events FILE'"):
        read([line])


def test_markdown_is_one_comment_with_the_worst_first(judged: Judged) -> None:
    told = markdown.render(judged, "dev", LINKS)
    assert told.startswith(
        markdown.marker("dev") + "\n## Policies on stack `dev`: 2 violations stop the update, 1 advice"
    )
    assert told.index("### Critical") < told.index("### Medium")
    assert f"[`kms-rotation`]({LINKS}/policies/fixtures/kms-rotation.yaml) (stops the update)" in told
    assert "**To do:** Set enableKeyRotation to true." in told
    assert "5 rules on 2 resources: 2 critical, 0 high, 1 medium, 0 low." in told
    for title in ("Not known yet, judged by the update (1)", "Exempt (1)", "Mended by the rule itself (1)"):
        assert title in told


def test_what_stands_in_values_is_neither_markup_nor_a_mention(judged: Judged) -> None:
    told = markdown.render(judged, "dev")
    assert "<b>" not in told
    assert "@all" not in told
    assert "[x](y)" not in told


def test_a_report_of_thousands_fits_into_a_comment_and_says_what_is_left_out(judged: Judged) -> None:
    many = tuple(replace(judged.findings[1], urn=f"{URN}-{number}") for number in range(2000))
    told = markdown.render(replace(judged, findings=many), "dev", LINKS)
    assert len(told) < 65_536
    shown = told.count("(stops the update)")
    assert 0 < shown < 2000
    assert f"And {2000 - shown} more" in told


# What the SARIF 2.1.0 schema and GitHub ask of the parts that we write.
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SARIF = {
    "required": ["version", "$schema", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id"],
                                            "properties": {"shortDescription": TEXT, "help": TEXT},
                                        },
                                    }
                                },
                            }
                        }
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "message", "locations", "level", "partialFingerprints"],
                            "properties": {
                                "message": TEXT,
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "locations": {"minItems": 1},
                            },
                        }
                    },
                },
            }
        },
    },
}


def test_sarif_has_the_forms_shape_and_its_results_name_their_rules(judged: Judged) -> None:
    document = sarif.document(judged, "dev", LINKS)
    jsonschema.validate(document, SARIF)
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    levels = {result["ruleId"]: result["level"] for result in run["results"]}
    assert levels == {"iam-trust-not-public": "error", "kms-rotation": "error", "theirs": "warning"}
    rotation = next(rule for rule in rules if rule["id"] == "kms-rotation")
    assert rotation["helpUri"] == f"{LINKS}/policies/fixtures/kms-rotation.yaml"
    assert "Checkov: CKV_AWS_7" in rotation["properties"]["tags"]
    assert rotation["properties"]["security-severity"] == "5.5"
    prints = [result["partialFingerprints"]["ruleOnResource/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_junit_has_a_case_a_rule(judged: Judged) -> None:
    root = ElementTree.fromstring(junit.render(judged, "dev"))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert set(cases) == set(judged.asked)
    assert {name for name, case in cases.items() if case.find("failure") is not None} == {
        "iam-trust-not-public",
        "kms-rotation",
    }
    assert {name for name, case in cases.items() if case.find("skipped") is not None} == {
        "vpc-flow-log",
        "s3-versioning",
    }
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("5", "2", "2")
    assert "A topic" in (cases["theirs"].findtext("system-out") or "")


def test_junit_survives_what_xml_cannot_hold(judged: Judged) -> None:
    odd = replace(judged, findings=(replace(judged.findings[0], problem="a\x00b\x1bc"),))
    assert "a�b�c" in (ElementTree.fromstring(junit.render(odd, "dev")).findtext(".//failure") or "")
