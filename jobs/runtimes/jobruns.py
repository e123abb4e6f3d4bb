"""What the two services of job runs, EMR Serverless and EMR on EKS, have in common: Spark's words and a run's end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from jobs import objects, packed
from jobs.runtimes.base import Phase, Status, Submission
from jobs.spec.sizes import SETTINGS

# A request with a client token may be sent again by the client itself: the service knows it by the token.
# Adaptive: what is throttled slows the next call down as well.
RETRIES = Config(retries={"mode": "adaptive", "total_max_attempts": 6})
SKEW = timedelta(hours=1)  # between this machine's clock and the service's, generously
TOKEN_LIMIT = 64  # StartJobRun's clientToken, in both
_LOGS = ("stdout", "stderr")


def parameters(submission: Submission) -> str:
    """sparkSubmitParameters: sizes, the wheel and jars. No value of these has a space, so nothing needs quotes."""
    sizes = submission.resources.model_dump()
    words = [word for key, (of, size) in SETTINGS.items() for word in ("--conf", f"{key}={sizes[of][size]}")]
    jars = ["--jars", ",".join(submission.jar_uris)] if submission.jar_uris else []
    return " ".join([*words, *jars, "--py-files", submission.wheel_uri])


def defaults(submission: Submission, driver_env: str) -> list[dict[str, Any]]:
    """The job's own settings as a classification: as data, since how a value is quoted on the way is not documented.

    `driver_env` begins the settings of the driver's environment variables. Packages as an archive:
    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/using-python-libraries.html
    """
    conf = {key: value for key, value in submission.conf.items() if not key.startswith("spark.yarn.")}
    conf["spark.app.name"] = submission.name
    if submission.archive_uri:
        conf["spark.archives"] = f"{submission.archive_uri}#{packed.NAME}"
        conf["spark.executorEnv.PYSPARK_PYTHON"] = packed.PYTHON
        for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
            conf[f"{driver_env}.{name}"] = packed.PYTHON
    return [{"classification": "spark-defaults", "properties": conf}]


def of_tokens(
    pages: Iterable[Mapping[str, Any]],
    tokens_by_name: Mapping[str, str],
    phase: Callable[[Mapping[str, Any]], Phase],
    status: Callable[[Mapping[str, Any], Sequence[str]], Status],
) -> dict[str, Status]:
    """Of the runs with a token's name the earliest, as `status` makes it; others that are not over are its twins."""
    runs: dict[str, list[Mapping[str, Any]]] = {}
    for run in (run for page in pages for run in page["jobRuns"]):
        if token := tokens_by_name.get(run.get("name", "")):
            runs.setdefault(token, []).append(run)
    found = {}
    for token, same in runs.items():
        first, *others = sorted(same, key=lambda run: (run["createdAt"], run["id"]))
        found[token] = status(first, tuple(run["id"] for run in others if not phase(run).over))
    return found


def phase_of(run: Mapping[str, Any], phases: Mapping[str, Phase]) -> Phase:
    """The phase of a run by the service's table. Raises RuntimeError for a state that it does not have."""
    if run["state"] not in phases:
        raise RuntimeError(
            f"job run {run['id']} is in state '{run['state']}', which this version does not know"
        )
    return phases[run["state"]]


def over_already(error: ClientError) -> bool:
    """Whether a cancellation was refused, which it is for a run that is over or being cancelled."""
    return objects.code(error) in ("ValidationException", "ConflictException")


def driver_logs(text: Callable[[str], str]) -> dict[str, str]:
    """The driver's logs, each read by `text` from a file's name."""
    logs = {f"driver {name}": text(f"{name}.gz") for name in _LOGS}
    return {name: log for name, log in logs.items() if log}
