"""The platform that a command works on: a session, and what the stack says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrctl.context import resolve
from emrctl.pulumi import workspace

if TYPE_CHECKING:
    import boto3

    from jobs.platform import Platform


def connect(stack: str, target: str | None) -> tuple[boto3.Session, Platform]:
    """A session in the stack's region and the stack's platform. Raises UserError when it is not up."""
    import boto3

    from jobs.platform import parse

    resolved = resolve(target)
    platform = parse(workspace(resolved, stack).outputs(stack))
    resolved.session()  # sets the environment of the target
    return boto3.Session(region_name=platform.region), platform
