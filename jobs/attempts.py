"""From a version of a job to what is sent: run ids, tokens, the arguments and settings of one attempt. Pure."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from facts.errors import UserError
from jobs import fallback
from jobs.artifacts import Artifact
from jobs.failures import changes
from jobs.fallback import Choice
from jobs.platform import Platform
from jobs.runs import Attempt, Ended
from jobs.runtimes.base import Submission
from jobs.spec import SHADOW, Dataset, JobSpec, with_conf
from jobs.spec.dates import parse
from jobs.spec.running import Retry
from jobs.spec.templates import YARN_MARKS

# Of all the arguments of a step, spark-submit's own among them; of a single one of a job run.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_HadoopJarStepConfig.html
# https://docs.aws.amazon.com/emr-on-eks/latest/APIReference/API_SparkSubmitJobDriver.html
LIMIT = 10_280
_COMMAND = 1_000  # what spark-submit's options, names and URIs take of it at most


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a run is asked for: the day or hour that it is about (None: now), and other parameters and settings of Spark
    than the spec's.

    `auto_mitigate` lets a retry change what `mitigate` of the spec allows, as the failure asks for it. With `shadow` it
    writes apart from the job's outputs, where no reader looks.
    """

    date: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    conf: Mapping[str, str] = field(default_factory=dict)
    auto_mitigate: bool = False
    shadow: bool = False

    def at(self, spec: JobSpec) -> datetime | None:
        """The logical time, UTC. Raises UserError when `date` is none."""
        try:
            return parse(self.date, spec.timezone) if self.date is not None else None
        except ValueError as error:
            raise UserError(f"date: {error}") from None


def spec_of(platform: Platform, artifact: Artifact, conf: Mapping[str, str] | None = None) -> JobSpec:
    """The version's spec as it holds in the platform's environment, with the settings that a run says."""
    return with_conf(artifact.manifest.spec.for_environment(platform.environment), conf or {})


def first(
    platform: Platform,
    artifact: Artifact,
    channel: str,
    now: datetime,
    choice: Choice,
    slot: int,
    asked: Asked,
) -> Attempt:
    """The first attempt of a new run. Raises UserError when the platform cannot run this job, or not like this."""
    spec = spec_of(platform, artifact, asked.conf)
    spec.require_parameters(asked.parameters)
    place = platform.place(choice.target)
    platform.job_role(spec.name)
    if place.release_label != spec.release:
        raise UserError(
            f"job '{spec.name}' is made for {spec.release}, and '{place.name}' "
            f"runs {place.release_label}; change release in the spec, or in the stack"
        )
    # Starts with the time, so that runs sort by it; the rest keeps two of one second apart.
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    attempt = Attempt(
        run_id=run_id,
        number=1,
        token=_token(spec.name, run_id, 1),
        job=spec.name,
        digest=artifact.manifest.digest,
        channel=channel,
        runtime=place.kind,
        place=place.name,
        place_id=place.id,
        place_reason=choice.why,
        slot=slot,
        run_created_at=now,
        created_at=now,
        parameters=dict(asked.parameters),
        conf=dict(asked.conf),
        logical_at=asked.at(spec),
        auto_mitigate=asked.auto_mitigate,
        shadow=asked.shadow,
    )
    sent = submission(platform, artifact, attempt)
    _require_sendable(sent)
    if attempt.shadow:
        _require_apart(platform, spec, sent)
    return attempt


def same_work(attempt: Attempt, artifact: Artifact, spec: JobSpec, asked: Asked) -> bool:
    """Whether a run is of this version, and was asked for the same date, parameters and settings."""
    same = (artifact.manifest.digest, asked.at(spec), dict(asked.parameters), dict(asked.conf))
    return same == (attempt.digest, attempt.logical_at, dict(attempt.parameters), dict(attempt.conf))


