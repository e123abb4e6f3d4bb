"""A report as JUnit XML: a suite a family of rules, a test case a rule."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from policies.reports.told import FAMILY, Judged, Told

OTHERS = "other packs"
# XML 1.0 has no way to write these: https://www.w3.org/TR/xml/#charsets.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def render(judged: Judged, stack: str) -> str:
    """The report. A rule with a violation that stops is a failure, one that waits for values is skipped."""
    root = ElementTree.Element("testsuites", name=f"policies of stack {stack}")
    families: dict[str, list[str]] = {}
    for rule in sorted({*judged.asked, *(one.rule for one in judged.findings)}):
        families.setdefault(FAMILY.get(rule, OTHERS), []).append(rule)
    suites = [_suite(root, family, rules, judged) for family, rules in families.items()]
    if judged.errors or not judged.whole:
        suites.append(_preview(root, judged))
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, family: str, rules: list[str], judged: Judged) -> ElementTree.Element:
    suite = ElementTree.SubElement(root, "testsuite", name=family, tests=str(len(rules)), errors="0")
    for rule in rules:
        case = ElementTree.SubElement(suite, "testcase", classname=family, name=rule)
        found = [one for one in judged.findings if one.rule == rule]
        stopping, advice = ([one for one in found if one.stops is stops] for stops in (True, False))
        waits = [line for line in judged.open if rule in line.split(": not yet known:")[0].split(", ")]
        if stopping:
            said = f"{len(stopping)} of severity {stopping[0].severity}"
            ElementTree.SubElement(case, "failure", type=stopping[0].severity, message=said).text = _lines(
                stopping
            )
        elif waits:
            ElementTree.SubElement(case, "skipped", message=_clean("; ".join(waits)))
        if advice:
            ElementTree.SubElement(case, "system-out").text = _lines(advice)
    for key, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(key, str(len(suite.findall(f"testcase/{tag}"))))
    return suite


def _preview(root: ElementTree.Element, judged: Judged) -> ElementTree.Element:
    suite = ElementTree.SubElement(
        root, "testsuite", name="preview", tests="1", failures="0", errors="1", skipped="0"
    )
    case = ElementTree.SubElement(suite, "testcase", classname="preview", name="every rule was asked")
    said = "\n".join(judged.errors) or "the preview ended before the rules on the whole stack"
    ElementTree.SubElement(case, "error", message="the preview failed").text = _clean(said)
    return suite


def _lines(found: list[Told]) -> str:
    return _clean("\n".join(f"{one.resource}: {one.problem} {one.remedy}".rstrip() for one in found))


def _clean(text: str) -> str:
    return FORBIDDEN.sub("�", text)
