"""Stands between Terraform and the real provider, and tells which resource each API call was made for.

Terraform speaks to a provider that runs already: https://developer.hashicorp.com/terraform/plugin/debugging (reattach).
Everything passes through as it is; only changes take turns, one type and phase after the other, so that what CloudTrail
has seen during a turn was called for that type. Those of one type are side by side: security groups that name each
other can only be deleted together.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc

from local.provider.witness import binary, protocol
from tests.outside.conftest import Endpoint

# The schema of all types is above gRPC's own limit, and a cluster takes its time.
_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_SECONDS = 600.0
_APPLY = "/tfplugin5.Provider/ApplyResourceChange"
_SIDE_BY_SIDE = 64
Of = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a resource: its type and its states as Terraform has them."""

    kind: str
    before: Mapping[str, Any] | None
    config: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def of(self) -> Of:
        """Its type and `create`, `update` or `delete`."""
        phase = "create" if self.before is None else "delete" if self.config is None else "update"
        return self.kind, phase


@dataclass(kw_only=True)
class Calls:
    """How often each operation was called."""

    writes: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)


class Seen:
    """The API calls of one client, by a part of its user agent, as CloudTrail tells of them."""

    def __init__(self, aws: Endpoint, agent: str) -> None:
        self._trail, self._agent, self._last = aws.client("cloudtrail"), agent, {"true": "", "false": ""}

    def add_to(self, calls: Calls) -> None:
        """Add the calls since the last time that this was asked; those that failed are left out."""
        calls.writes.update(self._since("false"))
        calls.reads.update(self._since("true"))

    def _since(self, read_only: str) -> Iterator[str]:
        last, first = self._last[read_only], True
        for event in self._newest(read_only):
            if first:
                self._last[read_only], first = event["EventId"], False
            if event["EventId"] == last:
                return
            record = json.loads(event["CloudTrailEvent"])
            if self._agent in record["userAgent"] and "errorCode" not in record:
                yield record["eventName"]

    def _newest(self, which: str) -> Iterator[dict[str, Any]]:
        attributes = [{"AttributeKey": "ReadOnly", "AttributeValue": which}]
        for page in self._trail.get_paginator("lookup_events").paginate(LookupAttributes=attributes):
            yield from page["Events"]


class Recorder(grpc.GenericRpcHandler):
    """The provider as Terraform sees it; `changes` is what has been done, in order, `calls` what it took."""

    def __init__(self, aws: Endpoint, channel: grpc.Channel) -> None:
        self.changes: list[Change] = []
        self.calls: defaultdict[Of, Calls] = defaultdict(Calls)
        self._channel, self._seen = channel, Seen(aws, "HashiCorp")
        self._free, self._turn, self._at_work = threading.Condition(), ("", ""), 0

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """How a call is answered: as the provider does; what is the plugin library's own is not needed."""
        method = str(handler_call_details.method)
        if not method.startswith("/tfplugin5."):
            return None
        forward: Callable[..., bytes] = self._channel.unary_unary(method)
        if method == _APPLY:
            return grpc.unary_unary_rpc_method_handler(lambda asked, _: self._apply(forward, asked))
        return grpc.unary_unary_rpc_method_handler(lambda asked, _: forward(asked, timeout=_SECONDS))

    def _apply(self, forward: Callable[..., bytes], asked: bytes) -> bytes:
        request = protocol.message("ApplyResourceChangeRequest", asked)
        before, config = (protocol.decode(one.msgpack) for one in (request.prior_state, request.config))
        change = Change(kind=request.type_name, before=before, config=config, after=None)
        with self._in_turn(change.of):
            answer = forward(asked, timeout=_SECONDS)
            response = protocol.message("ApplyResourceChangeResponse", answer)
            self.changes.append(replace(change, after=protocol.decode(response.new_state.msgpack)))
        return answer

    @contextlib.contextmanager
    def _in_turn(self, of: Of) -> Iterator[None]:
        with self._free:
            self._free.wait_for(lambda: not self._at_work or self._turn == of)
            if not self._at_work:
                self._turn = of
                self._seen.add_to(Calls())  # of nobody's turn
            self._at_work += 1
        try:
            yield
        finally:
            with self._free:
                self._at_work -= 1
                if not self._at_work:
                    self._seen.add_to(self.calls[of])
                    self._free.notify_all()


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What is being recorded, and the variables by which Terraform finds it."""

    changes: list[Change]
    calls: Mapping[Of, Calls]
    reattach: Mapping[str, str]


@contextlib.contextmanager
def recording(aws: Endpoint, folder: Path) -> Iterator[Recorded]:
    """The real provider at work on `aws`, whatever it does recorded."""
    with binary.running(aws.env) as where, grpc.insecure_channel(where, options=_OPTIONS) as channel:
        recorder = Recorder(aws, channel)
        server = grpc.server(ThreadPoolExecutor(_SIDE_BY_SIDE + 16), handlers=[recorder], options=_OPTIONS)
        socket = folder / "recorder.sock"
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        reattach = {
            "Protocol": "grpc", "Pid": os.getpid(), "Test": True,
            "Addr": {"Network": "unix", "String": str(socket)},
        }  # fmt: skip
        variables = {
            "TF_REATTACH_PROVIDERS": json.dumps({"registry.terraform.io/hashicorp/aws": reattach}),
            # Who waits for a turn must not keep others from theirs.
            **{f"TF_CLI_ARGS_{verb}": f"-parallelism={_SIDE_BY_SIDE}" for verb in ("apply", "destroy")},
        }
        try:
            yield Recorded(changes=recorder.changes, calls=recorder.calls, reattach=variables)
        finally:
            server.stop(0).wait()
