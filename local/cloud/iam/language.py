"""IAM's policy language: documents as statements that apply to a question or do not. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from local.cloud.iam import conditions, patterns
from local.cloud.iam.principals import Caller, Match, match

Context = Mapping[str, tuple[str, ...]]  # condition keys in lower case, with what the request has for them
VARIABLES_SINCE = "2012-10-17"
_VARIABLE = re.compile(r"\$\{(?P<key>[^}',]+?)\s*(?:,\s*'(?P<default>[^']*)'\s*)?\}")
_PARTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


class PolicyError(ValueError):
    """A document that is no policy; the message says where."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """May this caller do this to that? Every question names one action and one resource."""

    caller: Caller
    action: str  # "s3:GetObject"
    resource: str  # an ARN, or "*" where the action knows no narrower one
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Test:
    """One line of a condition: an operator, a key in lower case, and the values of which one must hold."""

    operator: conditions.Operator
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. Of each pair (actions, resources, principals) the flag says whether it is the Not… form."""

    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...] | None  # None in a trust policy
    not_resources: bool
    principals: Mapping[str, tuple[str, ...]] | None  # None in an identity policy
    not_principals: bool
    tests: tuple[Test, ...]
    variables: bool

    def is_about(self, action: str) -> bool:
        """Whether it speaks of this action."""
        found = any(patterns.matches(each, action, ignore_case=True) for each in self.actions)
        return found != self.not_actions

    def applies(self, question: Question) -> bool:
        """Whether, being about its action, it speaks of this resource and context; of whom, `names` says."""
        return self._resource(question) and self._conditions(question.context)

    def concerns(self, caller: Caller) -> bool:
        """Whether it speaks of the caller: an identity policy's always does."""
        return self.principals is None or self.names(caller) is not Match.NOBODY

    def names(self, caller: Caller) -> Match:
        """How the statement names the caller."""
        if self.principals is None:
            return Match.NOBODY
        found = match(self.principals, caller, deny=self.effect == "Deny")
        if self.not_principals:
            return Match.EVERYONE if found is Match.NOBODY else Match.NOBODY
        return found

    def _resource(self, question: Question) -> bool:
        if self.resources is None:
            return True
        wanted = (self._filled(each, question.context) for each in self.resources)
        found = any(patterns.matches_arn(each, question.resource) for each in wanted if each is not None)
        return found != self.not_resources

    def _conditions(self, context: Context) -> bool:
        return all(self._holds(test, context) for test in self.tests)

    def _holds(self, test: Test, context: Context) -> bool:
        wanted = [v for v in (self._filled(each, context) for each in test.values) if v is not None]
        return test.operator.holds(context.get(test.key), wanted)

    def _filled(self, text: str, context: Context) -> str | None:
        """`text` with its variables replaced; None when one has no value, and then it matches nothing."""
        if not self.variables or "${" not in text:
            return text
        values = []
        for found in _VARIABLE.finditer(text):
            value = _value(found, context)
            if value is None:
                return None
            values.append(value)
        rest = iter(values)
        return _VARIABLE.sub(lambda _: next(rest), text)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A policy. `unknown` names operators that do not exist; a statement that has one is left out."""

    statements: tuple[Statement, ...]
    unknown: frozenset[str] = frozenset()
    _about: dict[str, tuple[Statement, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def keys(self) -> frozenset[str]:
        """The condition keys that it asks for, in lower case."""
        return frozenset(test.key for statement in self.statements for test in statement.tests)

    def applying(self, question: Question) -> Iterator[Statement]:
        """The statements that speak of the question's action, resource and context."""
        action = question.action
        about = self._about.get(action)
        if about is None:  # documents are parsed once and asked often, of few actions
            about = tuple(statement for statement in self.statements if statement.is_about(action))
            self._about[action] = about
        return (statement for statement in about if statement.applies(question))


@lru_cache(maxsize=4096)
def parse(text: str) -> Document:
    """The document in `text`. Raises PolicyError when it is no policy."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError(f"the policy is not JSON: {error}") from None
    if not isinstance(document, dict) or "Statement" not in document:
        raise PolicyError("the policy has no Statement")
    found = document["Statement"]
    variables = document.get("Version") == VARIABLES_SINCE
    unknown: set[str] = set()
    statements = [_statement(each, variables, unknown) for each in listed(found)]
    return Document(
        statements=tuple(each for each in statements if each is not None), unknown=frozenset(unknown)
    )


def _statement(found: Any, variables: bool, unknown: set[str]) -> Statement | None:
    if not isinstance(found, dict) or found.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("a statement needs an Effect, Allow or Deny")
    extra = set(found) - _PARTS
    if extra:
        raise PolicyError(f"a statement has no {', '.join(sorted(extra))}")
    if ("Action" in found) == ("NotAction" in found):
        raise PolicyError("a statement needs one of Action and NotAction")
    tests = tuple(_tests(found.get("Condition") or {}, unknown))
    resources = found.get("Resource", found.get("NotResource"))
    principals = found.get("Principal", found.get("NotPrincipal"))
    statement = Statement(
        effect=found["Effect"],
        actions=texts(found.get("Action", found.get("NotAction"))),
        not_actions="NotAction" in found,
        resources=None if resources is None else texts(resources),
        not_resources="NotResource" in found,
        principals=None if principals is None else _principals(principals),
        not_principals="NotPrincipal" in found,
        tests=tuple(test for test in tests if test is not None),
        variables=variables,
    )
    return None if None in tests else statement


def _tests(condition: Any, unknown: set[str]) -> Iterable[Test | None]:
    if not isinstance(condition, dict) or not all(isinstance(each, dict) for each in condition.values()):
        raise PolicyError("a Condition holds operators, and each of them keys")
    for name, keys in condition.items():
        operator = conditions.parse(name)
        if operator is None:
            unknown.add(name)
            yield None
            continue
        for key, values in keys.items():
            yield Test(operator=operator, key=key.lower(), values=texts(values))


def _principals(found: Any) -> dict[str, tuple[str, ...]]:
    if found == "*":
        return {"AWS": ("*",)}
    if not isinstance(found, dict):
        raise PolicyError(f"a Principal is '*' or names kinds of principals, not {found!r}")
    return {kind: texts(names) for kind, names in found.items()}


def listed(found: Any) -> list[Any]:
    """One or several as a list: policies may say a list of one as its element."""
    return found if isinstance(found, list) else [found]


def texts(values: Any) -> tuple[str, ...]:
    """One value or a list of them; JSON's own booleans and numbers count as their text."""
    return tuple(each if isinstance(each, str) else json.dumps(each) for each in listed(values))


def _value(found: re.Match[str], context: Context) -> str | None:
    key = found["key"]
    if key in ("*", "?", "$"):
        return patterns.literal(key)
    values = context.get(key.lower())
    if values and len(values) == 1:
        return patterns.literal(values[0])
    default: str | None = found["default"]
    return None if default is None else patterns.literal(default)
