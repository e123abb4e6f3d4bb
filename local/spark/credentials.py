"""Who runs a step or a job run: the session of its role, in a file that only its processes are pointed at."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.spark.clients import BotoClients

if TYPE_CHECKING:
    from botocore.credentials import Credentials

Clients = Callable[[str], Any]  # service → boto3 client
_SESSION_LETTERS = 64  # STS's limit on a session's name
# EMR's nodes tag the session of a step's role, so they need sts:TagSession beside sts:AssumeRole:
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-steps-runtime-roles.html
# This tag is the one that is documented, of clusters with Lake Formation (AuthorizedSessionTagValue):
# https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_emr.CfnSecurityConfiguration.html
_SESSION_TAGS = [{"Key": "LakeFormationAuthorizedCaller", "Value": "Amazon EMR"}]


class RoleError(Exception):
    """The role cannot be assumed; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session of a role; `ends` is a time in ISO 8601."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    ends: str

    @property
    def credentials(self) -> Credentials:
        """The same for boto3."""
        from botocore.credentials import Credentials

        return Credentials(self.access_key_id, self.secret_access_key, self.session_token)


class Node:
    """A cluster's nodes: who they are is what EC2 gives them, the role of their instance profile.

    `machine` are clients with EC2's own credentials; as on AWS, the role must trust EC2, and the session is named
    after the instance.
    """

    def __init__(self, machine: Clients, instance_profile: str, instance_id: str) -> None:
        self._machine, self._profile, self._instance_id = machine, instance_profile, instance_id

    def session(self) -> Session:
        """A new session of the nodes' role. Raises RoleError."""
        return assume(self._machine, self._role(), self._instance_id)

    def clients(self, endpoint: str, region: str) -> BotoClients:
        """Clients of the nodes; the session is taken when first needed and renewed before it ends."""
        from botocore.credentials import DeferredRefreshableCredentials

        credentials = DeferredRefreshableCredentials(refresh_using=self._metadata, method="instance-profile")
        return BotoClients(endpoint, region, credentials)

    def _metadata(self) -> dict[str, str]:
        session = self.session()
        return {
            "access_key": session.access_key_id,
            "secret_key": session.secret_access_key,
            "token": session.session_token,
            "expiry_time": session.ends,
        }

    def _role(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        name = self._profile.rpartition("/")[2]
        try:
            found = self._machine("iam").get_instance_profile(InstanceProfileName=name)
        except (BotoCoreError, ClientError) as error:
            raise RoleError(f"the role of the nodes cannot be assumed: {error}") from None
        roles = found["InstanceProfile"]["Roles"]
        if not roles:
            raise RoleError(f"instance profile {name} has no role")
        return str(roles[0]["Arn"])


def of_step(node: Node, clients: Clients, execution_role_arn: str | None, step_id: str) -> Session:
    """A session of the step's role.

    As on EMR, the nodes (whose `clients` these are) assume the step's execution role and tag the session; a step
    without one has the nodes' own. Raises RoleError.
    """
    if execution_role_arn is None:
        return node.session()
    return assume(clients, execution_role_arn, step_id, Tags=_SESSION_TAGS)


def assume(clients: Clients, role: str, name: str, **more: Any) -> Session:
    """A session of the role, called `name`, for an hour; `more` goes to AssumeRole. Raises RoleError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        told = clients("sts").assume_role(RoleArn=role, RoleSessionName=name[:_SESSION_LETTERS], **more)
    except (BotoCoreError, ClientError) as error:
        raise RoleError(f"the role {role} cannot be assumed: {error}") from None
    found = told["Credentials"]
    return Session(
        access_key_id=found["AccessKeyId"],
        secret_access_key=found["SecretAccessKey"],
        session_token=found["SessionToken"],
        ends=found["Expiration"].isoformat(),
    )


def keep(file: Path, session: Session) -> None:
    """Write a session to `file`, readable by the user alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = (
        "[default]\n"
        f"aws_access_key_id = {session.access_key_id}\n"
        f"aws_secret_access_key = {session.secret_access_key}\n"
        f"aws_session_token = {session.session_token}\n"
    )
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
