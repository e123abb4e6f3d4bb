"""What a job needs beside its own packages and what the release brings: Python packages, pinned in a lock, and jars."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from facts.texts import text
from jobs.spec.values import Part

# As the nodes' `uname -m` says it; AWS' own word for the second is arm64.
Architecture = Literal["x86_64", "aarch64"]
# Relative to the project, and inside of it.
_PATH = r"^([A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*"
LockPath = Annotated[
    str, text(rf"{_PATH}\.(lock|txt)$", "a .lock or .txt file of the project, as jobs/etl.lock", longest=200)
]
JarPath = Annotated[
    str, text(rf"{_PATH}\.jar$", "a .jar file of the project, as jobs/jars/driver-1.0.jar", longest=200)
]


class Dependencies(Part):
    """What goes with the job: packages as a packed environment, and jars.

    `lock` is what `uv pip compile --generate-hashes` writes: every package, with its version and hashes.
    `jars` are files of the project (a JDBC driver, a connector), which driver and executors have on their class path.
    """

    lock: LockPath | None = None
    jars: tuple[JarPath, ...] = Field(default=(), max_length=50)
    # A stack's clusters and applications have one or the other; packages without machine code are packed once.
    architectures: tuple[Architecture, ...] = Field(default=("x86_64", "aarch64"), min_length=1, max_length=2)
