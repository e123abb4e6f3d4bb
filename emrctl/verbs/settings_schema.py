"""`emrctl settings schema`: the JSON schema of a stack file, for editors."""

from __future__ import annotations

import json

from emrctl.options import OfAccount


def command(account: OfAccount = False) -> None:
    """Print the JSON schema of Pulumi.<stack>.yaml: an editor that has it completes keys and marks mistakes."""
    from infra.account.settings import AccountSettings
    from infra.settings.explained import schema
    from infra.settings.stack import Settings

    print(json.dumps(schema(AccountSettings if account else Settings), indent=2))
