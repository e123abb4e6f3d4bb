"""A Pulumi program under the real engine, in a folder of its own, with a file backend, on a provider of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.engine.ensure import ensure

SECRET = "4dabf18193072939515e22adb298388d"  # the key of the signature that the engine's special values carry


@dataclass(frozen=True)
class Step:
    """What the engine did to one resource: `op` as it names it, `keys` the properties that made it replace."""

    name: str
    op: str
    keys: frozenset[str] = frozenset()


@dataclass
class Done:
    """One command of the engine: its exit code, what it printed, and its steps, in the order they ended."""

    code: int
    said: str
    steps: list[Step] = field(default_factory=list)

    def ops(self) -> dict[str, set[str]]:
        """The operations on each resource that was not left as it is, by its name."""
        found: dict[str, set[str]] = {}
        for step in self.steps:
            if step.op not in ("same", "read") and step.name:
                found.setdefault(step.name, set()).add(step.op)
        return found


class Project:
    """A program and its stacks; commands go through the command line, as users give them."""

    def __init__(self, folder: Path, program: Path, port: int) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text("name: provider\nruntime: python\n")
        shutil.copy(program, folder / "__main__.py")
        self.backend = folder / "backend"
        self.backend.mkdir()
        engine = ensure()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))},
            "PATH": f"{engine.bin_dir}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DEBUG_COMMANDS": "1",  # --event-log is one of them
            "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }

    def run(self, *args: str) -> str:
        """A command of the engine; fails the test when it fails."""
        done = self.try_(*args)
        assert done.code == 0, done.said
        return done.said

    def try_(self, *args: str) -> Done:
        """A command of the engine, whatever its exit code."""
        ran = subprocess.run(
            ["pulumi", *args, "--non-interactive"],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=600,
        )
        return Done(ran.returncode, ran.stdout + ran.stderr)

    def watch(self, *args: str) -> Done:
        """An update, refresh or destroy with its steps; fails the test when it fails."""
        log = self.folder / "events.json"
        log.unlink(missing_ok=True)
        done = self.try_(*args, "--yes", "--skip-preview", "--event-log", str(log))
        assert done.code == 0, done.said
        done.steps = [step for line in log.read_text().splitlines() for step in _steps(json.loads(line))]
        return done

    def state(self, *, secrets: bool = False) -> dict[str, Any]:
        """The stack's checkpoint as the engine exports it, secrets as ciphertext unless they are asked for."""
        found: dict[str, Any] = json.loads(self.run("stack", "export", *(["--show-secrets"] * secrets)))
        return found

    def resources(self, *, secrets: bool = False) -> dict[str, dict[str, Any]]:
        """The state's resources by their names; with `secrets` these are shown in plain."""
        found: list[dict[str, Any]] = self.state(secrets=secrets)["deployment"].get("resources", [])
        return {one["urn"].split("::")[-1]: one for one in found}


def _steps(event: Mapping[str, Any]) -> list[Step]:
    metadata = event.get("resOutputsEvent", {}).get("metadata")
    if not metadata or not metadata["type"].startswith("aws:"):
        return []
    keys = frozenset(metadata.get("keys") or ())
    return [Step(metadata["urn"].split("::")[-1], metadata["op"], keys)]
