"""Logs in EMR's layout: `<log uri>/<cluster>/steps/<step>/stderr.gz`, `…/containers/<application>/<container>/…`."""

from __future__ import annotations

import gzip
import logging
import re
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
STEP_FILES = ("controller", "stderr", "stdout")
_CONTAINER_FILES = ("stdout", "stderr", "prelaunch.out", "prelaunch.err", "directory.info")
_URI = re.compile(r"s3[an]?://(?P<bucket>[^/]+)/?(?P<prefix>.*)$")
_UPLOADS_AT_ONCE = 4
# Logs of what still runs go to the bucket every five minutes on EMR, here sixty times as often:
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-debugging.html
EVERY_SECONDS = 5.0


class LogBucket:
    """Where a cluster's logs go; without a log URI, nowhere, as on EMR. A failed upload never fails a step."""

    def __init__(self, s3: Any, log_uri: str | None, cluster_id: str) -> None:
        self._s3, self._cluster_id = s3, cluster_id
        found = _URI.match(log_uri) if log_uri else None
        self._bucket = found["bucket"] if found else ""
        self._prefix = "/".join(filter(None, [found["prefix"].strip("/"), cluster_id])) if found else ""
        self._kept: set[Path] = set()
        self._sizes: dict[Path, int] = {}  # of what is in the bucket: logs only grow

    def step_uri(self, step_id: str, file: str) -> str | None:
        """The URI of one of a step's log files, None when the cluster keeps no logs."""
        return f"s3://{self._bucket}/{self._prefix}/steps/{step_id}/{file}.gz" if self._bucket else None

    def keep_step(self, step_id: str, folder: Path) -> None:
        """Take a step's own log files from `folder` to the bucket."""
        self._keep((folder / name, f"steps/{step_id}/{name}.gz") for name in STEP_FILES)

    def keep_bootstrap(self, ec2_instance_id: str, number: int, folder: Path) -> None:
        """Take the log files of a node's bootstrap action, counted from 1, from `folder` to the bucket."""
        where = f"node/{ec2_instance_id}/bootstrap-actions/{number}"
        self._keep((folder / name, f"{where}/{name}.gz") for name in STEP_FILES)

    def keep_containers(
        self, node_folders: Iterable[Path], application_id: str = "application_*", *, ended: bool = True
    ) -> None:
        """Take the container logs of an application, or of all, from the nodes' folders to the bucket.

        Of an application that has `ended` each once.
        """
        found = []
        for node in node_folders:
            for folder in sorted(node.glob(f"{application_id}/container_*")):
                found += [
                    (folder / name, f"containers/{folder.parent.name}/{folder.name}/{name}.gz")
                    for name in _CONTAINER_FILES
                    if folder not in self._kept
                ]
                if ended and application_id != "application_*":
                    self._kept.add(folder)
        self._keep(found)

    def keep_events(self, folder: Path, application_id: str) -> None:
        """Take the event log of an application, one file or a folder of several, to the bucket as Spark reads it.

        On EMR they stay in HDFS, and with AWS for its persistent application pages; here they outlive the cluster so.
        """
        found = [path for path in folder.glob(f"*{application_id}*") if path.is_file()]
        found += [path for path in folder.glob(f"*{application_id}*/*") if path.is_file()]
        if self._bucket:
            for path in found:
                key = f"{self._prefix}/spark-events/{path.relative_to(folder)}"
                _put(self._s3, path.read_bytes(), self._bucket, key, self._cluster_id)

    def _keep(self, files: Iterable[tuple[Path, str]]) -> None:
        if not self._bucket:
            return
        with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
            list(pool.map(lambda file: self._put(*file), files))

    def _put(self, path: Path, key: str) -> None:
        size = path.stat().st_size if path.exists() else -1
        if size == self._sizes.get(path):
            return
        if put(self._s3, path, f"s3://{self._bucket}/{self._prefix}/{key}", self._cluster_id):
            self._sizes[path] = size


def wait(process: subprocess.Popen[bytes], keep: Callable[[], None]) -> int:
    """The exit code of a process, waited for; meanwhile its logs are kept now and then."""
    while True:
        try:
            return process.wait(EVERY_SECONDS)
        except subprocess.TimeoutExpired:
            keep()


def put(s3: Any, path: Path, uri: str, whose: str) -> bool:
    """Keep a log file, zipped, at `uri`; a failure costs the log and no more. Returns whether it is there."""
    found = _URI.match(uri)
    try:
        body = gzip.compress(path.read_bytes(), compresslevel=1)
    except FileNotFoundError:
        return False
    if found is None:
        log.warning("%s: cannot keep %s: not an S3 URI", whose, uri)
        return False
    return _put(s3, body, found["bucket"], found["prefix"], whose)


def _put(s3: Any, body: bytes, bucket: str, key: str, whose: str) -> bool:
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    except Exception as error:
        log.warning("%s: cannot keep s3://%s/%s: %s", whose, bucket, key, error)
        return False
    return True
