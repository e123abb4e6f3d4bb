"""Fixtures: names of a stack, its keys, and the whole program under recording mocks."""

from __future__ import annotations

from typing import Any

import pytest

from infra.naming import Names
from infra.security.job_policies import KeyArns
from tests.infra import recording


def pytest_configure(config: pytest.Config) -> None:
    # pulumi_aws imports its own deprecated types whenever it is imported.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:pulumi_aws.*")


@pytest.fixture(scope="session")
def names() -> Names:
    return Names(stack="dev", region="us-east-1", account_id=recording.ACCOUNT)


@pytest.fixture(scope="session")
def keys(names: Names) -> KeyArns:
    return KeyArns(
        data=names.arn("kms", "key/data"),
        logs=names.arn("kms", "key/logs"),
        volumes=names.arn("kms", "key/volumes"),
    )


@pytest.fixture(scope="session")
def dev() -> tuple[recording.Recorder, dict[str, Any]]:
    """What the program registers for the committed stack dev, and its export."""
    return recording.run_program("dev")


@pytest.fixture(scope="session")
def prod() -> tuple[recording.Recorder, dict[str, Any]]:
    """The same for prod."""
    return recording.run_program("prod")
