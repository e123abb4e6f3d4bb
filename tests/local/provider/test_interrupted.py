"""An engine that is killed at any piece of work: the next one finishes, and nothing is left or made twice."""

from __future__ import annotations

import json
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.engine.ensure import ensure
from local.provider import lifecycle
from local.provider.run import Run
from stacks.engine import Pulumi
from tests.local.provider.conftest import ACCOUNT
from tests.local.provider.examples import EXAMPLES
from tests.local.provider.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("invariants"), pytest.mark.timeout(1200)]

PROGRAM = Path(__file__).with_name("invariants_program.py")
VERBS = ("create", "update", "delete")


class Watch:
    """What exists by the provider's doing, and an engine to kill at the n-th piece of work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there: set[tuple[str, str]] = set()
        self._guard, self._left = threading.Lock(), 0
        self._victim: subprocess.Popen[str] | None = None
        for verb in VERBS:
            monkeypatch.setattr(lifecycle, verb, self._watched(verb, getattr(lifecycle, verb)))

    def kill_at(self, number: int, victim: subprocess.Popen[str]) -> None:
        """Kill `victim` when the `number`-th piece of work begins from now on."""
        with self._guard:
            self._left, self._victim = number, victim

    def _watched(self, verb: str, work: Any) -> Any:
        def watched(run: Run) -> Any:
            with self._guard:
                self._left -= 1
                if self._left == 0 and self._victim is not None:
                    self._victim.kill()
            done = work(run)
            one = (run.known.row.type, run.id)
            (self.there.discard if verb == "delete" else self.there.add)(one)
            return done

        return watched


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


@pytest.fixture
def project(tmp_path: Path, port: int) -> Iterator[Project]:
    made = Project(tmp_path, PROGRAM, port)
    yield made
    made.try_("destroy", "--yes", "--skip-preview")


def _plan(project: Project, *, changed: bool) -> None:
    plan = {
        key: {"type": one.type, "props": {**one.props, **((changed and one.change) or {})}}
        for key, one in EXAMPLES.items()
    }
    (project.folder / "plan.json").write_text(json.dumps(plan))


def _interrupted(project: Project, watch: Watch, number: int, *args: str) -> None:
    command = ["pulumi", *args, "--yes", "--skip-preview", "--non-interactive"]
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as engine:
        watch.kill_at(number, engine)
        engine.communicate(timeout=600)
    assert engine.returncode != 0


@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.more), pytest.param(3, marks=pytest.mark.more)]
)
def test_killed_at_any_piece_of_work_the_next_update_finishes(
    project: Project, watch: Watch, seed: int
) -> None:
    dice = random.Random(seed)
    engine = Pulumi(
        program=ensure().bin_dir / "pulumi",
        project=project.folder,
        env=project.env,
        backend=project.backend,
        account=ACCOUNT,
        say=lambda _: None,
    )
    _plan(project, changed=False)
    engine.ensure_stack("test")
    project.run("stack", "select", "test")
    _interrupted(project, watch, dice.randrange(2, 40), "up")
    assert engine.up("test", quiet=True) == 0
    _is_whole(project, watch)

    _plan(project, changed=True)
    _interrupted(project, watch, dice.randrange(2, 25), "up")
    assert engine.up("test", quiet=True) == 0
    _is_whole(project, watch)

    _interrupted(project, watch, dice.randrange(2, 40), "destroy")
    assert engine.destroy("test", quiet=True) == 0
    assert watch.there == set()


def _is_whole(project: Project, watch: Watch) -> None:
    """Nothing is left to do, and what the provider has made is what the state holds."""
    assert project.watch("up").ops() == {}
    held = {
        (one["type"], one["id"]) for one in project.resources().values() if one["type"].startswith("aws:")
    }
    assert watch.there == held
