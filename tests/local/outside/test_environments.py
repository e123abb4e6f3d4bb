"""An environment of a program of others: whole, or not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from facts.errors import UserError
from local.outside import environments

LINE = re.compile(r"^[a-z0-9-]+==\S+( ;.+)? \\$")


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock file of an environment called `small`, in a cache of its own."""
    monkeypatch.setenv("EMRCTL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "HERE", tmp_path)
    return tmp_path / "small.txt"


def test_it_is_made_once_and_keyed_by_its_lock(lock: Path) -> None:
    lock.write_text("")
    made = environments.ensure("small")
    (made / "kept").touch()
    assert (environments.ensure("small") / "kept").exists()
    assert environments.packages("small").parent.parent.parent == made
    lock.write_text("# another\n")
    assert environments.folder("small") != made


def test_what_cannot_be_made_is_one_line_and_leaves_nothing(lock: Path) -> None:
    lock.write_text("awscli==1.46.3\n")  # without its hash
    with pytest.raises(UserError, match=r"^uv pip: .*hash.*awscli") as refused:
        environments.ensure("small")
    assert "\n" not in str(refused.value)
    assert not environments.folder("small").exists()


@pytest.mark.parametrize("file", sorted(environments.HERE.glob("*.txt")), ids=lambda file: file.stem)
def test_a_lock_pins_each_package_with_its_hash_and_names_no_index(file: Path) -> None:
    heads = [line for line in file.read_text().splitlines() if not line.startswith((" ", "#"))]
    assert heads
    assert [line for line in heads if not LINE.match(line)] == []
    assert file.read_text().count("\n    --hash=sha256:") >= len(heads)
