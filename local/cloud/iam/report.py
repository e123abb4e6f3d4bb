"""What is not evaluated is said: by policies that ask for more than we look at."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping

from local.cloud.iam import context, language
from local.cloud.iam.resources import table

log = logging.getLogger("local.iam")
# What is kept and has no say: by the action that makes it.
KEPT_ONLY: Mapping[str, str] = {
    "dynamodb:PutResourcePolicy": "a table's own policy",
    "events:PutPermission": "an event bus's own policy",
    "glue:PutResourcePolicy": "the catalog's own policy",
    "kms:CreateGrant": "a grant: its grantee needs a policy",
    "logs:PutResourcePolicy": "a policy of log groups",
    "s3:PutBucketAcl": "an ACL",
    "s3:PutObjectAcl": "an ACL",
    "sts:GetFederationToken": "a federated session: its key is nobody's",
    "sts:GetSessionToken": "a user's session: its key is nobody's",
}
_POLICIES = ("policy", "policydocument", "policyinjson", "attributevalue")
_LIMIT = 200


class Report:
    """Warnings, each said once in the log and kept for `emrctl local status`."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}
        self._guard = threading.Lock()

    @property
    def lines(self) -> list[str]:
        """What has been reported, the oldest first."""
        with self._guard:
            return list(self._said)

    def policy(self, text: str, where: str) -> None:
        """Report what the policy asks for and is not evaluated; a text that is no policy is for the API to refuse."""
        try:
            found = language.parse(text)
        except language.PolicyError:
            return
        for key in sorted(found.keys):
            if not context.knows(key):
                self.say(f"{where}: the condition key {key} is not evaluated: it counts as absent")
        for name in sorted(found.unknown):
            self.say(f"{where}: the condition operator {name} does not exist: its statement says nothing")

    def asked(self, action: str) -> None:
        """Report what the action makes when that is kept and not evaluated."""
        if action in KEPT_ONLY:
            self.say(f"{action}: not evaluated: {KEPT_ONLY[action]}")

    def service(self, name: str) -> None:
        """Report a service whose resources are not known."""
        if name not in table():
            self.say(f"{name}: its actions are judged on the resource * alone")

    def say(self, line: str) -> None:
        """Report something, once."""
        with self._guard:
            if line in self._said or len(self._said) >= _LIMIT:
                return
            self._said[line] = None
        log.warning("not evaluated: %s", line)


def texts(parameters: Iterable[tuple[str, object]]) -> Iterator[str]:
    """The policy documents among a request's parameters, and among the attributes of a topic or queue."""
    for name, value in parameters:
        if isinstance(value, Mapping):
            yield from texts(value.items())
        elif name.lower().endswith(_POLICIES) and isinstance(value, str) and value.lstrip().startswith("{"):
            yield value
