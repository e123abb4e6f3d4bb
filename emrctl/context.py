"""Which AWS a command talks to: the local one while it is up in this checkout, else the real one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facts.errors import UserError
from local import paths
from local.state import LocalState, read

if TYPE_CHECKING:
    import boto3

TARGETS = ("local", "aws")


@dataclass(frozen=True, kw_only=True)
class Target:
    """An AWS to talk to. `env` is what a child process needs beyond the caller's own environment to reach it."""

    name: str
    env: Mapping[str, str]
    state: LocalState | None

    def session(self) -> boto3.Session:
        """A boto3 session for this target; on AWS it is the user's own default one."""
        import boto3

        # One command is one process with one target: the environment that children get serves us as well.
        os.environ.update(self.env)
        return boto3.Session()


def resolve(name: str | None = None) -> Target:
    """The target called `name`, or the one in force when it is None.

    Raises UserError for an unknown name, and for `local` while no local AWS is up.
    """
    if name is not None and name not in TARGETS:
        raise UserError(f"--target is '{name}'; allowed are: {', '.join(TARGETS)}")
    state = None if name == "aws" else read(paths.home())
    if state is None:
        if name == "local":
            raise UserError("no local AWS is up in this checkout; start it with 'emrctl local up'")
        return Target(name="aws", env={}, state=None)
    return Target(name="local", env=_environment(state), state=state)


def _environment(state: LocalState) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": state.endpoint,
        "AWS_ACCESS_KEY_ID": state.access_key_id,
        "AWS_SECRET_ACCESS_KEY": state.secret_access_key,
        "AWS_REGION": state.region,
        "AWS_DEFAULT_REGION": state.region,
        # The user's own settings must not lead a local run to a real account.
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PULUMI_DEBUG_PROVIDERS": f"aws:{state.provider_port}",
    }
