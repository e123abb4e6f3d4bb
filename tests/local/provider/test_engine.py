"""The provider under the real engine: what a program declares comes, stays, changes, and goes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud.server import CloudServer
from local.engine.ensure import ensure

pytestmark = pytest.mark.xdist_group("engine")

PROGRAM = Path(__file__).with_name("engine_program.py")


class Project:
    """A program in a folder of its own, with a file backend, on the local AWS."""

    def __init__(self, folder: Path, endpoint: str, port: int) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text("name: provider\nruntime: python\n")
        shutil.copy(PROGRAM, folder / "__main__.py")
        (folder / "backend").mkdir()
        engine = ensure()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))},
            "PATH": f"{engine.bin_dir}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }

    def run(self, *args: str) -> str:
        """A command of the engine; fails the test when it fails."""
        done = subprocess.run(
            ["pulumi", *args, "--non-interactive"],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's resources by their names."""
        state = json.loads(self.run("stack", "export"))
        found: list[dict[str, Any]] = state["deployment"].get("resources", [])
        return {one["urn"].split("::")[-1]: one for one in found}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, cloud: CloudServer, port: int) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("project"), cloud.endpoint, port)
    made.run("stack", "init", "test")
    yield made
    made.run("destroy", "--yes", "--skip-preview")


def test_a_program_comes_stays_changes_and_goes(project: Project, aws: Any) -> None:
    project.run("up", "--yes", "--skip-preview")
    assert "unchanged" in project.run("preview", "--expect-no-changes")
    project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    first = project.resources()
    assert first["subnet"]["outputs"]["availabilityZone"] == "us-east-1a"
    assert first["bucket"]["outputs"]["tagsAll"] == {"Owner": "me", "step": "1"}
    assert "hush-hush" not in (next((project.folder / "backend").rglob("test.json"))).read_text()

    project.run("config", "set", "step", "2")
    shown = project.run("up", "--yes", "--skip-preview")
    assert "replaced" in shown
    second = project.resources()
    assert second["bucket"]["id"] == first["bucket"]["id"]
    assert second["policy"]["id"] != first["policy"]["id"]
    attached = aws("iam").list_attached_role_policies(RoleName=second["role"]["id"])["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [second["policy"]["id"]]
    project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    project.run("destroy", "--yes", "--skip-preview")
    assert not project.resources().keys() - {"provider-test"}
    project.run("destroy", "--yes", "--skip-preview")
