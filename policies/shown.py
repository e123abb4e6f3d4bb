"""Rules for readers: listed, explained with their fixtures, and the fixtures judged."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from facts.errors import UserError
from policies.cases import Case, judge, load
from policies.rule import ResourceRule, Rule, StackRule
from policies.rules import FAMILIES


@dataclass(frozen=True)
class Outcome:
    """A fixture judged: `wrong` says what its rule should have said, empty when all is well."""

    case: Case
    told: tuple[str, ...]
    open: tuple[str, ...]
    wrong: str


def listed(family: str | None = None) -> list[tuple[str, Rule]]:
    """Every rule with its family, or those of one. Raises UserError for a family that is none."""
    if family is not None and family not in FAMILIES:
        raise UserError(f"--family is '{family}'; allowed are: {', '.join(FAMILIES)}")
    return [(name, rule) for name, rules in FAMILIES.items() if family in (None, name) for rule in rules]


def find(name: str) -> tuple[str, Rule]:
    """The rule called `name`, or the only one that encodes the public control `name`, with its family.

    Raises UserError when it is none, or several.
    """
    rules = listed()
    by_id = [(family, rule) for family, rule in rules if rule.id == name]
    found = by_id or [(f, rule) for f, rule in rules if name in {control.id for control in rule.controls}]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"{name} is encoded by several rules: {', '.join(rule.id for _, rule in found)}; name one"
        )
    near = difflib.get_close_matches(name, [rule.id for _, rule in rules], n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    raise UserError(f"no rule is called '{name}'{hint}; 'emrctl policy list' shows them all")


def judged(rule: Rule) -> list[Outcome]:
    """Every fixture of `rule`, judged as the engine would have it judged in a preview."""
    found = []
    for case in load(rule):
        said = judge(rule, case)
        told = tuple(message for _, message in said.findings)
        found.append(Outcome(case, told, said.deferred, _wrong(case, told, said.deferred)))
    return found


def _wrong(case: Case, told: tuple[str, ...], left: tuple[str, ...]) -> str:
    if case.kind == "bad" and not told:
        return "must be found, and the rule says nothing"
    if case.kind == "unknown" and not left:
        return "must be left open, and the rule says nothing of the value that is not known"
    if case.kind in ("good", "near_miss") and (told or left):
        return f"must pass, and the rule says: {(*told, *left)[0]}"
    if case.kind != "unknown" and left:
        return f"must be decided, and the rule waits: {left[0]}"
    missing = [part for part in case.says if part not in "\n".join((*told, *left))]
    return f"must say {missing[0]!r}, and the rule says: {(*told, *left)[0]}" if missing else ""


def explained(name: str) -> dict[str, Any]:
    """All there is to say of a rule, as one document; its examples are its first bad and good fixture."""
    family, rule = find(name)
    cases = load(rule)
    return {
        "rule": rule.id,
        "family": family,
        "title": rule.title,
        "protects": rule.protects,
        "remedy": rule.remedy,
        "level": rule.level.value,
        "severity": rule.severity.value,
        "judged_on": "stack" if isinstance(rule, StackRule) else "resource",
        "mends_itself": isinstance(rule, ResourceRule) and rule.remediate is not None,
        "types": sorted(rule.types),
        "controls": [{"source": c.source.value, "id": c.id} for c in rule.controls],
        "options": {option: dict(schema) for option, schema in rule.config.items()},
        "examples": {kind: _example(rule, cases, kind) for kind in ("bad", "good", "near_miss")},
    }


def _example(rule: Rule, cases: list[Case], kind: str) -> dict[str, Any]:
    case = next(case for case in cases if case.kind == kind)
    resources = [
        {"type": g.type, "name": g.name, "properties": g.props, **({"flows": g.flows} if g.flows else {})}
        for g in case.resources
    ]
    found: dict[str, Any] = {"name": case.name, "resources": resources}
    if kind == "bad":
        found["says"] = [message for _, message in judge(rule, case).findings]
    return found


HEADS = {"bad": "What it finds", "good": "What passes", "near_miss": "What it does not mistake"}


def page(document: dict[str, Any]) -> Iterator[str]:
    """The document of `explained` as lines for a terminal."""
    yield f"{document['rule']}: {document['title']}"
    yield f"  {document['level']}, severity {document['severity']}, judged on the {document['judged_on']}"
    yield ""
    yield f"Why: {document['protects']}"
    yield f"To do: {document['remedy']}."
    if document["mends_itself"]:
        yield "At the level 'remediate' the rule does it itself."
    yield f"Looks at: {', '.join(document['types'])}"
    if document["controls"]:
        yield "Encodes: " + ", ".join(f"{c['source']} {c['id']}" for c in document["controls"])
    for option, schema in document["options"].items():
        yield f"Option {option}: {schema['description']} (default {schema['default']!r})"
    for kind, head in HEADS.items():
        example = document["examples"][kind]
        yield from ("", f"{head}: {example['name']}")
        text = yaml.safe_dump(example["resources"], sort_keys=False, allow_unicode=True, width=110)
        yield from (
            f"    {line}" for line in text.replace(UNKNOWN_STRING_VALUE, "(not known yet)").splitlines()
        )
        yield from (f"  → {message}" for message in example.get("says", ()))
