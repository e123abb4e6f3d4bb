"""Logs as records, and what may be quoted of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

QUOTED = 400  # characters of a line
# log4j's layouts (Spark's, YARN's, EMR's): 26/11/28 09:20:01 and 2026-11-28 09:20:01, with or without brackets.
_STAMP = re.compile(r"^\[?(\d\d/\d\d/\d\d|\d{4}-\d\d-\d\d)[ T]\d\d:\d\d:\d\d")
_OWN_START = re.compile(
    r"^(Traceback \(most recent call last\):|Exception in thread \"|usage: |\S+: error: )"
)
# A traceback after one of these goes on with the one above it, a worker's perhaps.
_CHAINED = re.compile(r"another exception occurred:|direct cause of the following exception:")
# What ended the driver, where it says so. A record without any of these may tell of something Spark got over.
_FATAL = re.compile(
    r"Job aborted due to stage failure|User class threw exception|User application exited with"
    r"|Final app status: FAILED|Application application_\S+ failed|^Exception in thread \"main\""
    r"|^Traceback \(most recent call last\):|^\S+: error: |Uncaught exception: |^reason: |JobFailed",
    re.MULTILINE,
)
# Tasks are tried again: their own errors are fatal only where the driver repeats them.
_OF_A_TASK = re.compile(
    r"(Lost task|Exception in task|Lost executor|ExecutorRemoved|TaskFailed|Task \d+ in stage|FetchFailed)"
)
_SECRETS = (
    (re.compile(r"\b(A(?:KIA|SIA))[A-Z0-9]{16}\b"), r"\1…"),
    (re.compile(r"(?i)(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s\"']+"), r"\1…"),
    (re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*)(?:(?:bearer|basic)\s+)?\S+"), r"\1…"),
    (
        re.compile(
            r"(?i)([\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[._-]?key|private[_-]?key)"
            r"[\w.-]*[\"']?\s*(?:[:=]|=>)\s*[\"']?)[^\s,;&\"'}]+"
        ),
        r"\1…",
    ),
    (re.compile(r"(\w+://[^/\s:@]+:)[^@\s/]+@"), r"\1…@"),
    (re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"), "…"),
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One record of a log: its first line and what belongs to it. `line` counts from 1."""

    log: str
    line: int
    text: str

    @property
    def fatal(self) -> bool:
        """Whether it tells what ended the application."""
        first = self.text.partition("\n")[0]
        told = _FATAL.search(self.text)
        return bool(told) and not (_OF_A_TASK.search(first) and "Job aborted" not in first)


def entries(log: str, text: str) -> Iterator[Entry]:
    """The records of a log. A traceback or a usage that begins after a stamped record is one of its own."""
    lines = text.splitlines()
    start, stamped = 0, True
    for index, line in enumerate(lines):
        stamp = bool(_STAMP.match(line))
        own = (
            stamped
            and _OWN_START.match(line)
            and not _CHAINED.search("\n".join(lines[max(0, index - 3) : index]))
        )
        if not stamp and not own:
            continue
        if index > start:
            yield Entry(log=log, line=start + 1, text="\n".join(lines[start:index]))
        start, stamped = index, stamp
    if lines:
        yield Entry(log=log, line=start + 1, text="\n".join(lines[start:]))


def quotable(line: str) -> str:
    """`line` with its secrets masked, cut to what fits a record."""
    for pattern, put in _SECRETS:
        line = pattern.sub(put, line)
    line = line.strip()
    return line if len(line) <= QUOTED else f"{line[:QUOTED]}…"
