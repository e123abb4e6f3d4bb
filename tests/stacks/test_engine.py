"""The real engine on a tiny program of components: no AWS, a backend of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from facts.errors import UserError
from local.engine import ensure
from stacks.engine import Pulumi, environment

pytestmark = [pytest.mark.xdist_group("engine"), pytest.mark.timeout(300)]
PROGRAM = """
import pulumi
keep = pulumi.Config("emr").get_bool("keep")
class Bucket(pulumi.ComponentResource):
    def __init__(self, name, protect):
        super().__init__("emr:test:Bucket", name, opts=pulumi.ResourceOptions(protect=protect))
Bucket("data", keep)
Bucket("scratch", False)
pulumi.export("platform", {"name": "dev"})
"""


@pytest.fixture
def engine(tmp_path: Path) -> Pulumi:
    """The engine in a project of its own, with protected data."""
    project = tmp_path / "project"
    (project / "infra").mkdir(parents=True)
    (project / "Pulumi.yaml").write_text("name: emr\nruntime: python\nmain: infra/\n")
    (project / "infra" / "__main__.py").write_text(PROGRAM)
    set_keep(project, True)
    found, home = ensure(), tmp_path / "home"
    return Pulumi(
        program=found.bin_dir / "pulumi",
        project=project,
        env={**os.environ, **environment(found.bin_dir, home)},
        backend=home / "backend",
    )


def set_keep(project: Path, keep: bool) -> None:
    """Turn the protection of the program's data on or off, keeping what the engine wrote into the file."""
    file = project / "Pulumi.dev.yaml"
    salt = [line for line in file.read_text().splitlines() if "salt" in line] if file.exists() else []
    file.write_text("\n".join([*salt, "config:", f"  emr:keep: {str(keep).lower()}", ""]))


def names(engine: Pulumi) -> set[str]:
    """Names of the resources in the state."""
    state = json.loads((engine.backend / ".pulumi/stacks/emr/dev.json").read_text())  # type: ignore[operator]
    resources = state["checkpoint"]["latest"].get("resources") or []
    return {entry["urn"].rsplit("::", 1)[1] for entry in resources}


def test_up_then_a_refused_destroy_then_a_destroy_with_the_keys_turned(engine: Pulumi) -> None:
    assert engine.up("dev") == 0
    assert engine.outputs("dev") == {"platform": {"name": "dev"}}
    with pytest.raises(UserError, match=r"protects 1 of its resources \(data\); nothing was touched"):
        engine.destroy("dev")
    assert {"data", "scratch"} <= names(engine)
    set_keep(engine.project, False)
    assert engine.up("dev") == 0
    assert engine.destroy("dev") == 0
    assert names(engine) == set()
    assert engine.destroy("dev") == 0


def test_a_lock_of_a_process_that_died_is_lifted(engine: Pulumi) -> None:
    engine.ensure_stack("dev")
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    lock(engine, int(dead.stdout))
    assert engine.preview("dev") == 0


def test_a_lock_of_a_living_engine_is_respected(engine: Pulumi, tmp_path: Path) -> None:
    engine.ensure_stack("dev")
    stand_in = tmp_path / "pulumi"
    stand_in.write_text("#!/bin/sh\nread line\n")
    stand_in.chmod(0o755)
    with subprocess.Popen([stand_in], stdin=subprocess.PIPE) as living:
        lock(engine, living.pid)
        assert engine.up("dev") != 0
        living.communicate(b"\n")


def lock(engine: Pulumi, pid: int) -> None:
    """Leave a lock as the engine's file backend writes it."""
    folder = engine.backend / ".pulumi/locks/organization/emr/dev"  # type: ignore[operator]
    folder.mkdir(parents=True, exist_ok=True)
    content = {"pid": pid, "username": "u", "hostname": "h", "timestamp": "2026-11-23T00:00:00Z"}
    (folder / "0b1c2d3e.json").write_text(json.dumps(content))


def test_outputs_of_a_stack_that_was_never_up_say_what_to_do(engine: Pulumi) -> None:
    with pytest.raises(UserError, match="bring it up with 'emrctl stack up dev'"):
        engine.outputs("dev")


def test_the_passphrase_is_made_once_and_for_the_user_alone(tmp_path: Path) -> None:
    first = environment(tmp_path, tmp_path / "home")["PULUMI_CONFIG_PASSPHRASE_FILE"]
    before = Path(first).read_text()
    assert environment(tmp_path, tmp_path / "home")["PULUMI_CONFIG_PASSPHRASE_FILE"] == first
    assert Path(first).read_text() == before
    assert Path(first).stat().st_mode & 0o077 == 0
