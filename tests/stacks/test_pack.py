"""How the pack is handed to the engine: plainly, with a stack's file, with a profile under it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from facts.errors import UserError
from stacks.pack import arguments


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    (folder / "profiles").mkdir(parents=True)
    (folder / "profiles" / "dev.json").write_text('{"all": "advisory", "a-rule": "mandatory"}')
    return folder


def configured(policies: Path, project: Path, text: str) -> dict[str, Any]:
    (project / "policies.dev.json").write_text(text)
    with arguments(policies, project, "dev") as given:
        assert given[:3] == ["--policy-pack", str(policies), "--policy-pack-config"]
        found: dict[str, Any] = json.loads(Path(given[3]).read_text())
    return found


def test_without_a_file_or_a_pack_nothing_is_set(policies: Path, tmp_path: Path) -> None:
    with arguments(policies, tmp_path, "dev") as given:
        assert given == ["--policy-pack", str(policies)]
    with arguments(None, tmp_path, "dev") as given:
        assert given == []


def test_a_stacks_own_settings_stand_over_its_profile(policies: Path, tmp_path: Path) -> None:
    found = configured(policies, tmp_path, '{"profile": "dev", "a-rule": "disabled", "b-rule": {"x": 1}}')
    assert found == {"all": "advisory", "a-rule": "disabled", "b-rule": {"x": 1}}
    assert configured(policies, tmp_path, '{"b-rule": "disabled"}') == {"b-rule": "disabled"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"profile": "tests"}', "policies.dev.json: the profile 'tests' is not known; known are: dev"),
        ("{", "policies.dev.json is not JSON"),
        ("[]", "policies.dev.json is no object"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    policies: Path, tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(UserError, match="^" + says.split(":")[0]) as raised:
        configured(policies, tmp_path, text)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
