"""How right the pack is on labelled cases: per rule, per family, with precision and recall."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policies.cases import Case, Given, judge
from policies.corpus.declared import Declared
from policies.corpus.labels import Label, Labelled, Unread
from policies.rule import Level, Rule, StackRule
from policies.rules import ALL, FAMILIES

FAMILY = {rule.id: family for family, rules in FAMILIES.items() for rule in rules}
MALFORMED = "it cannot be judged as it is"  # as the pack ends what it says of a value that no rule can read


@dataclass
class Count:
    """True and false positives and negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def add(self, must: bool, found: bool) -> None:
        """Count one label: whether it must be found, and whether it was."""
        name = ("t" if must == found else "f") + ("p" if found else "n")
        setattr(self, name, getattr(self, name) + 1)

    @property
    def precision(self) -> float | None:
        """The share of what was found that must be; None when nothing was found."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        """The share of what must be found that was; None when nothing must be."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None


@dataclass(frozen=True)
class Mistake:
    """A label that the pack got wrong.

    `kind` is `missed`, `wrong`, `open` (missed for a value not known), or `unseen` (the file has no such resource).
    """

    case: str
    resource: str
    id: str
    kind: str
    said: str = ""


@dataclass
class Score:
    """The counts and the mistakes.

    `unencoded` are labelled ids that no rule of the pack encodes, `unseen` the resources of which labels say that
    something must not be found and which are not there: neither is counted. `unread` are cases that cannot be judged.
    """

    rules: dict[str, Count] = field(default_factory=dict)
    families: dict[str, Count] = field(default_factory=dict)
    total: Count = field(default_factory=Count)
    mistakes: list[Mistake] = field(default_factory=list)
    unencoded: dict[str, int] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    cases: int = 0

    def take(self, rules: Iterable[Rule], family: str, must: bool, found: bool) -> None:
        """Count a label with the rules that answer for it."""
        for rule in rules:
            self.rules.setdefault(rule.id, Count()).add(must, found)
        self.families.setdefault(family, Count()).add(must, found)
        self.total.add(must, found)


@dataclass(frozen=True)
class Said:
    """What a rule said of a case: messages by address, and the lines on what is not known."""

    told: dict[str, list[str]]
    open: tuple[str, ...]


def score(cases: Iterable[Labelled | Unread]) -> Score:
    """Judge every case by every rule that it labels, or by all when its labels are complete."""
    found = Score()
    for case in cases:
        if isinstance(case, Unread):
            found.unread.append(case)
        else:
            found.cases += 1
            _score_case(case, found)
    return found


def encoding(name: str) -> list[Rule]:
    """The rules that are called `name`, or encode the public control of that id."""
    return [rule for rule in ALL if name == rule.id or any(name == control.id for control in rule.controls)]


def _score_case(case: Labelled, found: Score) -> None:
    panel = Panel(case)
    answered: set[tuple[str, str]] = set()
    for label in case.labels:
        rules = encoding(label.id)
        if not rules:
            found.unencoded[label.id] = found.unencoded.get(label.id, 0) + 1
            continue
        if not panel.named(label.resource):
            _score_unseen(label, rules, panel, found)
            continue
        answered |= {(rule.id, place) for rule in rules for place in panel.places(rule, label)}
        _score_label(label, rules, panel, found)
    if case.complete:
        _score_rest(panel, answered, found)


def _score_label(label: Label, rules: list[Rule], panel: Panel, found: Score) -> None:
    firing = {rule.id: panel.messages(rule, label) for rule in rules}
    fired = [rule for rule in rules if firing[rule.id]]
    answering = fired or rules
    found.take(answering, FAMILY[answering[0].id], label.must, bool(fired))
    if label.must and not fired:
        waits = [line for rule in rules for line in panel.open(rule, label)]
        kind = "open" if waits else "missed"
        found.mistakes.append(Mistake(panel.case.name, label.resource, label.id, kind, "; ".join(waits)))
    if fired and not label.must:
        said = firing[fired[0].id][0]
        found.mistakes.append(Mistake(panel.case.name, label.resource, label.id, "wrong", said))


def _score_unseen(label: Label, rules: list[Rule], panel: Panel, found: Score) -> None:
    if label.must:
        found.take(rules, FAMILY[rules[0].id], must=True, found=False)
        there = ", ".join(one.address for one in panel.case.resources) or "none"
        said = f"no such resource; there are: {there if len(there) < 200 else f'{there[:199]}…'}"
        found.mistakes.append(Mistake(panel.case.name, label.resource, label.id, "unseen", said))
    elif (place := f"{panel.case.name}: {label.resource}") not in found.unseen:
        found.unseen.append(place)


def _score_rest(panel: Panel, answered: set[tuple[str, str]], found: Score) -> None:
    """In a case whose labels are complete, what else is found is wrong. Rules that are off by default are not asked."""
    for rule in ALL:
        if rule.level is Level.DISABLED:
            continue
        for address, messages in panel.said(rule).told.items():
            if (rule.id, address) not in answered:
                found.take([rule], FAMILY[rule.id], must=False, found=True)
                found.mistakes.append(Mistake(panel.case.name, address, rule.id, "wrong", messages[0]))


