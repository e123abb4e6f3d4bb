"""Fixtures: the whole program under recording mocks, run once for each committed stack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra import recording


def pytest_configure(config: pytest.Config) -> None:
    # pulumi_aws imports its own deprecated types whenever it is imported.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:pulumi_aws.*")


@pytest.fixture(scope="session")
def dev() -> tuple[recording.Recorder, dict[str, Any]]:
    """What the program registers for the committed stack dev, and its export."""
    return recording.run_program("dev")


@pytest.fixture(scope="session")
def prod() -> tuple[recording.Recorder, dict[str, Any]]:
    """The same for prod."""
    return recording.run_program("prod")


@pytest.fixture(scope="session")
def research() -> tuple[recording.Recorder, dict[str, Any]]:
    """The same for research."""
    return recording.run_program("research")
