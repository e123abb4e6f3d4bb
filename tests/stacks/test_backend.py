"""Locks of engines: waited for while they live, freed when they are dead, left alone on another machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from facts.errors import UserError
from stacks import backend


def lock(home: Path, pid: int, *, host: str | None = None, ago: float = 0.0, stack: str = "dev") -> Path:
    """A lock as the file backend writes it, taken `ago` seconds before now."""
    folder = home / ".pulumi/locks/organization/emr" / stack
    folder.mkdir(parents=True, exist_ok=True)
    taken = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
    content = {"pid": pid, "username": "u", "hostname": host or socket.gethostname(), "timestamp": taken}
    file = folder / f"{pid}.json"
    file.write_text(json.dumps(content))
    return file


def freed(home: Path) -> tuple[int, list[str]]:
    """How often the stack was cancelled, and what was said."""
    cancelled: list[int] = []
    said: list[str] = []
    backend.free(
        "dev", lambda: backend.locks(home, "dev"), cancel=lambda: cancelled.append(1), say=said.append
    )
    return len(cancelled), said


def dead() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def test_without_locks_nothing_is_done(tmp_path: Path) -> None:
    assert freed(tmp_path) == (0, [])


def test_locks_of_the_dead_are_cancelled_once(tmp_path: Path) -> None:
    lock(tmp_path, dead())
    assert freed(tmp_path)[0] == 1


def test_another_stacks_lock_is_left_alone(tmp_path: Path) -> None:
    lock(tmp_path, dead(), stack="prod")
    assert freed(tmp_path) == (0, [])


def test_a_living_engine_is_waited_for_and_its_lock_left_to_it(tmp_path: Path) -> None:
    command = f"read line; rm {tmp_path}/.pulumi/locks/organization/emr/dev/$$.json"
    with subprocess.Popen(["sh", "-c", command], stdin=subprocess.PIPE) as living:
        lock(tmp_path, living.pid)
        said: list[str] = []

        def say(line: str) -> None:
            said.append(line)
            assert living.stdin is not None
            living.stdin.close()  # it ends once it is being waited for

        backend.free(
            "dev", lambda: backend.locks(tmp_path, "dev"), cancel=lambda: pytest.fail("cancelled"), say=say
        )
    assert f"(process {living.pid}); waiting" in said[0]


def test_a_number_given_to_a_later_process_is_no_living_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "WAIT_SECONDS", 0.05)
    lock(tmp_path, os.getpid(), ago=365 * 86400)
    assert freed(tmp_path)[0] == 1


def test_an_engine_that_holds_the_stack_for_too_long_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "WAIT_SECONDS", 0.05)
    with subprocess.Popen(["sh", "-c", "read line"], stdin=subprocess.PIPE) as living:
        lock(tmp_path, living.pid)
        with pytest.raises(UserError, match=f"held by process {living.pid}"):
            freed(tmp_path)
        living.communicate(b"")


def test_a_lock_of_another_machine_is_refused_with_what_to_do(tmp_path: Path) -> None:
    lock(tmp_path, dead(), host="elsewhere")
    with pytest.raises(UserError, match=r"on elsewhere; .* 'pulumi cancel'"):
        freed(tmp_path)


@pytest.mark.parametrize("left", ["", '{"checkpoint": '])
def test_a_state_that_cannot_be_read_is_the_engines_last_copy(tmp_path: Path, left: str) -> None:
    folder, said = tmp_path / ".pulumi/stacks/emr", list[str]()
    folder.mkdir(parents=True)
    (folder / "dev.json").write_text(left)
    (folder / "dev.json.bak").write_text('{"checkpoint": {"latest": {"resources": []}}}')
    backend.mend(tmp_path, "emr", "dev", said.append)
    assert backend.deployment(tmp_path, "emr", "dev") == {"resources": []}
    assert said == ["the state of stack 'dev' cannot be read; the engine's last copy of it is taken"]


def test_a_state_that_is_whole_or_not_there_is_left_alone(tmp_path: Path) -> None:
    folder, said = tmp_path / ".pulumi/stacks/emr", list[str]()
    folder.mkdir(parents=True)
    (folder / "dev.json.bak").write_text('{"checkpoint": {"latest": {"old": 1}}}')
    backend.mend(tmp_path, "emr", "dev", said.append)
    assert backend.deployment(tmp_path, "emr", "dev") is None
    (folder / "dev.json").write_text('{"checkpoint": {"latest": {"new": 1}}}')
    backend.mend(tmp_path, "emr", "dev", said.append)
    assert (backend.deployment(tmp_path, "emr", "dev"), said) == ({"new": 1}, [])


def test_notes_that_a_killed_engine_left_empty_go_and_others_stay(tmp_path: Path) -> None:
    files = {
        "stacks/emr/dev.json.attrs": "", "stacks/emr/dev.json.bak.attrs": "{}", "stacks/emr/prod.json.attrs": "",
        "meta.yaml.attrs": "", "locks/organization/emr/dev/1.json.attrs": "",
        "history/emr/dev/dev-1.history.json.attrs": "",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / ".pulumi" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".pulumi" / name).write_text(text)
    backend.mend(tmp_path, "emr", "dev", lambda _: None)
    left = {file.relative_to(tmp_path / ".pulumi").as_posix() for file in tmp_path.rglob("*.attrs")}
    assert left == {"stacks/emr/dev.json.bak.attrs", "stacks/emr/prod.json.attrs"}


def test_what_is_published_is_the_stacks_own_entry_and_goes_with_it(tmp_path: Path) -> None:
    root = {"type": backend.STACK_TYPE, "outputs": {"account": {"schema_version": 2}}}
    state = {
        "manifest": {"time": "t"},
        "secrets_providers": {},
        "resources": [root, {"type": "aws:kms/key:Key"}],
    }
    for gone in (None, {**state, "resources": []}):
        backend.publish(tmp_path, "emr-account", "account", state)
        backend.publish(tmp_path, "emr-account", "account", state)
        found = backend.deployment(tmp_path, "emr-account", "account")
        assert found == {"manifest": {"time": "t"}, "resources": [root]}
        backend.publish(tmp_path, "emr-account", "account", gone)
        assert backend.deployment(tmp_path, "emr-account", "account") is None
    assert backend.names(tmp_path) == []
