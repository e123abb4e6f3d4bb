"""A workflow's role in the account, taken by the token that says which workflow it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from facts.errors import UserError

SESSION_SECONDS = 3600  # what the roles of the account allow (infra/account/github.py)


def take(role: str, region: str, token: str, file: Path) -> str:
    """Add the role's credentials to `file`, the environment of the job's next steps, and mask them in its log.

    Returns the session's ARN. Raises UserError when AWS refuses.
    """
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    client = boto3.client("sts", region_name=region, config=Config(signature_version=UNSIGNED))
    session = f"github-{os.environ.get('GITHUB_RUN_ID', '0')}"
    try:
        answer = client.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName=session, WebIdentityToken=token, DurationSeconds=SESSION_SECONDS
        )
    except (BotoCoreError, ClientError) as error:
        raise UserError(
            f"AWS does not give {role} to this workflow: {error}; emr:github of the stack 'account' says who may",
            code=1,
        ) from None
    found = answer["Credentials"]
    secrets = {
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }
    for value in secrets.values():
        print(f"::add-mask::{value}", file=sys.stderr)  # the runner reads commands from both streams
    with file.open("a") as out:
        out.writelines(f"{key}={value}\n" for key, value in {**secrets, "AWS_REGION": region}.items())
    return str(answer["AssumedRoleUser"]["Arn"])
