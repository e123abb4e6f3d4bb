"""`emrctl ci login`: a workflow takes its role in the account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from emrctl.options import Json


def command(
    role: Annotated[
        str,
        typer.Option(
            envvar="EMR_ROLE", help="The role's ARN: 'emrctl stack outputs account' has both of CI."
        ),
    ],
    region: Annotated[str, typer.Option(envvar="AWS_REGION", help="The region of the platform.")],
    as_json: Json = False,
) -> None:
    """Take the role by GitHub's token; the job's next steps have its credentials, for an hour, and logs never.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands says how both is done.
    """
    from emrctl.ci import take
    from emrctl.github import given, identity_token

    file = Path(given("GITHUB_ENV", "a step of GitHub Actions has it"))
    identity = take(role, region, identity_token(), file)
    print(json.dumps({"role": role, "session": identity}) if as_json else f"{role} as {identity}")
