"""One platform for all end-to-end tests: brought up once by `emrctl demo`, in a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

pytest.register_assert_rewrite("tests.e2e.on_aws")  # so that its assertions say what they saw
ROOT = Path(__file__).resolve().parents[2]
EMRCTL = Path(sys.executable).with_name("emrctl")
NOT_OURS = ("AWS_", "PULUMI_", "EMRCTL_HOME")


@dataclass(frozen=True, kw_only=True)
class Here:
    """A local run: its home, and `emrctl` called in it as a user calls it."""

    home: Path

    @property
    def env(self) -> dict[str, str]:
        """A user's environment: nothing of AWS or Pulumi in it, this checkout's commands first on PATH."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(NOT_OURS)}
        return kept | {"EMRCTL_HOME": str(self.home), "PATH": f"{EMRCTL.parent}:{os.environ['PATH']}"}

    def start(self, *args: str, cwd: Path = ROOT) -> subprocess.Popen[str]:
        """Start `emrctl` in a session of its own, so that a signal to its group reaches what a Ctrl-C would."""
        return subprocess.Popen(
            [str(EMRCTL), *args],
            cwd=cwd,
            env=self.env,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *args: str, timeout: float = 1200, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Run `emrctl` to its end."""
        with self.start(*args, cwd=cwd) as process:
            out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def json(self, *args: str) -> Any:
        """The document that a verb prints with --json; fails the test when the verb fails."""
        done = self.run(*args, "--json")
        assert done.returncode == 0, f"emrctl {' '.join(args)}: {done.stderr}\n{done.stdout}"
        return json.loads(done.stdout)

    def client(self, service: str) -> Any:
        """A boto3 client as an outsider would make it: only the printed endpoint and credentials."""
        state: Mapping[str, Any] = json.loads((self.home / "local.json").read_text())
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=state["endpoint"],
            region_name=state["region"],
            aws_access_key_id=state["access_key_id"],
            aws_secret_access_key=state["secret_access_key"],
        )

    def resources(self, stack: str = "dev") -> list[dict[str, Any]]:
        """The resources in the stack's state, as the engine's backend holds them."""
        file = self.home / "backend" / ".pulumi" / "stacks" / "emr" / f"{stack}.json"
        found: list[dict[str, Any]] = json.loads(file.read_text())["checkpoint"]["latest"]["resources"]
        return found


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    """A local run that the test starts itself; whatever it left is stopped."""
    run = Here(home=tmp_path / "home")
    yield run
    run.run("local", "down")


@dataclass(frozen=True, kw_only=True)
class Demo(Here):
    """The platform after one `emrctl demo`, and what that printed."""

    result: Mapping[str, Any]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The platform up and the nightly ETL run once, on a local AWS that enforces IAM."""
    run = Here(home=tmp_path_factory.mktemp("demo"))
    try:
        assert run.run("local", "up", "--enforce-iam").returncode == 0
        yield Demo(home=run.home, result=run.json("demo"))
    finally:
        run.run("local", "down")
