"""Where a run goes: its own place, or another when that is busy. Decided before anything of the run is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.platform import Place
from jobs.runs import Attempt
from jobs.spec import JobSpec, Target

if TYPE_CHECKING:
    import boto3

# The states in which a run has no room yet, or has not asked for it:
# https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/job-states.html
# https://docs.aws.amazon.com/emr-on-eks/latest/APIReference/API_JobRun.html
_WAITING_SERVERLESS = ("SUBMITTED", "PENDING", "SCHEDULED", "QUEUED")
_WAITING_EKS = ("PENDING", "SUBMITTED")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A place for a run, and why; no reason where there was no choice."""

    target: Target
    why: str | None = None


def choose(spec: JobSpec, waiting: Callable[[Target], int]) -> Choice:
    """The place of the next run. `waiting` counts what waits at a place, as far as it matters."""
    other = spec.fallback
    if other is None:
        return Choice(target=spec.runtime)
    busy, limit = waiting(spec.runtime), other.when_waiting
    if busy < limit:
        return Choice(
            target=spec.runtime, why=f"its own place: {busy} waited there, of {limit} that are too many"
        )
    return Choice(
        target=other.runtime,
        why=f"the fallback: {busy} waited at {spec.runtime.kind} '{spec.runtime.place}', and {limit} are too many",
    )


def target_of(spec: JobSpec, attempt: Attempt) -> Target:
    """Which of the spec's targets `attempt` went to."""
    other = spec.fallback.runtime if spec.fallback else None
    taken = other is not None and (other.kind, other.place) == (attempt.runtime, attempt.place)
    return other if other is not None and taken else spec.runtime


def waiting(session: boto3.Session, place: Place, enough: int) -> int:
    """How many steps or job runs wait at `place`, counted by list calls, to `enough` at most.

    An application without room for more makes its runs wait, so that they are counted for it too.
    """
    if place.kind == "ec2":
        if not place.id:  # a cluster of the run's own
            return 0
        steps = session.client("emr").get_paginator("list_steps")
        pages = (page["Steps"] for page in steps.paginate(ClusterId=place.id, StepStates=["PENDING"]))
        return _count(pages, enough)
    if place.kind == "serverless":
        runs = session.client("emr-serverless").get_paginator("list_job_runs")
        found = runs.paginate(applicationId=place.id, states=list(_WAITING_SERVERLESS))
        return _count((page["jobRuns"] for page in found), enough)
    of_eks = session.client("emr-containers").get_paginator("list_job_runs")
    pages_of_eks = of_eks.paginate(virtualClusterId=place.id, states=list(_WAITING_EKS))
    return _count((page["jobRuns"] for page in pages_of_eks), enough)


def _count(pages: Iterable[Sequence[object]], enough: int) -> int:
    found = 0
    for page in pages:
        found += len(page)
        if found >= enough:
            break
    return found
