"""The pack on its own: a program that knows nothing of this project, elsewhere, stopped by the engine alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.reports.told import read

ROOT = Path(__file__).resolve().parents[2]
Engine = Callable[..., "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.xdist_group("engine")

# Written as its users write it, with the provider's SDK.
PROGRAM = """
import pulumi_aws as aws

aws.kms.Key("theirs", description="does not rotate", tags={"team": "web"})
aws.sns.Topic("news", tags={"team": "web"})
"""


def program(folder: Path) -> Path:
    """A project with nothing of ours: no component, no setting, no emrctl."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: web\nruntime: python\n")
    (folder / "Pulumi.test.yaml").write_text("config: {aws:region: eu-west-1}\n")
    (folder / "__main__.py").write_text(PROGRAM)
    return folder


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for the engine's events; asked for before the engine, whose environment it needs."""
    monkeypatch.setenv("PULUMI_DEBUG_COMMANDS", "true")
    return tmp_path / "events.jsonl"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The pack as a link from outside of the checkout, the way a platform team mounts it."""
    link = tmp_path / "guard" / "policies"
    link.parent.mkdir()
    link.symlink_to(ROOT / "policies")
    return link


def test_a_foreign_program_is_judged_and_its_events_are_reported(
    events: Path, pulumi_in: Engine, tmp_path: Path, pack: Path
) -> None:
    project, config = program(tmp_path / "web"), tmp_path / "levels.json"
    config.write_text(
        json.dumps({"all": "advisory", "kms-rotation": "mandatory", "required-tags": {"required": ["team"]}})
    )
    assert pulumi_in(project, "stack", "init", "test").returncode == 0
    told = pulumi_in(project, "preview", "--policy-pack", str(pack), "--policy-pack-config", str(config))
    assert told.returncode != 0
    assert "[mandatory] [severity: medium]  kms-rotation  (aws:kms/key:Key: theirs)" in told.stdout
    assert "required-tags" not in told.stdout

    (project / "__main__.py").write_text(
        PROGRAM.replace('"does not rotate"', '"x", enable_key_rotation=True')
    )
    told = pulumi_in(
        project, "preview", "--policy-pack", str(pack), "--policy-pack-config", str(config), "--event-log", str(events)
    )  # fmt: skip
    assert told.returncode == 0, told.stdout
    judged = read(events.read_text().splitlines())
    assert judged.whole
    assert not judged.stops
    assert "kms-rotation" in judged.asked
    assert judged.resources >= 2
