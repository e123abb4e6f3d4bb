"""When an engine's update has ended: something was changed, and nothing is asked for any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from local.provider.updates import Updates

QUIET = 0.15


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers at once, but for a Read, which waits until it may."""

    def __init__(self) -> None:
        self.reading, self.may_end = threading.Event(), threading.Event()

    def Create(self, _request: Any, _context: Any) -> Any:
        return pb.CreateResponse(id="1")

    def Delete(self, _request: Any, _context: Any) -> Any:
        return empty_pb2.Empty()

    def Read(self, _request: Any, _context: Any) -> Any:
        self.reading.set()
        self.may_end.wait(20)
        return pb.ReadResponse()


class World:
    """A provider that tells of updates, and an engine's side of it."""

    def __init__(self) -> None:
        self.ended, self.provider = threading.Semaphore(0), Provider()
        self.updates = Updates(self.ended.release, QUIET)
        pool = futures.ThreadPoolExecutor(4)
        self._server = grpc.server(pool, interceptors=[self.updates])
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self.provider, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self.engine = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def told(self, seconds: float = 20.0) -> bool:
        """Whether the end of an update, not told before, is told within `seconds`."""
        return self.ended.acquire(timeout=seconds)

    def stop(self) -> None:
        self.updates.stop()
        self._server.stop(0).wait()


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.stop()


def test_a_change_is_told_once(world: World) -> None:
    world.engine.Create(pb.CreateRequest())
    world.engine.Delete(pb.DeleteRequest())
    assert world.told()
    assert not world.told(QUIET * 3)


@pytest.mark.parametrize(
    "look",
    [
        lambda engine: engine.Create(pb.CreateRequest(preview=True)),
        lambda engine: engine.Read(pb.ReadRequest()),
    ],
)
def test_a_preview_or_a_refresh_that_changes_nothing_is_not(
    world: World, look: Callable[[Any], object]
) -> None:
    world.provider.may_end.set()
    look(world.engine)
    assert not world.told(QUIET * 3)


def test_while_something_is_asked_for_it_goes_on(world: World) -> None:
    world.engine.Create(pb.CreateRequest())
    slow = world.engine.Read.future(pb.ReadRequest())
    assert world.provider.reading.wait(20)
    assert not world.told(QUIET * 3)
    world.provider.may_end.set()
    slow.result(20)
    assert world.told()


def test_the_next_update_is_told_again(world: World) -> None:
    world.engine.Create(pb.CreateRequest())
    assert world.told()
    world.engine.Delete(pb.DeleteRequest())
    assert world.told()


def test_it_ends_while_an_update_is_under_way(world: World) -> None:
    world.engine.Create(pb.CreateRequest())
    world.updates.stop()
    assert not world.told(QUIET * 3)
