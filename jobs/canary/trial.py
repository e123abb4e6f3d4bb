"""A canary: run the new version apart, find or make the run to hold it against, compare, and say what follows.

Nothing that anybody reads is touched before the end, and then only a channel, and only when asked to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from facts.errors import UserError
from jobs import artifacts, attempts, objects, pointers
from jobs.artifacts import Artifact
from jobs.attempts import Asked
from jobs.canary import profiles
from jobs.canary.compare import Check, Side, compare
from jobs.clock import Clock
from jobs.lifecycle import Lifecycle
from jobs.platform import Platform
from jobs.runs import Record
from jobs.spec import Canary, JobSpec
from jobs.spec.dates import say

if TYPE_CHECKING:
    import boto3

# good: as the live one, as far as the thresholds ask. worse: not, or it failed. unknown: nothing says which.
Outcome = Literal["good", "worse", "unknown", "stopped"]
_DIGEST = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{6,64}")
LOOK_BACK = 50  # of the job's newest records: the run to hold a canary against is one of them, or is made


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a canary showed. `live` is None while there was no need to look for it."""

    job: str
    live_channel: str
    live_digest: str
    version: str  # the channel or digest that was asked for
    digest: str
    outcome: Outcome
    canary: Record
    canary_side: Side
    live: Record | None = None
    live_side: Side | None = None
    thresholds: Canary = field(default_factory=Canary)
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    promoted: bool = False


