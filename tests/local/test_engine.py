"""How the engine is found, installed or built: with a `go` and a `pulumi` of the test's own on PATH."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from facts.errors import UserError
from local.engine import build, child, ensure, installer
from local.engine.build import PROGRAMS, SCRIPTS

ENGINE = """#!/bin/sh
echo "v{version}"
"""
# A `go` that knows just what we ask of it: builds write an engine, `list` names the module's folder.
GO = """#!/bin/sh
echo "$@" >> {log}
{before}
case "$1" in
  list) echo {modules} ;;
  build)
    while [ "$1" != "-o" ]; do shift; done
    printf '#!/bin/sh\\necho v3.220.0\\n' > "$2"; chmod +x "$2" ;;
esac
"""


def program(folder: Path, name: str, text: str) -> None:
    """Put an executable script on a folder that is on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing on PATH but a shell; returns the folder on its PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "printf", "chmod", "echo", "sleep"):
        (folder / tool).symlink_to(f"/bin/{tool}" if Path(f"/bin/{tool}").exists() else f"/usr/bin/{tool}")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("EMRCTL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(child, "REPORT_SECONDS", 0.05)
    return folder


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network on which the official installer is not to be had: the name does not resolve."""
    monkeypatch.setattr(installer, "_PROGRAM", "raise SystemExit('no route')")


def with_go(machine: Path, before: str = "") -> Path:
    """Give the machine a `go`; returns the log of its calls."""
    modules, log = machine.parent / "sdk", machine.parent / "go.log"
    for script in SCRIPTS:
        program((modules / script).parent, Path(script).name, "#!/bin/sh\n")
    program(machine, "go", GO.format(log=log, modules=modules, before=before))
    return log


def test_an_engine_on_path_is_taken(machine: Path) -> None:
    program(machine, "pulumi", ENGINE.format(version="3.250.0"))
    program(machine, "pulumi-language-python", "")
    found = ensure()
    assert (found.origin, found.version, found.bin_dir) == ("path", "3.250.0", machine)


def test_an_engine_that_is_too_old_is_passed_over(machine: Path, unreachable: None) -> None:
    program(machine, "pulumi", ENGINE.format(version="3.100.0"))
    program(machine, "pulumi-language-python", "")
    with_go(machine)
    assert ensure().origin == "built"


def test_an_engine_without_its_language_host_is_passed_over(machine: Path, unreachable: None) -> None:
    program(machine, "pulumi", ENGINE.format(version="3.250.0"))
    with_go(machine)
    assert ensure().origin == "built"


def test_the_official_installer_comes_before_a_build(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = with_go(machine)
    install = "import os, sys, pathlib; b = pathlib.Path(sys.argv[1], 'bin'); b.mkdir(parents=True);"
    install += "p = b / 'pulumi'; p.write_text('#!/bin/sh\\necho v3.260.0\\n'); p.chmod(0o755);"
    install += "(b / 'pulumi-language-python').touch()"
    monkeypatch.setattr(installer, "_PROGRAM", install)
    assert (ensure().origin, ensure().version) == ("installer", "3.260.0")
    assert not log.exists()


def test_a_build_has_every_program_and_script_and_is_done_once(machine: Path, unreachable: None) -> None:
    log = with_go(machine)
    said: list[str] = []
    built = ensure(said.append)
    assert {file.name for file in built.bin_dir.iterdir()} == {*PROGRAMS, *(Path(s).name for s in SCRIPTS)}
    assert any("building pulumi (1 of 2;" in line for line in said)
    calls = log.read_text()
    assert "-mod=readonly" in calls
    ensure()
    assert log.read_text() == calls


def test_two_processes_at_once_build_once(machine: Path, unreachable: None) -> None:
    log = with_go(machine, before="sleep 0.2")
    code = (
        "from local.engine import ensure, installer; installer._PROGRAM = 'raise SystemExit(1)';"
        "print(ensure().bin_dir)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert len({process.communicate()[0] for process in both}) == 1
    assert log.read_text().count("build ") == len(PROGRAMS)


def left() -> list[str]:
    """The folders in the engine's cache."""
    return [entry.name for entry in build.folder().parent.iterdir() if entry.is_dir()]


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("dial tcp: no route to host", r"local/engine/pulumi\): dial tcp: no route to host; mend that"),
        ("link: write a.out: no space left on device", "no disk space .* no space left on device.*3 GB"),
    ],
)
def test_a_build_that_fails_says_why_and_leaves_nothing(
    machine: Path, unreachable: None, cause: str, said: str
) -> None:
    with_go(machine, before=f'echo "some/package" >&2; echo "{cause}" >&2; exit 1')
    with pytest.raises(UserError, match=said) as caught:
        ensure()
    assert "install the Pulumi CLI" in str(caught.value)
    assert left() == []


def test_an_interrupted_build_leaves_nothing(machine: Path, unreachable: None) -> None:
    with_go(machine)

    def interrupt(line: str) -> None:
        if "(2 of 2;" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure(interrupt)
    assert left() == []


def test_an_interrupt_ends_the_build_with_all_it_started(machine: Path, unreachable: None) -> None:
    pids = machine.parent / "pids"
    with_go(machine, before=f"echo $$ >> {pids}; sleep 600 & echo $! >> {pids}; wait")

    def interrupt(_line: str) -> None:
        if pids.exists() and len(pids.read_text().split()) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure(interrupt)
    processes = [psutil.Process(int(pid)) for pid in pids.read_text().split() if psutil.pid_exists(int(pid))]
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_what_a_killed_build_left_is_removed_by_the_next_one(machine: Path, unreachable: None) -> None:
    with_go(machine)
    (build.folder().parent / "draft-killed" / "bin").mkdir(parents=True)
    ensure()
    assert left() == [build.folder().name]


def test_an_installer_that_does_not_answer_is_given_up_soon(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_go(machine)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never says a word
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(installer, "REACH_SECONDS", 0.2)
        assert ensure().origin == "built"


def test_an_engine_on_path_that_is_not_used_is_said_to_be(machine: Path, unreachable: None) -> None:
    program(machine, "pulumi", ENGINE.format(version="3.100.0"))
    program(machine, "pulumi-language-python", "")
    with_go(machine)
    said: list[str] = []
    ensure(said.append)
    assert (
        said[0]
        == f"engine: {machine / 'pulumi'} does not run, or cannot run Python, or is older than 3.220.0; not used"
    )


def test_without_go_and_without_pulumi_both_ways_out_are_named(machine: Path, unreachable: None) -> None:
    with pytest.raises(UserError, match=r"install the Pulumi CLI .* or Go"):
        ensure()


def test_a_cache_that_cannot_be_written_is_named(
    machine: Path, unreachable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.parent / "file").write_text("")
    monkeypatch.setenv("EMRCTL_CACHE", str(machine.parent / "file" / "cache"))
    with pytest.raises(UserError, match="EMRCTL_CACHE"):
        ensure()


def test_every_pinned_module_has_its_sums() -> None:
    for module, _package, _flags in PROGRAMS.values():
        for name in ("go.mod", "go.sum"):
            assert (build.HERE / module / name).stat().st_size > 0, f"local/engine/{module}/{name}"
