"""A local copy of the records of one run store: a record never changes, so each is fetched once.

One file of lines, `{"key": …, "etag": …, "row": …}`, held by a lock file beside it. What is listed on S3 decides what
is there: the copy alone tells nobody anything, and a record that is gone from S3 goes from it too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from facts.errors import UserError
from jobs import objects
from jobs.runs import RECORDS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PARALLEL = 16
_BATCH = 1000  # records that are fetched before they are kept
_PRIVATE = 0o600  # rows quote logs


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The records of `bucket`, kept below `folder`."""

    s3: S3Client
    bucket: str
    folder: Path

    @contextmanager
    def current(self) -> Iterator[Path]:
        """The file of all records that are listed now; no other command changes it meanwhile.

        Raises UserError that names a record which is no JSON object; may raise botocore's errors.
        """
        home = self.folder / self.bucket
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = home / "records.ndjson"
        with FileLock(home / "records.lock"):
            self._refresh(file)
            yield file

    def _refresh(self, file: Path) -> None:
        listed = {each.key: each.etag for each in objects.listed(self.s3, self.bucket, RECORDS)}
        kept = _kept(file)
        if any(listed.get(key) != etag for key, etag in kept.items()) or not _whole(file):
            kept = _keep_only(file, listed)
        missing = [key for key in listed if key not in kept]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for start in range(0, len(missing), _BATCH):
                found = pool.map(self._fetch, missing[start : start + _BATCH])
                _append(file, (line for line in found if line))
        file.touch(mode=_PRIVATE)

    def _fetch(self, key: str) -> bytes | None:
        found = objects.read(self.s3, self.bucket, key)
        if found is None:  # gone since it was listed
            return None
        try:
            row = json.loads(found[0])
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise UserError(f"s3://{self.bucket}/{key} is no run record: it is no JSON object")
        return json.dumps({"key": key, "etag": found[1], "row": row}).encode() + b"\n"


def _kept(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    with file.open("rb") as lines:
        return dict(_named(line) for line in lines if line.endswith(b"}\n"))


def _named(line: bytes) -> tuple[str, str]:
    # The line begins with key and ETag, whose quotes are escaped: no need to read the row.
    head = json.loads(line[: line.index(b', "row": ')] + b"}")
    return head["key"], head["etag"]


def _whole(file: Path) -> bool:
    """Whether the last line was written to its end."""
    if not file.exists() or file.stat().st_size == 0:
        return True
    with file.open("rb") as lines:
        lines.seek(-1, os.SEEK_END)
        return lines.read(1) == b"\n"


def _keep_only(file: Path, listed: Mapping[str, str]) -> dict[str, str]:
    """Leave what is listed as it is kept, each once."""
    left: dict[str, str] = {}
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with file.open("rb") as lines:
        _append(new, _listed(lines, listed, left))
    new.replace(file)
    return left


def _listed(lines: Iterable[bytes], listed: Mapping[str, str], left: dict[str, str]) -> Iterator[bytes]:
    for line in lines:
        if line.endswith(b"}\n"):
            key, etag = _named(line)
            if listed.get(key) == etag and key not in left:
                left[key] = etag
                yield line


def _append(file: Path, lines: Iterable[bytes]) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE)
    with os.fdopen(descriptor, "wb") as out:
        out.writelines(lines)
