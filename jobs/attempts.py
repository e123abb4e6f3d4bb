"""From a version of a job to what is sent: run ids, tokens, the arguments and settings of one attempt. Pure."""

from __future__ import annotations

import secrets
from datetime import datetime

from facts.errors import UserError
from jobs.artifacts import Artifact
from jobs.failures import changes
from jobs.platform import Platform
from jobs.runs import Attempt, Ended
from jobs.runtimes.base import Submission


def first(platform: Platform, artifact: Artifact, channel: str, now: datetime) -> Attempt:
    """The first attempt of a new run. Raises UserError when the platform cannot run this job."""
    spec = artifact.manifest.spec
    place = platform.place(spec.runtime)
    platform.job_role(spec.name)
    if place.release_label != spec.release:
        raise UserError(
            f"job '{spec.name}' is made for {spec.release}, and '{place.name}' "
            f"runs {place.release_label}; change release in the spec, or in the stack"
        )
    # Starts with the time, so that runs sort by it; the rest keeps two of one second apart.
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    return Attempt(
        run_id=run_id,
        number=1,
        token=_token(spec.name, run_id, 1),
        job=spec.name,
        digest=artifact.manifest.digest,
        channel=channel,
        runtime=place.kind,
        place=place.name,
        place_id=place.id,
        run_created_at=now,
        created_at=now,
    )


def following(attempt: Attempt, ended: Ended, now: datetime) -> Attempt:
    """The attempt after one that failed."""
    number = attempt.number + 1
    return attempt.model_copy(
        update={
            "number": number,
            "token": _token(attempt.job, attempt.run_id, number),
            "created_at": now,
            "before": (*attempt.before, ended),
        }
    )


def submission(platform: Platform, artifact: Artifact, attempt: Attempt) -> Submission:
    """What the runtime is given for `attempt`."""
    spec = changes.apply(artifact.manifest.spec, attempt.mitigations)
    values = {f"inputs.{dataset.name}": platform.uri(dataset) for dataset in spec.inputs}
    values |= {f"outputs.{dataset.name}": platform.uri(dataset) for dataset in spec.outputs}
    values |= {f"param.{name}": value for name, value in {**spec.parameters, **attempt.parameters}.items()}
    values |= {f"secrets.{name}": arn for name, arn in spec.secrets.items()}
    values |= {
        "run.id": attempt.run_id,
        "run.date": f"{attempt.run_created_at:%Y-%m-%d}",
        "run.report": report_uri(platform, attempt),
    }
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
        arguments=spec.render(values),
        conf={**spec.conf, **conf},
        resources=spec.resources,
        deploy_mode=spec.runtime.deploy_mode if spec.runtime.kind == "ec2" else None,
    )


def report_uri(platform: Platform, attempt: Attempt) -> str:
    """Where the workload reports: a file of its own for each attempt, so that none is taken for another's.

    In a folder of the job's own, so that its role can be cut to it.
    """
    return f"s3://{platform.buckets.runs}/reports/{attempt.job}/{attempt.token}.json"


def _token(job: str, run_id: str, number: int) -> str:
    return f"{job}-{run_id}-a{number}"
