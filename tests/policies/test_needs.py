"""Grants against needs: patterns, conditions, and what one change more or less does to a role that was just right."""

from __future__ import annotations

import time
from dataclasses import replace
from fnmatch import fnmatchcase

from hypothesis import assume, given
from hypothesis import strategies as st

from policies.documents import Condition, Statement
from policies.needs import Need, holds_within, ungranted, unneeded, within

letters = st.text("ab*?", max_size=6)
plain = st.text("abc", max_size=6)
names = st.lists(st.from_regex(r"\A[A-Z][a-z]{1,6}\Z"), min_size=1, max_size=5, unique=True)
keys = st.lists(st.sampled_from(["aws:a", "aws:b", "aws:c"]), max_size=2, unique=True)
values = st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=2, unique=True)
KEY = "arn:aws:kms:us-east-1:123456789012:key/"


def statement(name: str, conditions: tuple[Condition, ...] = (), *, actions: int = 2) -> Statement:
    """A statement that shares neither actions nor resources with one of another name."""
    return Statement(
        where=f"Statement ({name})",
        effect="Allow",
        sid=name,
        actions=tuple(f"s3:{name}{number}" for number in range(actions)),
        resources=(f"arn:aws:s3:::{name.lower()}", f"arn:aws:s3:::{name.lower()}/*"),
        conditions=conditions,
    )


@st.composite
def declared(draw: st.DrawFn) -> list[Need]:
    found = []
    for name in draw(names):
        tests = tuple(Condition("StringEquals", key, tuple(draw(values))) for key in draw(keys))
        found.append(Need(statement(name, tests)))
    return found


@given(inner=letters, outer=letters, text=plain)
def test_what_is_within_a_pattern_matches_nothing_that_it_does_not(inner: str, outer: str, text: str) -> None:
    if within(inner, outer) and fnmatchcase(text, inner):
        assert fnmatchcase(text, outer)


@given(pattern=letters, text=plain)
def test_a_pattern_is_within_itself_and_the_widest_and_a_text_within_what_matches_it(
    pattern: str, text: str
) -> None:
    assert within(pattern, pattern)
    assert within(pattern, "*")
    assert within(text, pattern) == fnmatchcase(text, pattern)
    assert within("*?" + pattern, "?*" + pattern)  # two spellings of one pattern


def test_actions_ignore_case_and_resources_do_not() -> None:
    assert within("S3:getobject*", "s3:Get*", ignore_case=True)
    assert within("S3:getobject", "s3:GetObject", ignore_case=True)
    assert not within("ARN:aws:s3:::a", "arn:aws:s3:::a")


@given(needs=declared())
def test_a_grant_that_is_the_need_has_no_finding(needs: list[Need]) -> None:
    grants = [need.wanted for need in reversed(needs)]
    assert list(unneeded(grants, needs)) == []
    assert list(ungranted(grants, needs)) == []
    nameless = [replace(one, sid="") for one in grants]
    assert list(unneeded(nameless, needs)) == []
    assert list(ungranted(nameless, needs)) == []


@given(needs=declared(), data=st.data())
def test_one_action_more_is_one_finding_and_one_less_is_one(needs: list[Need], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(needs) - 1))
    grants = [need.wanted for need in needs]
    more = replace(grants[at], actions=(*grants[at].actions, "s3:DeleteBucket"))
    (found,) = unneeded([*grants[:at], more, *grants[at + 1 :]], needs)
    assert found.pairs == tuple(("s3:DeleteBucket", resource) for resource in more.resources)
    assert found.nearest is needs[at]
    assert not found.wider

    gone, *rest = grants[at].actions
    less = replace(grants[at], actions=tuple(rest))
    (lacking,) = ungranted([*grants[:at], less, *grants[at + 1 :]], needs)
    assert lacking.need is needs[at]
    assert lacking.pairs == tuple((gone, resource) for resource in less.resources)
    assert list(unneeded([*grants[:at], less, *grants[at + 1 :]], needs)) == []


