"""The condition operators of IAM's policy language. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from local.cloud.iam import patterns

Test = Callable[[str, str], bool]  # (what the request has, what the policy names) → whether it holds


def _guarded(test: Test) -> Test:
    """A value that is no number, date or address matches nothing."""

    def run(actual: str, wanted: str) -> bool:
        try:
            return test(actual, patterns.plain(wanted))
        except (ValueError, OverflowError, binascii.Error):
            return False

    return run


def _moment(text: str) -> datetime:
    """ISO 8601, or seconds since 1970."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def _numbers(compare: Callable[[float, float], bool]) -> Test:
    return _guarded(lambda actual, wanted: compare(float(actual), float(wanted)))


def _dates(compare: Callable[[datetime, datetime], bool]) -> Test:
    return _guarded(lambda actual, wanted: compare(_moment(actual), _moment(wanted)))


def _arns(actual: str, wanted: str) -> bool:
    return patterns.matches_arn(wanted, actual)


# The comparisons that are not negations of others.
_TESTS: Mapping[str, Test] = {
    "StringEquals": lambda actual, wanted: actual == patterns.plain(wanted),
    "StringEqualsIgnoreCase": lambda actual, wanted: actual.lower() == patterns.plain(wanted).lower(),
    "StringLike": lambda actual, wanted: patterns.matches(wanted, actual),
    "NumericEquals": _numbers(operator.eq),
    "NumericLessThan": _numbers(operator.lt),
    "NumericLessThanEquals": _numbers(operator.le),
    "NumericGreaterThan": _numbers(operator.gt),
    "NumericGreaterThanEquals": _numbers(operator.ge),
    "DateEquals": _dates(operator.eq),
    "DateLessThan": _dates(operator.lt),
    "DateLessThanEquals": _dates(operator.le),
    "DateGreaterThan": _dates(operator.gt),
    "DateGreaterThanEquals": _dates(operator.ge),
    "Bool": lambda actual, wanted: actual.lower() == wanted.lower(),
    "BinaryEquals": _guarded(lambda actual, wanted: base64.b64decode(actual) == base64.b64decode(wanted)),
    "IpAddress": _guarded(
        lambda actual, wanted: ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    ),
    # ArnEquals and ArnLike behave identically, says the reference.
    "ArnEquals": _arns,
    "ArnLike": _arns,
}
_NEGATED: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
NAMES = frozenset({*_TESTS, *_NEGATED, "Null"})


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A condition operator with what stands around its name: `ForAllValues:StringLikeIfExists`."""

    name: str
    quantifier: str  # "", "ForAllValues", "ForAnyValue"
    if_exists: bool

    def holds(self, actual: Sequence[str] | None, wanted: Sequence[str]) -> bool:
        """Whether the values of a key in the request, None when it has none, satisfy those in the policy."""
        if self.name == "Null":
            return any((actual is None) == (value.lower() == "true") for value in wanted)
        if not actual:
            return self._holds_of_nothing()
        several = all if self.quantifier == "ForAllValues" or (not self.quantifier and self.negated) else any
        return several(self._one(value, wanted) for value in actual)

    @property
    def negated(self) -> bool:
        """Whether this is a Not… operator."""
        return self.name in _NEGATED

    def _holds_of_nothing(self) -> bool:
        if self.quantifier:
            return self.quantifier == "ForAllValues" or self.if_exists
        return self.if_exists or self.negated

    def _one(self, value: str, wanted: Sequence[str]) -> bool:
        test = _TESTS[_NEGATED.get(self.name, self.name)]
        return any(test(value, each) for each in wanted) != self.negated


@lru_cache(maxsize=512)
def parse(text: str) -> Operator | None:
    """The operator that `text` names, None when there is no such."""
    quantifier, _, rest = text.rpartition(":")
    name = rest.removesuffix("IfExists")
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        return None
    if name == "Null" and (name != rest or quantifier):
        return None
    found = _BY_LOWER.get(name.lower())
    return Operator(name=found, quantifier=quantifier, if_exists=name != rest) if found else None


_BY_LOWER = {name.lower(): name for name in NAMES}
