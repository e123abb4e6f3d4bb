"""Why a step failed, in the words of EMR's FailureDetails."""

from __future__ import annotations

import re

from local.contracts import StepFailure

# What EMR says when the log holds no reason that it knows.
UNKNOWN = "Unknown Error."
_THROWN = re.compile(
    r"^(?:Exception in thread .*|(?:[\w.$]+\.)?[A-Z]\w*(?:Exception|Error)(?:: .*)?$|Error: .*|Error while .*)"
)
_LONGEST = 2000


def of_log(stderr: str, exit_code: int, log_file: str | None) -> StepFailure:
    """What the step's standard error says: its last exception, or else its last line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    thrown = [line for line in lines if _THROWN.match(line)]
    message = (thrown or lines or [f"the step ended with exit code {exit_code} and wrote nothing"])[-1]
    return StepFailure(reason=UNKNOWN, message=message[:_LONGEST], log_file=log_file)


def refused(message: str, log_file: str | None) -> StepFailure:
    """A step that could not be started."""
    return StepFailure(reason=UNKNOWN, message=message[:_LONGEST], log_file=log_file)
