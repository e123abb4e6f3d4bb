"""The AWS CLI as its package is published, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from local.outside import environments
from tests.outside.conftest import Endpoint


@dataclass(frozen=True, kw_only=True)
class Cli:
    """`aws`, pointed at one endpoint."""

    endpoint: Endpoint

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`aws` with these words."""
        command = [str(environments.ensure("awscli") / "bin" / "aws"), *words]
        return subprocess.run(
            command, env=dict(self.endpoint.env), text=True, capture_output=True, timeout=540
        )

    def __call__(self, *words: str) -> Any:
        """What `aws` answers, read as JSON where it answers anything; fails the test when it fails."""
        done = self.run(*words)
        assert done.returncode == 0, f"aws {' '.join(words)}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, *words: str) -> str:
        """What `aws` says when the call is refused; fails the test when it is not."""
        done = self.run(*words)
        assert done.returncode == 255, (
            done.returncode,
            done.stderr,
        )  # CLI 1's code for an error of the service
        return done.stderr.strip()
