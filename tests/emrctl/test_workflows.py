"""The workflows of GitHub: nothing in them that does not run here, nothing more than they need."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from emrctl.main import GROUPS, VERBS, build

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yaml"))
Job = tuple[str, dict[str, Any]]


def workflow(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text())
    return found


def jobs() -> Iterator[Job]:
    for file in FILES:
        for name, job in workflow(file)["jobs"].items():
            yield f"{file.stem}/{name}", job


def runs() -> list[str]:
    return [step["run"] for _, job in jobs() for step in job["steps"] if "run" in step]


def test_there_are_steps() -> None:
    assert len(runs()) > 20


@pytest.mark.parametrize("command", sorted(set(runs())))
def test_every_step_is_a_target_of_make_or_a_verb_with_options_that_it_has(command: str) -> None:
    assert "${{" not in command, "what others write comes through the environment, never into a shell's text"
    program, *words = shlex.split(command)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert len(words) == 1
        assert words[0] in targets
        return
    assert program == ".venv/bin/emrctl"
    group, verb, *arguments = words
    assert group not in VERBS
    assert verb in GROUPS[group][1]
    click = typer.main.get_command(build(group))
    found = click.commands[group].commands[verb]  # type: ignore[attr-defined]
    options = {name for one in found.params for name in one.opts}
    assert [word for word in arguments if word.startswith("-") and word not in options] == []


@pytest.mark.parametrize("job", list(jobs()), ids=lambda job: job[0])
def test_a_job_may_what_it_needs_and_ends(job: Job) -> None:
    name, body = job
    assert body["timeout-minutes"] <= 90
    allowed = {"contents": "read"}
    if any("ci login" in step.get("run", "") for step in body["steps"]):
        allowed["id-token"] = "write"
    if any("policy comment" in step.get("run", "") for step in body["steps"]):
        allowed["pull-requests"] = "write"
    assert body["permissions"] == allowed, name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_may_nothing_by_itself_and_its_actions_are_commits(file: Path) -> None:
    assert workflow(file)["permissions"] == {}
    used = re.findall(r"uses: (\S+)( # v\d+\.\d+\.\d+)?$", file.read_text(), re.MULTILINE)
    assert len(used) == file.read_text().count("uses:")
    for action, version in used:
        assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", action), (
            "each action is somebody's code with our token"
        )
        assert version
    for body in workflow(file)["jobs"].values():
        assert body["steps"][0]["with"] == {"persist-credentials": False}


def test_an_update_runs_in_the_environment_of_its_stack_and_of_no_pull_request() -> None:
    ups = {}
    for name, body in jobs():
        for step in body["steps"]:
            match = re.search(r"stack up (\w+)", step.get("run", ""))
            if match:
                ups[name] = (match[1], body.get("environment"))
    assert ups == {"merge/dev": ("dev", "dev"), "merge/prod": ("prod", "prod")}
    account = yaml.safe_load((ROOT / "infra/account/Pulumi.account.yaml").read_text())["config"]["emr:github"]
    assert {stack for stack, _ in ups.values()} == set(account["apply_environments"])
    assert (
        account["preview_branches"]
        == workflow(ROOT / ".github/workflows/merge.yaml")[True]["push"]["branches"]
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("go") is None, reason="actionlint is a Go module")
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(["make", "workflows"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
