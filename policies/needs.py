"""What a role is granted against what it is declared to need. Pure.

A need is read as a statement that grants just it. Patterns are compared as patterns: `s3:*` is not covered by a list of
actions, however long, since AWS adds to what it means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from policies.actions import matches
from policies.documents import Condition, Statement

KEY_ARN = re.compile(r"arn:[^:*?]+:kms:[^:*?]+:[^:*?]+:key/[^:*?/]+")
ANYTHING = ("*",)
Pair = tuple[str, str]


@dataclass(frozen=True)
class Need:
    """What is declared. `open_keys` counts the KMS keys that it names and whose ARNs nobody knows."""

    wanted: Statement
    open_keys: int = 0

    @property
    def name(self) -> str:
        """What its statement is called, too."""
        return self.wanted.sid


@dataclass(frozen=True)
class Unneeded:
    """A statement that grants pairs of action and resource for which there is no need.

    `nearest` is the need to grant instead; `wider` says that it covers the pairs, under a condition.
    """

    statement: Statement
    pairs: tuple[Pair, ...]
    nearest: Need | None
    wider: bool


@dataclass(frozen=True)
class Ungranted:
    """A need of which these pairs are not granted; an open key stands as an empty resource."""

    need: Need
    pairs: tuple[Pair, ...]


@lru_cache(maxsize=65536)
def within(inner: str, outer: str, *, ignore_case: bool = False) -> bool:
    """Whether whatever the pattern `inner` matches, `outer` matches too (`*` any run, `?` one character)."""
    if inner == outer or outer == "*":
        return True
    if not set(inner) & {"*", "?"} and ignore_case:
        return matches(outer, inner)
    inner, outer = _normal(inner, ignore_case), _normal(outer, ignore_case)
    # reached[j]: outer[:j] matches all that the part of inner read so far does.
    reached = _past_stars([True, *[False] * len(outer)], outer)
    for one in inner:
        moved = [False] * (len(outer) + 1)
        for at, other in enumerate(outer):
            if other == "*":
                moved[at] = moved[at] or reached[at]
            elif reached[at] and one != "*" and other in ("?", one):
                moved[at + 1] = True
        reached = _past_stars(moved, outer)
    return reached[-1]


def _normal(text: str, ignore_case: bool) -> str:
    """One spelling for patterns that match the same: of a run of wildcards the `?` come first."""
    text = re.sub(r"[*?]*\*[*?]*", lambda run: "?" * run[0].count("?") + "*", text)
    return text.lower() if ignore_case else text


def _past_stars(reached: list[bool], outer: str) -> list[bool]:
    for at, other in enumerate(outer):
        if other == "*" and reached[at]:
            reached[at + 1] = True
    return reached


def holds_within(inner: Iterable[Condition], outer: Iterable[Condition]) -> bool:
    """Whether the conditions `inner` hold only where `outer` hold: every test of `outer` is made, as narrowly."""
    tests = list(inner)
    return all(any(_narrower(test, wanted) for test in tests) for wanted in outer)


def _narrower(test: Condition, wanted: Condition) -> bool:
    operator, asked = test.operator.lower(), wanted.operator.lower()
    if test.key != wanted.key or operator not in (asked, asked.removesuffix("ifexists")):
        return False
    if "not" in asked:  # what is excluded there must be excluded here
        return set(wanted.values) <= set(test.values)
    if "like" in asked or "arn" in asked:
        return all(any(within(value, other) for other in wanted.values) for value in test.values)
    return set(test.values) <= set(wanted.values)


def unneeded(grants: Iterable[Statement], needs: Iterable[Need]) -> Iterator[Unneeded]:
    """Each statement that allows more than is declared, once, with all of it."""
    declared = list(needs)
    named = _named(declared)
    for statement in grants:
        if not statement.allows:
            continue
        own, conditions = named.get(statement.sid, ()), statement.conditions
        # The need of the statement's name almost always covers it all: so judging takes time in proportion.
        left = [pair for pair in _pairs(statement) if not _covered(pair, conditions, own)]
        left = [pair for pair in left if not _covered(pair, conditions, declared)]
        left = _without_open_keys(left, conditions, own)
        if left:
            wide = [need for need in declared if all(_covers(need, pair) for pair in left)]
            nearest = next(iter([*wide, *own]), None)
            yield Unneeded(statement, tuple(left), nearest, bool(wide))


def ungranted(grants: Iterable[Statement], needs: Iterable[Need]) -> Iterator[Ungranted]:
    """Each need that is not granted in full, or denied whatever the circumstances, once."""
    statements = list(grants)
    given = [Need(statement) for statement in statements if statement.allows]
    named = _named(given)
    denied = [Need(one) for one in statements if not one.allows and not one.conditions]
    for need in needs:
        own, wanted = named.get(need.name, ()), list(_pairs(need.wanted))
        left = [pair for pair in wanted if not _met(pair, need, own)]
        left = [pair for pair in left if not _met(pair, need, given)]
        left += [pair for pair in wanted if any(_covers(one, pair) for one in denied)]
        left += [(action, "") for action in need.wanted.actions if not _keys_met(action, need, own)]
        if left:
            yield Ungranted(need, tuple(dict.fromkeys(left)))


def _keys_met(action: str, need: Need, grants: Iterable[Need]) -> bool:
    """Whether statements of the need's name grant the action on as many keys as it leaves open."""
    keys = {
        arn
        for one in grants
        for arn in one.wanted.resources
        if KEY_ARN.fullmatch(arn) and arn not in need.wanted.resources and _met((action, arn), need, [one])
    }
    return len(keys) >= need.open_keys


