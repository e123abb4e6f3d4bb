"""From a place to the runtime that runs jobs there: the one table of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.clock import Clock
from jobs.platform import Place
from jobs.runtimes.base import Runtime
from jobs.runtimes.ec2 import Ec2
from jobs.runtimes.eks import Eks
from jobs.runtimes.ephemeral import Ephemeral
from jobs.runtimes.serverless import Serverless

if TYPE_CHECKING:
    import boto3


def runtime_of(session: boto3.Session, place: Place, clock: Clock) -> Runtime:
    """The runtime of `place`."""
    if place.kind == "serverless":
        return Serverless(session, place)
    if place.kind == "eks":
        return Eks(session, place)
    return Ephemeral(session, place, clock) if place.template is not None else Ec2(session, place, clock)
