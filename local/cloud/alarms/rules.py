"""The rule of a composite alarm: parsed, and what it says of the alarms it names.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html; NOT binds closer than AND,
AND closer than OR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from local.cloud.alarms.evaluation import ALARM, INSUFFICIENT_DATA, OK

States = Callable[[str], str]  # the state of the alarm of a name
_TOKEN = re.compile(r'\s*(?:([()])|"((?:[^"\\]|\\.)*)"|([^\s()"]+))')
MOST_CHARACTERS = 10_240


class RuleError(ValueError):
    """A rule that cannot be read; says where."""


@dataclass(frozen=True)
class Rule:
    """A parsed rule: `holds` says whether it is true, `names` are the alarms it asks, in order."""

    holds: Callable[[States], bool]
    names: Sequence[str]


def parse(text: str) -> Rule:
    """The rule that `text` is. Raises RuleError."""
    if len(text) > MOST_CHARACTERS:
        raise RuleError(f"a rule has at most {MOST_CHARACTERS} characters, not {len(text)}")
    reader = _Reader(_tokens(text))
    holds = reader.any_of()
    if reader.left:
        raise RuleError(f"'{reader.left[0]}' is not expected")
    return Rule(holds, tuple(dict.fromkeys(reader.names)))


def _tokens(text: str) -> list[str]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            raise RuleError(f"a quotation mark at character {position + 1} has no end")
        bracket, quoted, word = found.groups()
        # A quoted name keeps a mark, so that an alarm called "AND" is no operator.
        tokens.append(bracket or word or '"' + re.sub(r"\\(.)", r"\1", quoted))
        position = found.end()
    return tokens


class _Reader:
    """Recursive descent, one method a level of precedence."""

    def __init__(self, tokens: list[str]) -> None:
        self.left, self.names = tokens, list[str]()

    def any_of(self) -> Callable[[States], bool]:
        terms = [self._all_of()]
        while self._take("OR"):
            terms.append(self._all_of())
        return lambda states: any(term(states) for term in terms)

    def _all_of(self) -> Callable[[States], bool]:
        terms = [self._one()]
        while self._take("AND"):
            terms.append(self._one())
        return lambda states: all(term(states) for term in terms)

    def _one(self) -> Callable[[States], bool]:
        negations = 0
        while self._take("NOT"):
            negations += 1
        plain = self._plain()
        return plain if negations % 2 == 0 else lambda states: not plain(states)

    def _plain(self) -> Callable[[States], bool]:
        if self._take("("):
            inner = self.any_of()
            self._expect(")")
            return inner
        for word, value in (("TRUE", True), ("FALSE", False)):
            if self._take(word):
                return lambda _states: value
        for wanted in (ALARM, OK, INSUFFICIENT_DATA):
            if self._take(wanted):
                return self._asked(wanted)
        raise RuleError(f"'{self.left[0]}' is not expected" if self.left else "it ends too early")

    def _asked(self, wanted: str) -> Callable[[States], bool]:
        self._expect("(")
        if not self.left or self.left[0] in ("(", ")"):
            raise RuleError(f"{wanted}() names no alarm")
        # A name or an ARN, which ends in the name.
        name = self.left.pop(0).removeprefix('"')
        name = name.split(":", 6)[6] if name.startswith("arn:") and name.count(":") >= 6 else name
        self._expect(")")
        self.names.append(name)
        return lambda states: states(name) == wanted

    def _take(self, token: str) -> bool:
        if self.left and self.left[0].upper() == token:
            self.left.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise RuleError(
                f"'{token}' is missing" + (f" before '{self.left[0]}'" if self.left else " at the end")
            )
