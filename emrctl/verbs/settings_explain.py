"""`emrctl settings explain`: every key of a stack file, with type, default and meaning."""

from __future__ import annotations

import json
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from emrctl.options import Json, OfAccount
from facts.errors import UserError

if TYPE_CHECKING:
    from infra.settings.explained import Key


def command(
    prefix: Annotated[
        str, typer.Argument(help="Only keys below it: emr:network, emr:clusters.main.core.")
    ] = "",
    account: OfAccount = False,
    as_json: Json = False,
) -> None:
    """Show every key that Pulumi.<stack>.yaml may have: its type, what is allowed, its default, what it means."""
    from infra.account.settings import AccountSettings
    from infra.settings.explained import keys
    from infra.settings.stack import Settings

    found = _below(keys(AccountSettings if account else Settings), prefix)
    if as_json:
        print(json.dumps([asdict(key) for key in found], indent=2))
        return
    for key in found:
        default = "must be given" if key.default is None else f"default {key.default}"
        kind = f"{key.type}: {key.allowed}" if key.allowed else key.type
        print(f"{key.key}\n    {key.meaning}\n    {kind}; {default}")


def _below(keys: list[Key], prefix: str) -> list[Key]:
    """The keys at or below `prefix`, in which the name of a cluster stands for any. Raises UserError when none is."""
    wanted = prefix.split(".")
    found = [key for key in keys if not prefix or _matches(key.key.split("."), wanted)]
    if not found:
        near = [key.key for key in keys if key.key.endswith((f".{prefix}", f":{prefix}"))]
        near = near or get_close_matches(prefix, [key.key for key in keys], n=1)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        raise UserError(f"no stack file has a key '{prefix}'{hint}; 'emrctl settings explain' shows them all")
    return found


def _matches(key: list[str], wanted: list[str]) -> bool:
    parts = zip(key, wanted, strict=False)
    return len(key) >= len(wanted) and all(part in (want, f"{want}[]", "<name>") for part, want in parts)
