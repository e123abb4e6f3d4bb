"""The pack as the engine calls it: rules by the type they judge, each request read once for all of them.

The SDK's servicer reads a resource anew for every policy of the pack, and a whole stack for every policy on the stack:
with some 190 rules that is most of the time of a preview. Here the SDK still does all that it does (levels,
configuration, diagnostics), but for each resource it holds the policies of that type alone, and what it reads for the
first it does not read for the others (ADR 0180).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent import futures
from threading import Lock
from typing import Any

import grpc
import pulumi_policy as sdk
from pulumi.runtime.proto import analyzer_pb2 as proto
from pulumi.runtime.proto import analyzer_pb2_grpc as rpc
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policies import reading
from policies.pack import NAME, policies
from policies.rule import Level, ResourceRule, Rule
from policies.rules import ALL

VERSION = "0.0.1"  # as the SDK says it; the engine takes the version of PulumiPolicy.yaml
MESSAGE = 400 * 1024 * 1024  # bytes at most of a request, as many as the SDK's own server takes
WORKERS = 4  # requests at once, as many as the SDK's own server takes


class Servicer(rpc.AnalyzerServicer):
    """The analyzer of a pack. `types` says which types a policy judges; a policy that is not in it judges all."""

    def __init__(self, pack: list[sdk.Policy], types: Mapping[str, frozenset[str]]) -> None:
        self._pack, self._types = pack, types
        self._whole = self._servicer(pack)
        self._reader = self._servicer(
            [
                sdk.ResourceValidationPolicy("reader", "Reads the resource", reading.read_resource),
                sdk.StackValidationPolicy("stack-reader", "Reads the stack", reading.read_stack),
            ]
        )
        self._by_type: dict[str, Any] = {}
        self._configured: Any = None
        self._tagged: Any = None
        self._lock = Lock()

    @staticmethod
    def _servicer(pack: Sequence[sdk.Policy]) -> Any:
        return _PolicyAnalyzerServicer(
            NAME, VERSION, list(pack), sdk.EnforcementLevel(Level.MANDATORY.value), provider="aws"
        )

    def _of(self, kind: str) -> Any | None:
        """The servicer of the policies that judge resources of type `kind`; None where none does."""
        with self._lock:
            if kind not in self._by_type:
                own = [
                    policy
                    for policy in self._pack
                    if isinstance(policy, sdk.ResourceValidationPolicy)
                    and kind in self._types.get(policy.name, (kind,))
                ]
                self._by_type[kind] = self._like_the_whole(self._servicer(own)) if own else None
            return self._by_type[kind]

    def _like_the_whole(self, servicer: Any) -> Any:
        if self._configured is not None:
            servicer.Configure(self._configured, None)
        if self._tagged is not None:
            servicer.ConfigureStack(self._tagged, None)
        return servicer

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802  # the protocol's name
        """What the rules of its type say of a resource."""
        servicer = self._of(request.type)
        if servicer is None:
            return proto.AnalyzeResponse()
        with reading.shared():
            self._reader.Analyze(request, context)
            bare = proto.AnalyzeRequest(type=request.type, urn=request.urn, name=request.name)
            return servicer.Analyze(bare, context)

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        """What the rules on the stack say of it."""
        with reading.shared():
            self._reader.AnalyzeStack(request, context)
            return self._whole.AnalyzeStack(proto.AnalyzeStackRequest(), context)

    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A resource's inputs as the rules at that level change them, one after the other."""
        servicer = self._of(request.type)
        return proto.RemediateResponse() if servicer is None else servicer.Remediate(request, context)

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The pack and its policies."""
        return self._whole.GetAnalyzerInfo(request, context)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The SDK's version."""
        return self._whole.GetPluginInfo(request, context)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Levels and options, policy by policy."""
        with self._lock:
            self._configured = request
            self._by_type.clear()
        return self._whole.Configure(request, context)

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The stack's tags."""
        with self._lock:
            self._tagged = request
            self._by_type.clear()
        return self._whole.ConfigureStack(request, context)


def servicer(rules: Iterable[Rule] = ALL) -> Servicer:
    """The analyzer of `rules`."""
    given = list(rules)
    return Servicer(
        policies(given), {rule.id: rule.types for rule in given if isinstance(rule, ResourceRule)}
    )


def serve(rules: Iterable[Rule] = ALL) -> None:
    """Serve the pack to the engine until it goes away: it reads the port from the first line and ends the process."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=WORKERS),
        options=[("grpc.max_receive_message_length", MESSAGE)],
    )
    rpc.add_AnalyzerServicer_to_server(servicer(rules), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        server.stop(0)
