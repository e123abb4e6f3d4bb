"""What a job needs beside its own packages and what the release brings: third-party packages, pinned in a lock file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from jobs.spec.values import Part

# As the nodes' `uname -m` says it; AWS' own word for the second is arm64.
Architecture = Literal["x86_64", "aarch64"]
# Relative to the project, and inside of it.
LockPath = Annotated[
    str,
    StringConstraints(
        pattern=r"^([A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*\.(lock|txt)$", max_length=200
    ),
]


class Dependencies(Part):
    """Packages that go with the job as a packed environment.

    `lock` is what `uv pip compile --generate-hashes` writes: every package, with its version and hashes.
    """

    lock: LockPath
    # A stack's clusters and applications have one or the other; packages without machine code are packed once.
    architectures: tuple[Architecture, ...] = Field(default=("x86_64", "aarch64"), min_length=1, max_length=2)
