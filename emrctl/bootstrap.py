"""An account made ready: the stack `account` brought up, and its state moved into the bucket that it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emrctl import ownership
from emrctl.account import FOLDER, Account
from emrctl.context import Target
from emrctl.pulumi import policy_pack, project
from facts.errors import UserError
from infra.account.settings import STACK

if TYPE_CHECKING:
    from infra.account.settings import Owner

OTHER_CREDENTIALS = (
    "the credentials are of account {found} ({arn}); {file} names {wanted}; nothing was touched"
)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What a bootstrap did, and what the account says of itself."""

    changes: Mapping[str, int]
    owners: Mapping[str, Owner]
    moved: bool
    outputs: Mapping[str, Any]


def run(target: Target, *, quiet: bool, say: Callable[[str], None]) -> Ready:
    """Bring the account up, or what is missing of it. Raises UserError before anything is touched, or with its code."""
    account = Account(target, project())
    check_identity(account)
    owners = _settle_owners(account, say)
    engine = account.engine()
    code = engine.up(STACK, policies=policy_pack(), quiet=quiet)
    if code != 0:
        raise UserError(
            f"'pulumi up' of stack '{STACK}' failed; mend what it says above, then start 'emrctl bootstrap' again: it "
            "goes on where it stopped",
            code=code,
        )
    changes = engine.changes(STACK)
    moved = account.move_in()
    if moved:
        say(
            f"the state of stack '{STACK}' is in its own bucket now: {account.moved().env['PULUMI_BACKEND_URL']}"
        )
    outputs = account.moved().outputs(STACK)["account"]
    return Ready(changes=changes, owners=owners, moved=moved, outputs=outputs)


def check_identity(account: Account) -> None:
    """Raise UserError unless the credentials are of the account that the stack's file names."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        caller = account.session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise UserError(f"AWS does not take the credentials: {error}", code=1) from None
    wanted = account.settings.aws.account_id
    if caller["Account"] != wanted:
        file = Path(FOLDER) / f"Pulumi.{STACK}.yaml"
        raise UserError(
            OTHER_CREDENTIALS.format(found=caller["Account"], arn=caller["Arn"], file=file, wanted=wanted)
        )


def _settle_owners(account: Account, say: Callable[[str], None]) -> Mapping[str, Owner]:
    """Have the settings say who owns what, as the account is: told, and kept. Returns what was changed."""
    engine = account.engine()
    engine.ensure_stack(STACK)
    chosen = account.settings.ownership
    there = ownership.found(account.session, account.names, chosen)
    changes = ownership.decide(ownership.settled(chosen), there, ownership.ours(engine.export(STACK)))
    for path, owner in changes.items():
        why = "is there already, made by somebody else" if owner == "adopt" else "is not there"
        say(f"emr:ownership.{path}: {why}; set to '{owner}'")
    if changes:
        account.remember(changes)
    return changes
