"""Every type of the table survives the end of the local AWS, clean or not: it reads the same and previews clean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from local import control
from tests.local.provider.conftest import Made, Peer, World, make_eks_cluster
from tests.local.provider.examples import EXAMPLES

pytestmark = pytest.mark.xdist_group("serve")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    found = tmp_path_factory.mktemp("home")
    yield found
    control.down(found)


def refreshed(peer: Peer, made: Made) -> Made:
    """A resource as a refresh leaves it."""
    answer = peer.read(made)
    assert answer.id == made.id, f"{made.urn} is not there any more"
    return replace(made, state=answer.properties)


def plain(made: Made) -> dict[str, Any]:
    return {key: value for key, value in made.outputs.items() if key != "__defaults"}


def test_all_types(home: Path) -> None:
    up = control.up(home)
    make_eks_cluster(up.state.endpoint)
    world = World(Peer(up.state.provider_port).configure())
    for key in EXAMPLES:
        world.make(key)
    before = {key: refreshed(world.peer, made) for key, made in world.made.items()}

    control.down(home)
    again = control.up(home)
    assert again.snapshot is not None
    assert again.snapshot["problem"] is None
    assert again.state.endpoint == up.state.endpoint

    peer = Peer(again.state.provider_port).configure()
    for key, made in before.items():
        after = refreshed(peer, made)
        assert plain(after) == plain(made), key
        found = peer.diff(after, after.inputs)
        assert found.changes == pb.DiffResponse.DIFF_NONE, (key, found.diffs)
