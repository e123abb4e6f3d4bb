"""Where a local run keeps its files: nothing of it inside git, nothing of it shared by accident."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def root() -> Path:
    """The project's root: the folder of Pulumi.yaml."""
    return Path(__file__).resolve().parent.parent


def home() -> Path:
    """The folder of one local run: state, logs, backend, generated configuration.

    `EMRCTL_HOME` names another one, so that a test never touches the user's.
    """
    named = os.environ.get("EMRCTL_HOME")
    return Path(named).resolve() if named else root() / ".emrctl"


def cache() -> Path:
    """What checkouts share and can be made again: the engine, the jars. `EMRCTL_CACHE` names another one."""
    named = os.environ.get("EMRCTL_CACHE")
    return Path(named).resolve() if named else platformdirs.user_cache_path("emrctl")
