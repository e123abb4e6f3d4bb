"""From an access key to who calls: the home's administrator, IAM's users, sessions of roles, and AWS itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.cloud.iam import language, store
from local.cloud.iam.judge import Policies
from local.cloud.iam.language import Document
from local.cloud.iam.network import Vpc
from local.cloud.iam.principals import Caller
from local.keys import PRINCIPALS, Key

EVERYTHING = language.parse('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')
ADMINISTRATOR = "emrctl-administrator"  # the user whose key is in the home's state file


class CredentialError(Exception):
    """The access key is nobody's, the token is not its own, or the session has ended."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind  # "unknown", "token", "expired", "inactive"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A caller with its secret and the policies that are its own."""

    caller: Caller
    secret: str
    identity: Sequence[Document] = ()
    boundary: Document | None = None
    session: Document | None = None
    issued: datetime | None = None  # of a session
    vpc: Vpc | None = None  # that its requests come from

    def policies(self) -> Policies:
        """The caller's side of a judgement."""
        return Policies(identity=self.identity, boundary=self.boundary, session=self.session)


class Keyring:
    """Whose an access key is. `services` are the keys with which AWS gives roles to what runs on it (local/keys.py)."""

    def __init__(self, account: str, administrator: Key, services: Mapping[str, Key]) -> None:
        self._account = account
        arn = f"arn:aws:iam::{account}:user/{ADMINISTRATOR}"
        admin = Caller(kind="administrator", account=account, arn=arn, user_id="AIDAEMRCTLADMINISTRAT")
        self._own = {
            administrator.access_key_id: Identity(
                caller=admin, secret=administrator.secret_access_key, identity=(EVERYTHING,)
            ),
            **{key.access_key_id: _service(PRINCIPALS[name], key) for name, key in services.items()},
        }
        self._sessions: dict[str, Any] = {}

    @property
    def own(self) -> Mapping[str, Caller]:
        """Who has the keys that are in no IAM."""
        return {key: identity.caller for key, identity in self._own.items()}

    def find(self, access_key: str, token: str | None) -> Identity:
        """Who the key belongs to, with the policies as they are now. Raises CredentialError."""
        own = self._own.get(access_key)
        if own is not None:
            return own
        session = self._session(access_key)
        if session is not None:
            return _of_session(session, token)
        found = _user(access_key)
        if found is None:
            raise CredentialError("unknown")
        user, key = found
        if token:
            raise CredentialError("token")
        if key.status != "Active":
            raise CredentialError("inactive")
        return _of_user(user, key)

    def _session(self, access_key: str) -> Any:
        """The session of a key; looked for among all of them once."""
        if not access_key.startswith("ASIA"):
            return None
        if access_key not in self._sessions:
            for _, _, backend in store.accounts("sts"):
                for role in reversed(backend.assumed_roles):
                    self._sessions.setdefault(role.access_key_id, role)
        return self._sessions.get(access_key)


def _service(principal: str, key: Key) -> Identity:
    caller = Caller(kind="service", account="", arn=principal, service=principal)
    return Identity(caller=caller, secret=key.secret_access_key)


def _user(access_key: str) -> tuple[Any, Any] | None:
    for _, _, backend in store.accounts("iam"):
        for user in list(backend.users.values()):
            for key in user.access_keys:
                if key.access_key_id == access_key:
                    return user, key
    return None


def _of_user(user: Any, key: Any) -> Identity:
    caller = Caller(
        kind="user", account=user.account_id, arn=user.arn, user_id=user.id, tags=store.plain_tags(user.tags)
    )
    return Identity(
        caller=caller,
        secret=key.secret_access_key,
        identity=store.of_user(user),
        boundary=store.boundary(user),
    )


def _of_session(session: Any, token: str | None) -> Identity:
    if token != session.session_token:
        raise CredentialError("token")
    if session.expiration.replace(tzinfo=UTC) <= datetime.now(UTC):
        raise CredentialError("expired")
    role = store.role(session.role_arn)
    # A role that was deleted leaves sessions that may do nothing.
    tags = {} if role is None else store.plain_tags(role.tags)
    caller = Caller(
        kind="session", account=session.account_id, arn=session.arn, role_arn=session.role_arn,
        user_id=session.user_id, tags={**tags, **getattr(session, "session_tags", {})},
    )  # fmt: skip
    return Identity(
        caller=caller,
        secret=session.secret_access_key,
        identity=[] if role is None else store.of_identity(role),
        boundary=None if role is None else store.boundary(role),
        session=_session_policy(session),
        issued=getattr(session, "issued", None),
        vpc=getattr(session, "vpc", None),
    )


def _session_policy(session: Any) -> Document | None:
    """The inline policy and the managed ones that AssumeRole was given, which allow together."""
    given = [
        store.document(session.policy),
        *(store.managed(arn) for arn in getattr(session, "policy_arns", ())),
    ]
    if not session.policy and not getattr(session, "policy_arns", ()):
        return None
    return Document(statements=tuple(s for each in given if each is not None for s in each.statements))