@given(needs=declared(), data=st.data())
def test_a_condition_left_out_is_wider_and_one_added_is_too_narrow(
    needs: list[Need], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(needs) - 1))
    grants = [need.wanted for need in needs]
    extra = Condition("Bool", "aws:securetransport", ("true",))
    narrow = replace(grants[at], conditions=(*grants[at].conditions, extra))
    assert list(unneeded([*grants[:at], narrow, *grants[at + 1 :]], needs)) == []
    assert [one.need for one in ungranted([*grants[:at], narrow, *grants[at + 1 :]], needs)] == [needs[at]]

    assume(grants[at].conditions)
    wide = replace(grants[at], conditions=grants[at].conditions[1:])
    (found,) = unneeded([*grants[:at], wide, *grants[at + 1 :]], needs)
    assert found.wider
    assert found.nearest is needs[at]
    assert list(ungranted([*grants[:at], wide, *grants[at + 1 :]], needs)) == []


def test_conditions_are_compared_by_what_they_let_through() -> None:
    def test(operator: str, *values: str, key: str = "aws:tag") -> Condition:
        return Condition(operator, key, values)

    for inner, outer, holds in [
        (test("StringEquals", "a"), test("StringEquals", "a", "b"), True),
        (test("StringEquals", "a", "c"), test("StringEquals", "a", "b"), False),
        (test("StringEquals", "a"), test("StringEqualsIfExists", "a"), True),
        (test("StringEqualsIfExists", "a"), test("StringEquals", "a"), False),
        (test("StringLike", "a/b/*"), test("StringLike", "a/*"), True),
        (test("StringLike", "a*"), test("StringLike", "a/*"), False),
        (test("StringNotEquals", "a", "b"), test("StringNotEquals", "a"), True),
        (test("StringNotEquals", "a"), test("StringNotEquals", "a", "b"), False),
        (test("StringEquals", "a"), test("StringEquals", "a", key="aws:other"), False),
    ]:
        assert holds_within([inner], [outer]) is holds, (inner, outer)
        assert holds_within([inner], [])
        assert not holds_within([], [outer])


def test_a_statement_that_allows_all_but_something_allows_all() -> None:
    all_but = Statement(where="s", effect="Allow", not_actions=("iam:*",), not_resources=("a",))
    (found,) = unneeded([all_but], [Need(statement("Read"))])
    assert found.pairs == (("*", "*"),)


@given(known=st.integers(0, 3), open_keys=st.integers(0, 3), granted=st.integers(0, 6))
def test_keys_whose_arns_nobody_knows_are_counted(known: int, open_keys: int, granted: int) -> None:
    arns = tuple(f"{KEY}{number}" for number in range(granted))
    wanted = replace(statement("Unseal"), actions=("kms:Decrypt",), resources=arns[:known])
    need, total = Need(wanted, open_keys), min(known, granted) + open_keys
    grant = replace(wanted, resources=arns)
    assert bool(list(unneeded([grant], [need]))) == (granted > total)
    assert bool(list(ungranted([grant], [need]))) == (granted < total)
    other = replace(grant, actions=("kms:Encrypt",))
    assert bool(list(unneeded([other], [need]))) == (granted > 0)


def test_the_time_is_in_proportion_to_the_statements() -> None:
    def seconds(count: int) -> float:
        needs = [Need(statement(f"N{number}", actions=5)) for number in range(count)]
        grants = [need.wanted for need in needs]
        started = time.process_time()
        assert not list(unneeded(grants, needs))
        assert not list(ungranted(grants, needs))
        return time.process_time() - started

    seconds(10)
    few, many = min(seconds(50) for _ in range(3)), min(seconds(800) for _ in range(2))
    # Sixteen times as many: in proportion 16, each against each 256.
    assert many < few * 64, (few, many)