def _without_open_keys(
    pairs: Iterable[Pair], conditions: tuple[Condition, ...], own: Iterable[Need]
) -> list[Pair]:
    """All pairs but those that the need of the statement's name leaves open: its actions on as many keys."""
    left = list(pairs)
    for need in own:
        if holds_within(conditions, need.wanted.conditions):
            keys = [arn for arn in dict.fromkeys(on for _, on in left) if KEY_ARN.fullmatch(arn)]
            known = set(keys[: need.open_keys])
            left = [(do, on) for do, on in left if on not in known or not _does(need, do)]
    return left


def _named(needs: Iterable[Need]) -> Mapping[str, tuple[Need, ...]]:
    found: dict[str, tuple[Need, ...]] = {}
    for need in needs:
        found[need.name] = (*found.get(need.name, ()), need)
    return found


def _actions(statement: Statement) -> tuple[str, ...]:
    return ANYTHING if statement.not_actions else statement.actions


def _resources(statement: Statement) -> tuple[str, ...]:
    return ANYTHING if statement.not_resources else statement.resources


def _pairs(statement: Statement) -> Iterator[Pair]:
    yield from product(dict.fromkeys(_actions(statement)), dict.fromkeys(_resources(statement)))


def _does(need: Need, action: str) -> bool:
    return any(within(action, one, ignore_case=True) for one in _actions(need.wanted))


def _covers(need: Need, pair: Pair) -> bool:
    """Whether the need, or the grant, is of this action on this resource, conditions apart."""
    action, resource = pair
    return _does(need, action) and any(within(resource, one) for one in _resources(need.wanted))


def _covered(pair: Pair, conditions: tuple[Condition, ...], needs: Iterable[Need]) -> bool:
    return any(_covers(need, pair) and holds_within(conditions, need.wanted.conditions) for need in needs)


def _met(pair: Pair, need: Need, grants: Iterable[Need]) -> bool:
    # The grant may ask for no more than the need says: wherever the need's conditions hold, so must its own.
    return any(
        _covers(one, pair) and holds_within(need.wanted.conditions, one.wanted.conditions) for one in grants
    )
