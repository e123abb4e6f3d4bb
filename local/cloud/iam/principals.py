"""Who calls, and how a policy's Principal names them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

Kind = Literal["administrator", "root", "user", "session", "service", "anonymous"]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A principal that makes a request."""

    kind: Kind
    account: str  # "" for a service and for nobody
    arn: str  # what error messages name: a user, an assumed-role session, "" for nobody
    role_arn: str | None = None  # of a session: the role that it is of
    service: str | None = None  # of a service: "ec2.amazonaws.com"
    user_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def principal_arn(self) -> str:
        """aws:PrincipalArn: of a session it is the role's.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        """
        return self.role_arn or self.arn


ANONYMOUS = Caller(kind="anonymous", account="", arn="")


class Match(Enum):
    """How a resource's policy names a caller: what an Allow is worth depends on it."""

    NOBODY = 0
    ACCOUNT = 1  # its account: IAM of that account decides
    ROLE = 2  # the role of its session: boundary and session policy still limit it
    ITSELF = 3  # its own ARN: no other policy need allow
    EVERYONE = 4  # "*"


def match(principals: Mapping[str, tuple[str, ...]], caller: Caller, *, deny: bool) -> Match:
    """How `principals` name the caller, the strongest way; in a Deny the account names all of its principals.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    found = [_aws(name, caller) for name in principals.get("AWS", ())]
    if caller.kind == "service" and caller.service in principals.get("Service", ()):
        found.append(Match.ITSELF)
    best = max(found, key=lambda each: each.value, default=Match.NOBODY)
    return Match.ITSELF if deny and best is not Match.NOBODY else best


def _aws(name: str, caller: Caller) -> Match:
    if name == "*":
        # "*" under AWS also names the anonymous, in a resource's policy.
        return Match.EVERYONE
    if caller.kind in ("anonymous", "service"):
        return Match.NOBODY
    if name == caller.account or (name.endswith(":root") and name.split(":")[4:5] == [caller.account]):
        return Match.ACCOUNT
    if name == caller.arn:
        return Match.ITSELF
    return Match.ROLE if name == caller.role_arn else Match.NOBODY
