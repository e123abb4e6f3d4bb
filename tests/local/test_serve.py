"""The server as a process: up, looked at, down, killed; and that nothing is left of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from facts.errors import UserError
from local import control, paths, processes, state

pytestmark = pytest.mark.xdist_group("serve")
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def eventually(what: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether `what` comes true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def gone(pid: int) -> bool:
    """Whether a process has ended, or only waits for its parent to notice."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of its own, with nothing left running from it."""
    found = paths.home()
    yield found
    control.down(found)


def sleeper(instance: str) -> int:
    """A process that carries the mark of an instance, as one that its server had started."""
    return subprocess.Popen(SLEEPER, env={**os.environ, processes.MARK: instance}, start_new_session=True).pid


def test_enforcement_is_chosen_when_it_starts(home: Path) -> None:
    control.up(home)
    with pytest.raises(UserError, match="does not enforce IAM is up; end it with"):
        control.up(home, enforce_iam=True)
    control.down(home)
    up = control.up(home, enforce_iam=True)
    assert control.up(home).state.enforce_iam
    stranger = boto3.client(
        "iam", endpoint_url=up.state.endpoint, region_name="us-east-1", aws_access_key_id="AKIA2222222222222222",
        aws_secret_access_key="x",
    )  # fmt: skip
    with pytest.raises(stranger.exceptions.ClientError, match="InvalidClientTokenId"):
        stranger.list_roles()
    status = control.status(home)
    assert status is not None
    assert status["iam"] == {"enforced": True, "not_evaluated": []}


def test_up_answers_is_idempotent_and_down_leaves_nothing(home: Path) -> None:
    up = control.up(home)
    again = control.up(home)
    client: Any = boto3.client(
        "sts", endpoint_url=up.state.endpoint, region_name="us-east-1",
        aws_access_key_id=up.state.access_key_id, aws_secret_access_key=up.state.secret_access_key,
    )  # fmt: skip
    status = control.status(home)
    pids = [up.state.pid, *(p.pid for p in processes.of_instance(up.state.instance))]

    assert (up.started, again.started) == (True, False)
    assert again.state == up.state
    assert client.get_caller_identity()["Account"] == up.state.account_id
    assert status is not None
    assert (status["pid"], status["clusters"], status["endpoint"]) == (up.state.pid, [], up.state.endpoint)
    assert status["memory_bytes"] > 10_000_000
    assert os.getsid(up.state.pid) != os.getsid(0)  # a Ctrl-C in the user's terminal does not reach it

    port = int(up.state.endpoint.rpartition(":")[2])
    assert control.down(home) == control.Down(server=True, strays=0)
    assert all(gone(pid) for pid in pids)
    assert control.status(home) is None
    assert {p.name for p in home.iterdir()} == {"logs", "control.lock", "serve.lock", "snapshots"}
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
    assert control.down(home) == control.Down(server=False, strays=0)
    assert "ended" in control.log_lines(home, 1)[0]


def test_a_killed_server_takes_its_processes_with_it(home: Path) -> None:
    up = control.up(home)
    child = sleeper(up.state.instance)
    reaper = processes.of_instance(up.state.instance)
    os.kill(up.state.pid, signal.SIGKILL)

    assert eventually(lambda: gone(child))
    assert eventually(lambda: all(gone(p.pid) for p in reaper))
    assert state.read(home) is None
    after = control.up(home)
    assert after.started
    assert after.state.instance != up.state.instance


def test_down_after_a_kill_ends_what_even_the_reaper_did_not(home: Path) -> None:
    up = control.up(home)
    killed = [psutil.Process(up.state.pid), *processes.of_instance(up.state.instance)]
    for process in killed:
        process.kill()
    # The reaper too: killed, it would still be counted for a moment.
    assert processes.wait_gone(killed, 30) == []
    child = sleeper(up.state.instance)

    assert control.down(home) == control.Down(server=False, strays=1)
    assert gone(child)


def test_two_at_once_start_one(home: Path) -> None:
    script = (
        "import json, pathlib, sys; from local import control; "
        "u = control.up(pathlib.Path(sys.argv[1])); print(json.dumps([u.started, u.state.pid]))"
    )
    command = [sys.executable, "-c", script, str(home)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=paths.root()) for _ in range(2)]
    told = [json.loads(p.communicate(timeout=120)[0]) for p in both]

    assert sorted(started for started, _ in told) == [False, True]
    assert len({pid for _, pid in told}) == 1


def test_a_taken_port_is_one_line_and_leaves_nothing(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError) as refused:
            control.up(home, port=port)

    message = f"the local AWS does not start: port {port} is in use by another process"
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)
    assert not processes.claim(home).exists()


def test_a_home_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot use .*file/home: Not a directory; .* EMRCTL_HOME"):
        control.up(tmp_path / "file" / "home")


def test_a_full_disk_is_one_line(home: Path) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        with pytest.raises(UserError, match="No space left on device; free space"):
            control.up(home)


def test_a_server_that_dies_shows_its_last_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(home / "broken"))
    (home / "broken").mkdir(parents=True)
    (home / "broken" / "sitecustomize.py").write_text(
        "import sys\nclass B:\n  def find_spec(self, name, *a):\n"
        "    if name == 'flask': raise SystemError('flask is broken today')\nsys.meta_path.insert(0, B())\n"
    )
    with pytest.raises(UserError, match=r"ended with code 1; its last words: .*flask is broken today"):
        control.up(home)


def test_a_server_in_a_terminal_ends_with_sigint(home: Path) -> None:
    command = [sys.executable, "-m", "local.serve", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=paths.root()) as server:
        assert server.stdout is not None
        assert "local AWS is up at http://127.0.0.1:" in server.stdout.readline()
        second = subprocess.run(command, capture_output=True, text=True, cwd=paths.root(), timeout=60)
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0

    assert second.returncode == 2
    assert second.stderr.startswith(f"local.serve: another local AWS runs from {home}")
    assert state.read(home) is None
