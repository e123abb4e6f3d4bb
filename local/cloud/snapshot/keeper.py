"""Takes snapshots of a local AWS, and gives the last one back."""

from __future__ import annotations

import logging
import pickle
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from local.cloud.gate import BusyError
from local.cloud.snapshot import backends, pickling
from local.cloud.snapshot.shelf import Draft, Shelf, Snapshot, UnreadableError, age

log = logging.getLogger(__name__)
TRIES = 5
# How long requests are held back, at most, while others end: clients wait for an answer much longer.
HOLD_SECONDS = 3.0
PAUSE_SECONDS = 1.0


class Part(Protocol):
    """Something that has a state of its own beside moto's."""

    def state(self) -> object:
        """What it holds, as objects that pickle."""

    def restore(self, state: Any) -> None:
        """Take back what it held, when it holds nothing yet."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is kept: `parts` by their names, and `named` objects that a state refers to and does not contain.

    `still` holds all change back while its body runs. `holds` counts what there is, `about` is what else a reader must
    know.
    """

    parts: Mapping[str, Part]
    named: Mapping[str, object]
    still: Callable[[float], AbstractContextManager[None]]
    holds: Callable[[], Mapping[str, int]]
    about: Callable[[], Mapping[str, object]]


class Keeper:
    """Keeps the snapshots of one local AWS on a shelf."""

    def __init__(self, shelf: Shelf, source: Source) -> None:
        self._shelf, self._source = shelf, source
        self._digests = pickling.Digests()
        self._turn = threading.Lock()
        self._last: dict[str, Any] | None = None
        self._problem: str | None = None

    def restore(self, snapshot: Snapshot) -> None:
        """Give back what was kept. Raises UnreadableError, and nothing has changed, when it cannot be read."""
        fresh = backends.Restoration()
        named: dict[pickling.Name, object] = {
            ("ours", name): thing for name, thing in self._source.named.items()
        }
        try:
            found = pickling.load(
                snapshot.state(), lambda name: named.get(name) or fresh.named(name), snapshot.object
            )
            missing = set(self._source.parts) - set(found["parts"])
            if missing:
                raise UnreadableError(f"it lacks {', '.join(sorted(missing))}")
        except UnreadableError:
            fresh.undo()
            raise
        except Exception as error:
            fresh.undo()
            log.exception("snapshot %s", snapshot.folder)
            words = " ".join(str(error).split())  # one line
            raise UnreadableError(f"its state does not fit: {type(error).__name__}: {words}") from error
        fresh.finish(found["moto"])
        for name, part in self._source.parts.items():
            part.restore(found["parts"][name])
        self._last = _told(snapshot.about)

    def take(self) -> None:
        """Keep what there is now. What goes wrong is logged and shown by `status`; the last snapshot stays then."""
        with self._turn:
            try:
                self._take()
            except Exception as error:
                log.exception("no snapshot was taken")
                self._problem = f"{type(error).__name__}: {error}"

    def status(self) -> Mapping[str, object] | None:
        """The last snapshot: when, how old, what it holds, and why there is no later one if one failed."""
        if self._last is None and self._problem is None:
            return None
        last = self._last or {}
        aged = {"age_seconds": round(age(datetime.fromisoformat(last["made_at"])), 1)} if last else {}
        return {**last, **aged, "problem": self._problem}

    def _take(self) -> None:
        began = time.monotonic()
        with self._shelf.draft() as draft:
            state, holds, seconds = self._instant(draft)
            about = {
                "made_at": datetime.now(UTC).isoformat(timespec="milliseconds"), "holds": holds,
                **self._source.about(),
            }  # fmt: skip
            draft.finish(state, about)
        self._last, self._problem = _told(about), None
        log.info(
            "snapshot taken: %.0f ms, of which requests were held %.0f ms; %d kB beside objects",
            1000 * (time.monotonic() - began), 1000 * seconds, len(state) // 1000,
        )  # fmt: skip

    def _instant(self, draft: Draft) -> tuple[bytes, Mapping[str, int], float]:
        """The state of one instant, what it holds, and for how many seconds all was held back.

        A part of moto with threads of its own may change what is read just then; then, and when requests do not end, it
        is tried again.
        """
        for left in reversed(range(TRIES)):
            try:
                with self._source.still(HOLD_SECONDS):
                    began = time.monotonic()
                    state = self._state(draft)
                    return state, self._source.holds(), time.monotonic() - began
            except (BusyError, RuntimeError) as error:
                if not left or isinstance(error, RecursionError):
                    raise
                log.info("the snapshot waits: %s", error)
                time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def _state(self, draft: Draft) -> bytes:
        names: dict[int, pickling.Name] = {
            id(thing): ("ours", name) for name, thing in self._source.named.items()
        }
        parts = {name: part.state() for name, part in self._source.parts.items()}
        state = {"moto": backends.state(), "parts": parts}
        names.update(backends.names())
        try:
            return pickling.dump(state, names, draft, self._digests)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            raise TypeError(f"{self._culprit(state, names, draft)}: {error}") from error

    def _culprit(self, state: Any, names: Mapping[int, pickling.Name], draft: Draft) -> str:
        """What of `state` has no form on disk, for whoever is to mend it."""
        for name, held in [*state["moto"]["backends"].items(), *state["parts"].items()]:
            try:
                pickling.dump(held, names, draft, self._digests)
            except (TypeError, AttributeError, pickle.PicklingError):
                return name if isinstance(name, str) else name[0]
        return "the state"


def _told(about: Mapping[str, Any]) -> dict[str, Any]:
    return {"made_at": about["made_at"], "holds": about["holds"]}