def pause(retry: Retry, attempt: Attempt) -> float:
    """Seconds between `attempt`, which failed, and the next: full jitter, so that many that fail at once do not come
    back at once. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    longest = min(retry.backoff_limit_seconds, retry.backoff_seconds * 2.0 ** (attempt.number - 1))
    return random.uniform(0, longest)  # noqa: S311 - jitter is no secret


def following(attempt: Attempt, ended: Ended, now: datetime, pause: float) -> Attempt:
    """The attempt after one that failed, to be sent `pause` seconds from now."""
    number = attempt.number + 1
    return attempt.model_copy(
        update={
            "number": number,
            "token": _token(attempt.job, attempt.run_id, number),
            "created_at": now,
            "send_after": now + timedelta(seconds=pause),
            "before": (*attempt.before, ended),
        }
    )


def taken_back(attempt: Attempt) -> tuple[Attempt, Ended]:
    """The attempt before one that was never sent, and how it ended."""
    *before, ended = attempt.before
    update = {"number": ended.number, "token": ended.token, "send_after": None, "before": tuple(before)}
    return attempt.model_copy(update=update), ended


def submission(platform: Platform, artifact: Artifact, attempt: Attempt) -> Submission:
    """What the runtime is given for `attempt`."""
    spec = changes.apply(spec_of(platform, artifact, attempt.conf), attempt.mitigations)
    target = fallback.target_of(spec, attempt)
    values = {f"inputs.{dataset.name}": platform.uri(dataset) for dataset in spec.inputs}
    values |= {f"outputs.{dataset.name}": output_uri(platform, attempt, dataset) for dataset in spec.outputs}
    values |= {
        "run.id": attempt.run_id,
        "run.report": report_uri(platform, attempt),
    }
    at = attempt.logical_at or attempt.run_created_at
    conf = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": platform.event_log_uri,
        # One plain file: it is read here, by any JSON reader, without Spark's codecs.
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.yarn.tags": attempt.token,
        # YARN's own second try would be a run of which nobody keeps count.
        "spark.yarn.maxAppAttempts": "1",
    }
    return Submission(
        token=attempt.token,
        since=attempt.created_at,
        name=f"{spec.name}-{attempt.run_id}",
        role_arn=platform.job_role(spec.name),
        main_uri=artifact.main_uri,
        wheel_uri=artifact.wheel_uri,
        jar_uris=artifact.jar_uris,
        archive_uri=artifact.archive_uri,
        arguments=spec.render(values, at, attempt.parameters),
        conf={**spec.conf, **conf},
        resources=spec.resources,
        deploy_mode=target.deploy_mode if target.kind == "ec2" else None,
        timeout_minutes=spec.timeout_minutes,
        # The submitter may start and follow only what bears its stack's name.
        tags={**spec.tags, "job": spec.name, "run": attempt.run_id, "stack": platform.stack},
    )


def _require_sendable(sent: Submission) -> None:
    """What came in the place of templates may be longer than what the spec was checked for, or go on with a brace."""
    for argument in sent.arguments:
        if mark := next((mark for mark in YARN_MARKS if mark in argument), None):
            raise UserError(
                f"the argument '{argument[:80]}' holds '{mark}', which YARN replaces; no run was sent"
            )
    size = sum(len(argument) + 1 for argument in sent.arguments)
    options = sum(len(f"--conf {key}={value} ") for key, value in sent.conf.items())
    options += sum(len(uri) + 1 for uri in sent.jar_uris)
    if size + options > LIMIT - _COMMAND:
        raise UserError(
            f"the run's arguments have {size:,} characters and its settings and jars {options:,}; together at most "
            f"{LIMIT - _COMMAND:,} of the {LIMIT:,} that EMR takes are theirs: put data into an input"
        )


def _require_apart(platform: Platform, spec: JobSpec, sent: Submission) -> None:
    """A run in the shadow is told of all its outputs by their templates, and of none by its own address."""
    for dataset in spec.outputs:
        if not any(f"${{outputs.{dataset.name}}}" in argument for argument in spec.arguments):
            raise UserError(
                f"job '{spec.name}' cannot run in the shadow: no argument holds ${{outputs.{dataset.name}}}, so that "
                "it would write where its readers look"
            )
        address = platform.uri(dataset).rstrip("/").partition("://")[2]
        for told in (*sent.arguments, *sent.conf.values()):
            if address in told:
                raise UserError(
                    f"job '{spec.name}' cannot run in the shadow: '{told[:120]}' names its output '{dataset.name}' by "
                    f"its address; use ${{outputs.{dataset.name}}}"
                )


def output_uri(platform: Platform, attempt: Attempt, dataset: Dataset) -> str:
    """Where `attempt` writes `dataset`. In the shadow that is a folder of the run's own in the checkpoints zone, which
    neither readers nor the catalog know."""
    if not attempt.shadow:
        return platform.uri(dataset)
    return f"s3://{platform.buckets.checkpoints}/{SHADOW}{attempt.job}/{attempt.run_id}/{dataset.name}/"


def report_uri(platform: Platform, attempt: Attempt) -> str:
    """Where the workload reports: a file of its own for each attempt, so that none is taken for another's.

    In a folder of the job's own, so that its role can be cut to it.
    """
    return f"s3://{platform.buckets.runs}/reports/{attempt.job}/{attempt.token}.json"


def _token(job: str, run_id: str, number: int) -> str:
    return f"{job}-{run_id}-a{number}"
