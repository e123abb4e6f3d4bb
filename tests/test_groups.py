"""What shares one dear thing runs in one process: that groups are kept can be lost in silence (pyproject.toml)."""

from __future__ import annotations

import os

import pytest


@pytest.mark.xdist_group("groups")
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process has no groups")
def test_the_scheduler_knows_a_test_s_group(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@groups")
