"""What documents allow without a limit: on every resource, under no condition that holds, and not denied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from policies.actions import covering, is_narrowable
from policies.documents import Condition, Document, Statement
from policies.grants import is_everything
from policies.neutral import why_neutral
from policies.resources import fits, granted_by, is_all_of_a_type
from policies.unknown import Unknown

PASSED_TO = "iam:passedtoservice"


@dataclass(frozen=True)
class Allowed:
    """The statements of an identity's documents that may allow something without a limit, and those that deny."""

    grants: Sequence[Statement]
    denies: Sequence[Statement]
    unknowns: tuple[Unknown, ...] = ()
    _seen: dict[tuple[str, str], Statement | None] = field(default_factory=dict)

    def by(self, action: str, passed_to: str = "") -> Statement | None:
        """The statement that allows `action` without a limit, if any.

        A role that may be passed only to the service `passed_to` is passed all the same, to that service.
        """
        key = action.lower(), passed_to
        if key not in self._seen:
            self._seen[key] = self._find(action, passed_to)
        return self._seen[key]

    def _find(self, action: str, passed_to: str) -> Statement | None:
        if any(_names(one, action) for one in self.denies):
            return None
        return next((one for one in self.grants if _allows(one, action, passed_to)), None)


def allowed(documents: Iterable[Document | Unknown]) -> Allowed:
    """What the documents of one identity allow, taken together."""
    statements: list[Statement] = []
    unknowns: list[Unknown] = []
    for document in documents:
        if isinstance(document, Unknown):
            unknowns.append(document)
        else:
            statements += document.statements
    for one in statements:
        unknowns += one.settled()
    denies = [
        s for s in statements if not s.allows and not s.conditions and _everywhere(s) and not s.unknowns
    ]
    grants = [s for s in statements if s.allows and (s.actions or s.not_actions)]
    return Allowed(grants, denies, tuple(unknowns))


def _names(statement: Statement, action: str) -> bool:
    if statement.not_actions:
        return covering(statement.not_actions, action) is None
    return covering(statement.actions, action) is not None


def _everywhere(statement: Statement) -> bool:
    return any(is_everything(text) for text in statement.resources)


def _allows(statement: Statement, action: str, passed_to: str) -> bool:
    if any(_limits(one, statement, passed_to) for one in statement.conditions):
        return False
    if any(".Condition" in path for path in statement.unknowns) or not _names(statement, action):
        return False
    # Where AWS takes no resource there is nothing to limit by; what is named there is another matter's.
    if statement.not_resources or not is_narrowable(action):
        return True
    return any(is_wide(arn) and _concerns(arn, action) for arn in statement.resources)


def _concerns(arn: str, action: str) -> bool:
    """Whether the action can be granted on what the ARN pattern names; where nobody knows, it can."""
    takes = granted_by(action)
    return (
        is_everything(arn) or not takes or any(fits(arn, one) for _, templates in takes for one in templates)
    )


def is_wide(arn: str) -> bool:
    """Whether the ARN pattern means everything, or all of a type of its service (role/*, function:*)."""
    return is_everything(arn) or is_all_of_a_type(arn)


def _limits(condition: Condition, statement: Statement, passed_to: str) -> bool:
    if why_neutral(condition, statement):
        return False
    if passed_to and condition.key == PASSED_TO:
        return not any(value.split(".")[0].strip("*") in (passed_to, "") for value in condition.values)
    return True


def listed(actions: Iterable[str], shown: int = 3) -> str:
    """The first few, and how many more."""
    names = list(dict.fromkeys(actions))
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if names[shown:] else "")


def every(patterns: Iterable[str], wanted: Iterable[str]) -> Iterator[str]:
    """Those of `wanted` that one of the patterns covers."""
    texts = tuple(patterns)
    return (action for action in wanted if covering(texts, action))
