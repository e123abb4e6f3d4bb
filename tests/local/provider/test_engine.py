"""The provider under the real engine: what a program declares comes, stays, changes, and goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local.provider.project import Project

pytestmark = pytest.mark.xdist_group("engine")

PROGRAM = Path(__file__).with_name("engine_program.py")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("project"), PROGRAM, port)
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
    assert "hush-hush" not in next(project.backend.rglob("test.json")).read_text()

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
