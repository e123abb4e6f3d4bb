"""What the tests of settings share."""

from __future__ import annotations

import pytest

from tests.infra.settings.trees import Tree, good


@pytest.fixture
def tree() -> Tree:
    return good()
