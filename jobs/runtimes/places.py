"""From a place to the runtime that runs jobs there: the one table of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.clock import Clock
from jobs.platform import Place
from jobs.runtimes.base import Runtime
from jobs.runtimes.ec2 import Ec2

if TYPE_CHECKING:
    import boto3


def runtime_of(session: boto3.Session, place: Place, clock: Clock) -> Runtime:
    """The runtime of `place`."""
    return Ec2(session, place, clock)
