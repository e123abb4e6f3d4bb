"""The platform that a command works on: a session, and what the stack says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrctl.context import Target, resolve
from emrctl.pulumi import workspace

if TYPE_CHECKING:
    import boto3

    from jobs.platform import Platform
    from stacks.engine import Pulumi


def connect(stack: str, target: str | None) -> tuple[boto3.Session, Platform]:
    """A session in the stack's region and the stack's platform. Raises UserError when it is not up."""
    resolved = resolve(target)
    return read(resolved, workspace(resolved, stack), stack)


def read(target: Target, engine: Pulumi, stack: str) -> tuple[boto3.Session, Platform]:
    """As `connect`, for a caller that has the stack's engine already."""
    import boto3

    from jobs.platform import parse

    platform = parse(engine.outputs(stack))
    target.session()  # sets the environment of the target
    return boto3.Session(region_name=platform.region), platform