class Trial:
    """Canaries on one platform. `told` hears what is being done, a clause each."""

    def __init__(
        self,
        session: boto3.Session,
        platform: Platform,
        lifecycle: Lifecycle,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._session, self._platform, self._lifecycle, self._told = session, platform, lifecycle, told

    def run(
        self, job: str, version: str, live_channel: str, asked: Asked | None = None, *, fresh: bool = False
    ) -> Result:
        """Try `version` (a channel or a digest) against what `live_channel` points at.

        `asked` says the date and parameters, else they are the last good run's and the spec's under `canary`. `fresh`:
        run the live version as well, although a run of it is there. Raises UserError for what the user can mend.
        """
        asked = asked or Asked()
        live = artifacts.resolve(self._session, self._platform, job, live_channel)
        new = _version(self._session, self._platform, job, version)
        if new.manifest.digest == live.manifest.digest:
            raise UserError(
                f"'{version}' is the version that '{live_channel}' points at: there is nothing to compare"
            )
        spec = attempts.spec_of(self._platform, new)
        good = self._good_runs(live)
        date = asked.date or self._date(spec, good)
        parameters = {**spec.canary.parameters, **asked.parameters}
        self._told(f"the new version, {version}, for {date}")
        record = self._lifecycle.run_version(
            new, version, Asked(date=date, parameters=parameters, shadow=True)
        )
        result = Result(
            job=job, live_channel=live_channel, live_digest=live.manifest.digest, version=version,
            digest=new.manifest.digest, outcome="stopped" if record.state == "CANCELLED" else "worse", canary=record,
            canary_side=self._side(record), thresholds=spec.canary, notes=self._notes(spec, live),
        )  # fmt: skip
        if record.state != "SUCCEEDED":
            return result
        baseline = None if fresh else next((run for run in good if self._fits(run, live, record)), None)
        if baseline is None:
            self._told(f"the live version, {live_channel}, on the same data")
            known = attempts.spec_of(self._platform, live).parameters
            same = {name: value for name, value in parameters.items() if name in known}
            baseline = self._lifecycle.run_version(
                live, live_channel, Asked(date=date, parameters=same, shadow=True)
            )
        return self._judged(result, spec, baseline)

    def promote(self, result: Result) -> Result:
        """Point the live channel at the new version, if it is good and the channel is still where it was.

        What is in the way stands in the result's notes.
        """
        if result.outcome != "good":
            return result
        s3, bucket, job = self._session.client("s3"), self._platform.buckets.artifacts, result.job
        try:
            artifacts.claim(s3, bucket, job, result.digest)
            pointers.point(
                s3, bucket, job, result.live_channel, result.digest, "promote", Clock(), only_from=result.live_digest
            )  # fmt: skip
        except UserError as error:  # what it was compared with is live no more
            return replace(result, outcome="unknown", notes=(*result.notes, str(error)))
        except ClientError as error:
            if objects.code(error) != "AccessDenied":
                raise
            why = f"who runs this may not move channel '{result.live_channel}'; the role 'deployer' may"
            return replace(result, notes=(*result.notes, why))
        return replace(result, promoted=True)

    def _judged(self, result: Result, spec: JobSpec, baseline: Record) -> Result:
        side = self._side(baseline)
        result = replace(result, live=baseline, live_side=side)
        if baseline.state == "CANCELLED":
            return replace(result, outcome="stopped")
        if baseline.state != "SUCCEEDED":
            ended = baseline.state.lower().replace("_", " ")
            why = f"the live version {ended} on the same data, so that nothing was compared"
            return replace(result, outcome="unknown", notes=(*result.notes, why))
        outputs = [dataset.name for dataset in spec.outputs]
        checks = compare(side, result.canary_side, outputs, spec.canary)
        verdicts = {check.verdict for check in checks}
        outcome: Outcome = "worse" if "worse" in verdicts else "unknown" if "unknown" in verdicts else "good"
        notes = result.notes
        if (read := _rows_read(baseline, result.canary)) is not None:
            notes = (*notes, read)
        return replace(result, outcome=outcome, checks=checks, notes=notes)

    def _good_runs(self, live: Artifact) -> list[Record]:
        """The newest runs of the live version that succeeded by the spec's own means, newest first."""
        job, digest = live.manifest.spec.name, live.manifest.digest
        return [
            run
            for run in self._lifecycle.store.list_runs(job, LOOK_BACK)
            if run.digest == digest and run.state == "SUCCEEDED" and not run.mitigations
        ]

    def _date(self, spec: JobSpec, good: list[Record]) -> str:
        """Of the last good run that was no canary; now, where there is none."""
        last = next((run for run in good if not run.shadow), None)
        at = (last.logical_at or last.created_at) if last else self._lifecycle.shared.now()
        return say(at, spec.timezone)

    def _fits(self, run: Record, live: Artifact, canary: Record) -> bool:
        """Whether `run` worked on what the canary did: same place, same arguments, as many rows there to be read."""
        spec = attempts.spec_of(self._platform, live)
        known = {name: value for name, value in canary.parameters.items() if name in spec.parameters}
        at = canary.logical_at or canary.created_at
        return (
            (run.runtime, run.place) == (canary.runtime, canary.place)
            and run.rows_read == canary.rows_read
            and _told(spec, run.logical_at or run.created_at, run.parameters) == _told(spec, at, known)
            and bool(self._side(run).profiles)
        )

    def _side(self, record: Record) -> Side:
        return Side(
            profiles=profiles.read(self._lifecycle.store.report(record.report_uri)),
            duration_seconds=record.duration_seconds,
            cost_usd=record.cost_usd,
        )

    def _notes(self, spec: JobSpec, live: Artifact) -> tuple[str, ...]:
        """A new version brings the thresholds that it is judged by: whoever reads the report learns of it."""
        before = attempts.spec_of(self._platform, live).canary
        changed = [
            f"{name} {getattr(before, name)} → {value}"
            for name, value in spec.canary
            if name != "parameters" and value != getattr(before, name)
        ]
        return (f"the new version changes its thresholds: {', '.join(changed)}",) if changed else ()


def _version(session: boto3.Session, platform: Platform, job: str, said: str) -> Artifact:
    """The version that a channel points at, or that a digest or its beginning names. Raises UserError."""
    if not _DIGEST.fullmatch(said):
        return artifacts.resolve(session, platform, job, said)
    s3, bucket = session.client("s3"), platform.buckets.artifacts
    return artifacts.load(s3, bucket, job, artifacts.find(s3, bucket, job, said))


def _told(spec: JobSpec, at: datetime, parameters: Mapping[str, str]) -> tuple[str, ...]:
    """What a run is told of its data: its arguments, but for the addresses and the run's own."""
    return spec.render({name: name for name in spec.template_names()}, at, parameters)


def _rows_read(live: Record, canary: Record) -> str | None:
    if live.rows_read == canary.rows_read:
        return None
    return (
        f"the live version read {live.rows_read} rows and the canary {canary.rows_read}: they read other inputs, or "
        "the inputs changed between the two"
    )
