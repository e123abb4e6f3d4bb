"""The snapshots of a home, as its server uses them: the last one at the start, a new one when something has changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facts.errors import UserError
from local.cloud.snapshot.shelf import Shelf, Snapshot, UnreadableError

if TYPE_CHECKING:
    from local.cloud.server import CloudServer
    from local.cloud.snapshot.keeper import Keeper, Part

log = logging.getLogger(__name__)


def folder(home: Path) -> Path:
    """Where the snapshots of a home are."""
    return home / "snapshots"


def since(home: Path, moment: datetime) -> bool:
    """Whether there is a snapshot that was taken after `moment`."""
    try:
        newest = Shelf(folder(home)).newest()
    except UnreadableError:
        return False
    return newest is not None and newest.made_at >= moment


class Snapshots:
    """Finds the last snapshot when it is made; `told` is what has become of that, None when there was none."""

    def __init__(self, home: Path, *, fresh: bool) -> None:
        """With `fresh` the last snapshot is put aside unread."""
        self._shelf = Shelf(folder(home))
        self._keeper: Keeper | None = None
        self.told: dict[str, Any] | None = None
        self._found: Snapshot | None = None
        if fresh:
            self._shelf.put_aside()
            return
        try:
            self._found = self._shelf.newest()
        except UnreadableError as error:
            self._put_aside(error)

    def about(self, name: str, default: Any) -> Any:
        """What the last snapshot says of `name`, `default` when there is none."""
        return default if self._found is None else self._found.about.get(name, default)

    def attach(
        self, server: CloudServer, parts: Mapping[str, Part], about: Callable[[], Mapping[str, object]]
    ) -> None:
        """Keep from now on what `server` and the other `parts` hold, and `about` beside it."""
        from local.cloud.snapshot.contents import source
        from local.cloud.snapshot.keeper import Keeper

        self._server = server
        self._keeper = Keeper(self._shelf, source(server, parts, about))

    def restore(self) -> None:
        """Give the server what the last snapshot holds, or put that aside and say so.

        Raises UserError when a snapshot that could be read does not come to life: half of it is no AWS to work with.
        """
        if self._found is None or self._keeper is None:
            return
        try:
            self._server.load(self._found.about["extended"])
            self._keeper.restore(self._found)
            self.told = dict(self._keeper.status() or {})
        except UnreadableError as error:
            self._put_aside(error)
        except Exception as error:
            log.exception("snapshot %s", self._found.folder)
            raise UserError(
                f"the snapshot in {self._found.folder} does not come to life ({type(error).__name__}: {error}); "
                "'emrctl local up --fresh' starts without it"
            ) from error

    def take(self) -> None:
        """Keep what there is now."""
        if self._keeper is not None:
            self._keeper.take()

    def status(self) -> Mapping[str, object] | None:
        """The last snapshot, None while there is none."""
        return None if self._keeper is None else self._keeper.status()

    def _put_aside(self, error: UnreadableError) -> None:
        aside = self._shelf.put_aside()
        self._found = None
        self.told = {"problem": f"{error}; it is put aside in {aside}"}
        log.warning("the last snapshot is not restored: %s", self.told["problem"])
