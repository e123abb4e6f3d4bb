"""Notices when an engine's update has ended.

The protocol does not say it: an engine that has finished only goes away. But while it updates it asks for one thing
after the other; an update is over when something was changed and nothing has been asked for since a moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc

QUIET_SECONDS = 1.0
_CHANGES = ("Create", "Update", "Delete")


class Updates(grpc.ServerInterceptor):
    """Sees every call, and calls `ended` on a thread of its own after each update."""

    def __init__(self, ended: Callable[[], None], quiet: float = QUIET_SECONDS) -> None:
        self._ended, self._quiet = ended, quiet
        self._changed = threading.Condition()
        self._calls = 0  # under way
        self._answered = 0  # ever
        self._dirty = self._stopped = False
        self._thread = threading.Thread(target=self._watch, name="updates", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; an update that has just ended is not told any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Have the call's handler count."""
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler
        changes = details.method.rpartition("/")[2] in _CHANGES
        return grpc.unary_unary_rpc_method_handler(
            self._counting(handler.unary_unary, changes=changes),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _counting(self, call: Callable[[Any, Any], Any], *, changes: bool) -> Callable[[Any, Any], Any]:
        def counted(request: Any, context: Any) -> Any:
            with self._changed:
                self._calls += 1
                self._dirty |= changes and not getattr(request, "preview", False)
            try:
                return call(request, context)
            finally:
                with self._changed:
                    self._calls -= 1
                    self._answered += 1
                    self._changed.notify_all()

        return counted

    def _watch(self) -> None:
        while self._next():
            self._ended()

    def _next(self) -> bool:
        """Wait for the end of an update; False when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or (self._dirty and not self._calls))
            answered = None
            while not self._stopped and answered != self._answered:
                answered = self._answered
                # Woken by the next call's answer, however long that takes: then the moment begins anew.
                self._changed.wait_for(lambda: self._stopped, self._quiet)
                self._changed.wait_for(lambda: self._stopped or not self._calls)
            self._dirty = False
            return not self._stopped
