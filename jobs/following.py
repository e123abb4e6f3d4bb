"""What a run says while it goes: the new text of its logs, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from jobs.clock import Clock
from jobs.progress import Counts, Progress
from jobs.runtimes.base import Phase, Runtime, Status

# Between two readings of the logs. EMR writes them every five minutes; one that did not change costs an answer of 304.
EVERY_SECONDS = 5.0
# Where the driver logs: in a container of its own, or with the step that runs it.
_DRIVER = ("driver stderr", "stderr")


@dataclass(frozen=True, kw_only=True)
class Said:
    """`lines` are whole lines that are new, by log; `progress` is None until the driver has said something of it."""

    lines: Mapping[str, str] = field(default_factory=dict)
    progress: Counts | None = None


class Follower:
    """Follows the logs of one attempt; what cannot be read now is read later, and never an error."""

    def __init__(self, runtime: Runtime, clock: Clock) -> None:
        self._runtime, self._clock = runtime, clock
        self._next = 0.0
        self._told: dict[str, int] = {}  # characters of each log
        self._progress: dict[str, Progress] = {}
        self._last: Counts | None = None

    def look(self, status: Status) -> Said:
        """What is new, unless it was asked for a moment ago; at the attempt's end always, up to the last word."""
        now = self._clock.monotonic()
        if status.phase is Phase.PENDING or (now < self._next and not status.phase.over):
            return Said(progress=self._last)
        self._next = now + EVERY_SECONDS
        try:
            logs = self._runtime.logs(status.id)
        except (ClientError, BotoCoreError):
            return Said(progress=self._last)
        lines = {
            name: new for name, text in logs.items() if (new := self._new(name, text, status.phase.over))
        }
        for name in _DRIVER:
            if name in lines:
                counts = self._progress.setdefault(name, Progress()).feed(lines[name])
                self._last = counts if counts.stages else self._last
        return Said(lines=lines, progress=self._last)

    def _new(self, name: str, text: str, over: bool) -> str:
        told = self._told.get(name, 0)
        if len(text) < told:  # begun anew, as by another attempt of the driver
            told = 0
        end = len(text) if over else text.rfind("\n") + 1
        self._told[name] = max(told, end)
        return text[told:end]
