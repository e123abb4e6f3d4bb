"""What a stack of the platform reads of the account beneath it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from facts.errors import UserError
from infra.naming import Names
from infra.settings.account import AccountReferenceSettings

# Of the export `account`: infra/account/outputs.py. Version 1 knew no log group.
SCHEMA_VERSION = 2
UNWATCHED = (
    "nobody is told when someone takes the break-glass role: {why}; see 'emrctl settings explain emr:account'"
)


def trail_log_group(account: AccountReferenceSettings, names: Names) -> pulumi.Input[str]:
    """The log group that the account's audit trail writes to."""
    if account.adopt is not None:
        return account.adopt.trail_log_group
    stack = account.stack
    assert stack is not None
    outputs = pulumi.StackReference("account", stack_name=stack).outputs

    def found(exported: Mapping[str, Any]) -> str:
        try:
            return exported_log_group(exported, stack, names)
        except UserError as error:
            raise pulumi.RunError(str(error)) from None

    log_group: pulumi.Output[str] = outputs.apply(found)
    return log_group


def exported_log_group(outputs: Mapping[str, Any], stack: str, names: Names) -> str:
    """The log group in what `stack` exports. Raises UserError unless that is the account of `names`, as known here."""
    exported, where = outputs.get("account"), f"emr:account.stack: '{stack}'"
    if not isinstance(exported, Mapping):
        raise UserError(f"{where} has no export 'account'; name the stack that 'emrctl bootstrap' brings up")
    version = exported.get("schema_version")
    if version != SCHEMA_VERSION:
        # The engine's numbers have a point.
        shown = f"{version:g}" if isinstance(version, float) else version
        raise UserError(
            f"{where} exports schema_version {shown} of 'account', and version {SCHEMA_VERSION} is read here; bring "
            "account and stack up from the same release: 'emrctl bootstrap', then this"
        )
    found = (exported["account_id"], exported["region"])
    if found != (names.account_id, names.region):
        raise UserError(
            f"{where} is of account {found[0]} in {found[1]}, this stack of {names.account_id} in {names.region}, "
            "where its alarm can read no other's log group; name the trail's log group there in emr:account.adopt, or "
            "leave emr:account out"
        )
    return str(exported["audit"]["log_group"])


def unwatched(account: AccountReferenceSettings | None, *, enabled: bool) -> str | None:
    """Why there is no alarm on the break-glass role, in one line for a preview; None where there is one."""
    if not enabled:
        return UNWATCHED.format(why="emr:identity.break_glass_alarm.enabled is false")
    return UNWATCHED.format(why="emr:account names no account") if account is None else None
