"""Why a step failed, in the words of EMR's FailureDetails."""

from __future__ import annotations

import re
from collections.abc import Callable

from local.contracts import StepFailure

# What EMR says when the log holds no reason that it knows.
UNKNOWN = "Unknown Error."
_THROWN = re.compile(
    r"^(?:Exception in thread .*|(?:[\w.$]+\.)?[A-Z]\w*(?:Exception|Error)(?:: .*)?$|Error: .*|Error while .*)"
)
_LONGEST = 2000


def of_logs(stderr: str, stdout: str, exit_code: int, uri: Callable[[str], str | None]) -> StepFailure:
    """The last exception that the step's log files tell of, or else its last line on standard error.

    Standard error comes first; a Python driver in client mode tells its own on standard output, where
    spark-submit sends all of it. `uri` says where in the log bucket a file is.
    """
    for file, text in (("stderr", stderr), ("stdout", stdout)):
        thrown = [line for line in _lines(text) if _THROWN.match(line)]
        if thrown:
            return refused(thrown[-1], uri(file))
    last = [f"the step ended with exit code {exit_code} and wrote nothing", *_lines(stdout), *_lines(stderr)][
        -1
    ]
    return refused(last, uri("stderr"))


def refused(message: str, log_file: str | None) -> StepFailure:
    """A step that could not be started, or failed for this reason."""
    return StepFailure(reason=UNKNOWN, message=message[:_LONGEST], log_file=log_file)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
