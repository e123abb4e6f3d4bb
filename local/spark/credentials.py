"""The credentials of a step: its own role's, in a file that only its processes are pointed at."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Session = Mapping[str, str]  # access_key_id, secret_access_key, session_token
Clients = Callable[[str], Any]  # service → boto3 client with the control plane's credentials
_SESSION_LETTERS = 64  # STS's limit on a session's name


class RoleError(Exception):
    """The step's role cannot be assumed; the message says which and why."""


def write(
    file: Path, clients: Clients, instance_profile: str, execution_role_arn: str | None, step_id: str
) -> None:
    """Assume the step's role and write its session to `file`, readable by the user alone.

    As on EMR, the role is the step's execution role, or else that of the cluster's instance profile.
    Raises RoleError.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        role = execution_role_arn or _role_of_profile(clients("iam"), instance_profile)
    except (BotoCoreError, ClientError) as error:
        raise RoleError(f"the step's role cannot be assumed: {error}") from None
    keep(file, assume(clients, role, step_id))


def assume(clients: Clients, role: str, name: str) -> Session:
    """A session of the role, called `name`, for an hour. Raises RoleError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        told = clients("sts").assume_role(RoleArn=role, RoleSessionName=name[:_SESSION_LETTERS])
    except (BotoCoreError, ClientError) as error:
        raise RoleError(f"the step's role cannot be assumed: {error}") from None
    found = told["Credentials"]
    return {
        "access_key_id": found["AccessKeyId"],
        "secret_access_key": found["SecretAccessKey"],
        "session_token": found["SessionToken"],
    }


def keep(file: Path, session: Session) -> None:
    """Write a session to `file`, readable by the user alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "[default]\n" + "".join(f"aws_{name} = {value}\n" for name, value in session.items())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)


def environment(file: Path, endpoint: str, region: str) -> dict[str, str]:
    """What a process needs to use the credentials, boto3 as well as S3A; no secret is in it."""
    return {
        "AWS_SHARED_CREDENTIALS_FILE": str(file),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _role_of_profile(iam: Any, profile: str) -> str:
    name = profile.rpartition("/")[2]
    roles = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
    if not roles:
        raise RoleError(f"instance profile {name} has no role")
    return str(roles[0]["Arn"])