class Panel:
    """The rules on one case; each is asked once."""

    def __init__(self, case: Labelled) -> None:
        self.case = case
        known = {one.address for one in case.resources}
        self._given = [one.given(known) for one in case.resources]
        self._by_name: dict[str, list[Declared]] = {}
        for one in case.resources:
            for name in dict.fromkeys((one.address, *one.names)):
                self._by_name.setdefault(name, []).append(one)
        self._said: dict[str, Said] = {}
        self._must: dict[str, list[str]] = {}
        for label in case.labels:
            if label.must:
                self._must.setdefault(label.id, []).append(label.resource)

    def named(self, name: str) -> list[Declared]:
        """The resources that a label means: one, or the instances of one; that of an index may stand for all."""
        return self._by_name.get(name) or self._by_name.get(re.sub(r"\[[^\]]*\]$", "", name)) or []

    def said(self, rule: Rule) -> Said:
        """What a rule says of the case."""
        if rule.id not in self._said:
            self._said[rule.id] = _judged(rule, self.case, self._given)
        return self._said[rule.id]

    def messages(self, rule: Rule, label: Label) -> list[str]:
        """What a rule says that answers a label."""
        told = self.said(rule).told
        said = [message for place in self.places(rule, label) for message in told.get(place, ())]
        if label.must:  # a role's escalation is told of the role, with the policy that opens it
            names = [f"{one.type.rsplit(':', 1)[-1]} '{one.address}'" for one in self.named(label.resource)]
            others = [message for messages in told.values() for message in messages]
            said += [message for message in others if any(name in message for name in names)]
        return said if label.id == rule.id else [message for message in said if _concerns(label, message)]

    def open(self, rule: Rule, label: Label) -> list[str]:
        """What a rule leaves open where a label asks."""
        names = {f"'{place}'" for place in self.places(rule, label)}
        return [line for line in self.said(rule).open if any(name in line for name in names)]

    def places(self, rule: Rule, label: Label) -> list[str]:
        """Where what a rule finds answers a label.

        What must be found may stand on a setting of the resource that is a resource of its own, or on what the
        resource is a setting of, or, for a type that the rule does not judge, on what the resource names (a cluster's
        security configuration). What must not be found says nothing of settings when the rule can judge the resource,
        nor of one that has a label of its own by which it must.
        """
        places: list[str] = []
        own = {one.address for name in self._must.get(label.id, ()) for one in self.named(name)}
        for one in self.named(label.resource):
            places.append(one.address)
            for other in self.case.resources:
                nested = other.owner == one.address
                beside = one.type not in rule.types and other.address not in own
                if _is_setting(other, one) and (label.must or nested or beside):
                    places.append(other.address)
                if label.must and _is_setting(one, other):
                    places.append(other.address)
                if beside and _names(one, other):
                    places.append(other.address)
        return places


def _judged(rule: Rule, case: Labelled, given: list[Given]) -> Said:
    if not rule.types & {one.type for one in given}:
        return Said({}, ())
    asked = given if isinstance(rule, StackRule) else [one for one in given if one.type in rule.types]
    judgement = judge(rule, Case("bad", case.name, tuple(asked), config=case.config.get(rule.id, {})))
    by_urn = {one.urn: one.name for one in given}
    told: dict[str, list[str]] = {}
    for urn, message in judgement.findings:
        told.setdefault(by_urn.get(urn, urn), []).append(message)
    return Said(told, judgement.deferred)


@cache
def narrower() -> dict[str, Any]:
    """Public controls that ask for a part of what their rule finds, by id."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("narrower.yaml").read_text())
    return found


def _concerns(label: Label, message: str) -> bool:
    """Whether what a rule says is what a public control asks for. That a value is malformed, none does."""
    if MALFORMED in message:
        return label.must
    part = narrower().get(label.id, "")
    if isinstance(part, str):
        return re.search(part, message) is not None
    if re.search(part.get("says", ""), message) is None:
        return False
    if "every port" in message:
        return True
    found = re.findall(r"\bports? (\d+)(?: to (\d+))?", message)
    ranges = [range(int(first), int(last or first) + 1) for first, last in found]
    if "ports" in part:
        return any(port in one for one in ranges for port in part["ports"])
    return any(one.stop - one.start > len(part["but"]) or not set(one) <= set(part["but"]) for one in ranges)


def _names(one: Declared, other: Declared) -> bool:
    """Whether a resource refers to another as its configuration, by flow or by its name."""
    prop = next((prop for prop in one.props if other.type.endswith(f":{prop[:1].upper()}{prop[1:]}")), None)
    if prop is None:
        return False
    return other.address in one.flows.get(prop, ()) or (
        isinstance(one.props[prop], str) and one.props[prop] == other.props.get("name")
    )


def _is_setting(setting: Declared, of: Declared) -> bool:
    """Whether `setting` is of a type like BucketPolicy to Bucket, and refers to `of`, by flow or by its name."""
    if setting.owner is not None:
        return setting.owner == of.address
    kinds = [re.sub(r"V2$", "", one.type.rsplit(":", 1)[-1]) for one in (setting, of)]
    if not kinds[0].startswith(kinds[1]) or kinds[0] == kinds[1]:
        return False
    if any(of.address in sources for sources in setting.flows.values()):
        return True
    name = of.props.get("bucket") or of.props.get("name")
    return isinstance(name, str) and name in (setting.props.get("bucket"), setting.props.get("name"))
