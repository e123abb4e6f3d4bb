"""How a canary's result is shown, and its exit code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emrctl.runs import EXIT_CODES
from facts.errors import UserError
from jobs.canary import page

if TYPE_CHECKING:
    from jobs.canary.trial import Result

UNKNOWN = 2


def tell(result: Result, *, file: Path | None, as_json: bool) -> int:
    """Print the report, or write it to `file` and print the decision alone. Returns the exit code."""
    text = page.text(result)
    if file is not None:
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            print(text)
            raise UserError(f"{file} cannot be written: {error.strerror}; the report is above") from None
    if as_json:
        print(json.dumps(as_document(result), indent=2))
    else:
        print(text if file is None else page.decision(result))
    return exit_code(result)


def exit_code(result: Result) -> int:
    """0 good, 1 worse, 2 not known; of a version that did not come to its end what its run's state says."""
    if result.outcome == "stopped":
        return EXIT_CODES["CANCELLED"]
    if result.outcome == "worse" and result.canary.state != "SUCCEEDED":
        return EXIT_CODES[result.canary.state]
    return {"good": 0, "worse": 1, "unknown": UNKNOWN}[result.outcome]


def as_document(result: Result) -> dict[str, Any]:
    """The result as JSON has it: both records, every check, what was decided and done."""
    return {
        "job": result.job,
        "outcome": result.outcome,
        "promoted": result.promoted,
        "decision": page.decision(result),
        "notes": list(result.notes),
        "live": {
            "channel": result.live_channel,
            "digest": result.live_digest,
            "record": result.live.model_dump(mode="json") if result.live else None,
        },
        "canary": {
            "version": result.version,
            "digest": result.digest,
            "record": result.canary.model_dump(mode="json"),
        },
        "thresholds": result.thresholds.model_dump(mode="json"),
        "checks": [dataclasses.asdict(check) for check in result.checks],
    }
