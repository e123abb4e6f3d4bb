"""What was created for an engine that may not live to remember it.

An engine writes a new resource into the state after `Create` has answered. Killed before that it leaves a resource that
no state knows: the next update would make it a second time, or fail because its name is taken. This provider outlives
the engine, so it remembers each creation until the engine shows by the resource's id, or by its inputs, that the state
has it. A creation of the same URN before that takes over what is there.

On AWS the provider dies with the engine and nobody remembers: there `stacks.pending` finds what has a name.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local.provider import lifecycle
from local.provider.diff import difference
from local.provider.errors import PartialError
from local.provider.run import Run

Key = tuple[str, str, str]
"""Account, region and URN."""


@dataclass(frozen=True)
class Creation:
    """A creation under way (without an id) or done: what was asked for, and what there is."""

    inputs: Mapping[str, Any]
    id: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)


class Journal:
    """The creations that no engine has shown to know yet; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._creations: dict[Key, Creation] = {}
        self._busy: defaultdict[Key, threading.Lock] = defaultdict(threading.Lock)

    def state(self) -> object:
        """The creations, for a snapshot of the AWS that they were made in."""
        with self._lock:
            return dict(self._creations)

    def restore(self, state: Any) -> None:
        """Take back the creations of a snapshot; of those that were under way then, nobody knows the id."""
        with self._lock:
            self._creations.update({key: creation for key, creation in state.items() if creation.id})

    def inputs(self, key: Key, known: Mapping[str, Any]) -> Mapping[str, Any]:
        """The inputs that the resource has, for a Check: `known` are those that the engine knows.

        An engine that knows the inputs of the creation has it in its state. One that knows nothing gets them, so that
        a generated name stays the one that was taken.
        """
        with self._lock:
            creation = self._creations.get(key)
            if creation is not None and known == creation.inputs and creation.id:
                del self._creations[key]
            return known if known or creation is None else creation.inputs

    def seen(self, key: Key, id_: str) -> None:
        """An engine named the resource by its id: its state has it."""
        with self._lock:
            creation = self._creations.get(key)
            if creation is not None and creation.id == id_:
                del self._creations[key]

    def create(self, key: Key, run: Run) -> dict[str, Any]:
        """The outputs of the resource that `run` is to create, or of the one that nobody remembered."""
        with self._alone(key, run):
            inputs = dict(run.props)
            outputs = self._adopt(key, run)
            if outputs is None:
                outputs = self._make(key, run, inputs)
            self._keep(key, Creation(inputs, run.id, outputs))
            return outputs

    def _make(self, key: Key, run: Run, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self._keep(key, Creation(inputs))
        try:
            return lifecycle.create(run)
        except PartialError as error:
            self._keep(key, Creation(inputs, error.resource_id, error.props))
            raise
        except BaseException:
            self._keep(key, None)
            raise

    def _adopt(self, key: Key, run: Run) -> dict[str, Any] | None:
        """Bring the forgotten resource to what is wanted now; None when there is none or it must be another."""
        with self._lock:
            creation = self._creations.get(key)
        if creation is None:
            return None
        there = Run(run.known, run.at, run.name, props=creation.state, old=creation.state, id_=creation.id)
        found = lifecycle.read(there)
        if found is None:
            return None
        change = difference(
            run.known, old_inputs=creation.inputs, old=found, new=run.props, region=run.at.region
        )
        if change.replaces:
            there.props = there.old = found
            lifecycle.delete(there)
            return None
        run.id, run.old = creation.id, found
        return lifecycle.update(run)

    def _keep(self, key: Key, creation: Creation | None) -> None:
        with self._lock:
            if creation is None:
                self._creations.pop(key, None)
            else:
                self._creations[key] = creation

    @contextmanager
    def _alone(self, key: Key, run: Run) -> Iterator[None]:
        """One creation of a URN at a time: that of a killed engine is still under way here."""
        with self._lock:
            busy = self._busy[key]
        run.wait("an earlier creation of it", lambda: busy.acquire(blocking=False))
        try:
            yield
        finally:
            busy.release()
