"""Spark's own pages of one run, from its event log: fetched, and served on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from facts.errors import UserError
from jobs import objects
from jobs.runs import Attempt
from jobs.telemetry import eventlog
from local.spark import history
from local.spark.toolchain import ensure

if TYPE_CHECKING:
    import boto3

    from jobs.runs import Record


def fetch(session: boto3.Session, record: Record | Attempt, folder: Path) -> str:
    """Fetch the event log of a run to `folder`. Returns the path of its pages. Raises UserError when there is none."""
    if isinstance(record, Attempt):
        raise UserError(
            f"run {record.run_id} is under way, and Spark puts its event log on S3 at its end; "
            f"'emrctl runs attach {record.run_id}' shows how far it is"
        )
    if record.event_log_uri is None or record.application_id is None:
        raise UserError(
            f"run {record.run_id} left no event log: it is {record.state}"
            + (f", {record.reason}" if record.reason else "")
            + f"; 'emrctl runs logs {record.run_id}' shows what it said"
        )
    s3 = session.client("s3")
    bucket, _ = objects.split(record.event_log_uri)
    attempts = []
    for key in eventlog.files(s3, record.event_log_uri.rpartition("/")[0], record.application_id):
        name = key.rpartition("/")[2]
        s3.download_file(bucket, key, str(folder / name))
        attempts.append(name.removeprefix(record.application_id).removesuffix(".inprogress").strip("_"))
    if not attempts:
        raise UserError(f"the event log of run {record.run_id} is not at {record.event_log_uri} any more")
    return "/".join(filter(None, ["/history", record.application_id, attempts[-1], "jobs/"]))


@contextmanager
def serving(session: boto3.Session, record: Record | Attempt, port: int) -> Iterator[str]:
    """The URL of the run's pages, while the context lasts."""
    with TemporaryDirectory(prefix="emrctl-pages-") as name:
        path = fetch(session, record, Path(name))
        with history.serving(ensure(), None, Path(name).as_uri(), port) as url:
            yield f"{url}{path}"
