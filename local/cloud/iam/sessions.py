"""STS's part: what moto's sessions lack for being judged, and who asks, said truly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.cloud import mend
from local.cloud.iam import store
from local.cloud.iam.authority import PASSED, Passed

CHAINED = timedelta(hours=1)  # the most that a session may have that was taken by another session
DEFAULT_MAXIMUM = 3600


def install() -> None:
    """Mend moto's STS, once it is loaded; without enforcement it stays as it is."""
    from moto.sts.models import STSBackend

    mend.around(STSBackend, "assume_role", _judged)
    mend.around(STSBackend, "get_caller_identity", _true)


def _judged(plain: Any) -> Any:
    """AssumeRole, with what a session is judged by."""

    def assume_role(backend: Any, **given: Any) -> Any:
        passed = PASSED.get()
        if passed is not None:
            _check_duration(passed, given)
        session = plain(backend, **given)
        if passed is not None:
            session.issued, session.vpc = datetime.now(UTC), passed.vpc
            session.session_tags = store.plain_tags(passed.parameters.get("Tags"))
            arns = passed.parameters.get("PolicyArns") or []
            session.policy_arns = [str(each.get("arn", "")) for each in arns]
        return session

    return assume_role


def _true(plain: Any) -> Any:
    """GetCallerIdentity, which moto does not know of the administrator."""

    def get_caller_identity(backend: Any, access_key_id: str, region: str) -> Any:
        passed = PASSED.get()
        if passed is not None and passed.caller.kind == "administrator":
            return passed.caller.user_id, passed.caller.arn, passed.caller.account
        return plain(backend, access_key_id, region)

    return get_caller_identity


def _check_duration(passed: Passed, given: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, DurationSeconds."""
    from moto.sts.exceptions import STSValidationError

    seconds = int(given.get("duration") or DEFAULT_MAXIMUM)
    role = store.role(str(given["role_arn"]))
    most = int(getattr(role, "max_session_duration", None) or DEFAULT_MAXIMUM)
    if passed.caller.kind == "session" and seconds > CHAINED.total_seconds():
        raise STSValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    if seconds > most:
        raise STSValidationError(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
