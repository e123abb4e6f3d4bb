"""The real engine on a tiny program of components: no AWS, a backend of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from facts.errors import UserError
from local.engine import ensure
from stacks import backend
from stacks.backend import environment
from stacks.engine import Pulumi

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


def kill_while_creating(engine: Pulumi, name: str) -> None:
    """Leave the state as an engine does that is killed while it creates `name`."""
    file = engine.backend / ".pulumi/stacks/emr/dev.json"  # type: ignore[operator]
    content = json.loads(file.read_text())
    latest = content["checkpoint"]["latest"]
    index = next(i for i, entry in enumerate(latest["resources"]) if entry["urn"].endswith(f"::{name}"))
    latest["pending_operations"] = [{"type": "creating", "resource": latest["resources"].pop(index)}]
    file.write_text(json.dumps(content))


def test_up_a_refused_destroy_a_kill_and_a_destroy_with_the_keys_turned(engine: Pulumi) -> None:
    """One scenario, because each update of the real engine takes seconds."""
    assert engine.up("dev") == 0
    assert engine.outputs("dev") == {"platform": {"name": "dev"}}
    assert engine.changes("dev") == {"create": 3}
    assert engine.state("dev") == engine.export("dev")
    assert set(engine.planned("dev").values()) == {"same"}
    with pytest.raises(UserError, match=r"protects 1 of its resources \(data\); nothing was touched"):
        engine.destroy("dev", first=lambda: pytest.fail("something was done first"))
    before = names(engine)
    assert {"data", "scratch"} <= before

    kill_while_creating(engine, "scratch")
    set_keep(engine.project, False)
    assert engine.up("dev") == 0
    assert names(engine) == before
    assert not engine.export("dev").get("pending_operations")

    seen: list[set[str]] = []
    assert engine.destroy("dev", first=lambda: seen.append(names(engine))) == 0
    assert seen == [before]
    assert names(engine) == set()


def test_a_lock_of_a_process_that_died_is_lifted(engine: Pulumi) -> None:
    engine.ensure_stack("dev")
    with subprocess.Popen(["sleep", "0"]) as dead:
        dead.wait()
    lock(engine.backend, dead.pid)
    assert engine.preview("dev") == 0


def lock(backend: Path | None, pid: int) -> None:
    """Leave a lock as the engine's file backend writes it."""
    assert backend is not None
    folder = backend / ".pulumi/locks/organization/emr/dev"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat().replace("+00:00", "123Z")  # nanoseconds, as Go writes them
    content = {"pid": pid, "username": "u", "hostname": socket.gethostname(), "timestamp": now}
    (folder / "0b1c2d3e.json").write_text(json.dumps(content))


def test_a_destroy_of_what_was_never_up_succeeds_and_makes_nothing(engine: Pulumi) -> None:
    assert engine.destroy("dev") == 0
    assert not (engine.backend / ".pulumi").exists()  # type: ignore[operator]


def test_a_mistake_in_the_program_is_the_engines_exit_code(engine: Pulumi) -> None:
    (engine.project / "infra" / "__main__.py").write_text("raise SystemExit(3)")
    assert engine.up("dev") not in (0, None)


def test_outputs_of_a_stack_that_was_never_up_say_what_to_do(engine: Pulumi) -> None:
    with pytest.raises(UserError, match="bring it up with 'emrctl stack up dev'"):
        engine.outputs("dev")


def test_the_passphrase_is_made_once_and_for_the_user_alone(tmp_path: Path) -> None:
    first = environment(tmp_path, tmp_path / "home")["PULUMI_CONFIG_PASSPHRASE_FILE"]
    before = Path(first).read_text()
    assert environment(tmp_path, tmp_path / "home")["PULUMI_CONFIG_PASSPHRASE_FILE"] == first
    assert Path(first).read_text() == before
    assert Path(first).stat().st_mode & 0o077 == 0


def test_a_stack_s_own_file_configures_the_policy_pack(tmp_path: Path) -> None:
    told, program = tmp_path / "told", tmp_path / "pulumi"
    program.write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    program.chmod(0o755)
    plain = Pulumi(program=program, project=tmp_path, env=dict(os.environ))
    (tmp_path / "policies.prod.json").write_text("{}")
    for stack in ("dev", "prod"):
        assert plain.preview(stack, policies=Path("pack")) == 0
    dev, prod = told.read_text().splitlines()
    assert "--policy-pack pack" in dev
    assert "--policy-pack-config" not in dev
    assert f"--policy-pack pack --policy-pack-config {tmp_path / 'policies.prod.json'}" in prod


def test_a_stack_reads_by_reference_what_is_published_in_its_backend(engine: Pulumi) -> None:
    def no_account() -> None:
        raise UserError("there is no account")

    assert engine.backend is not None
    (engine.project / "infra" / "__main__.py").write_text(
        'import pulumi\nname = "organization/emr-account/account"\n'
        'pulumi.export("found", pulumi.StackReference("account", stack_name=name).get_output("account"))\n'
    )
    root = {
        "urn": "urn:pulumi:account::emr-account::pulumi:pulumi:Stack::emr-account-account",
        "custom": False,
        "type": "pulumi:pulumi:Stack",
        "outputs": {"account": {"region": "us-east-1"}},
    }
    manifest = {"time": "2026-11-28T00:00:00Z", "magic": "", "version": "v3.220.0"}
    backend.publish(engine.backend, "emr-account", "account", {"manifest": manifest, "resources": [root]})
    assert engine.up("dev") == 0
    assert engine.outputs("dev") == {"found": {"region": "us-east-1"}}
    refused = replace(engine, before_program=no_account)
    for act in (refused.preview, refused.plan, refused.up):
        with pytest.raises(UserError, match="there is no account"):
            act("dev")
    backend.publish(engine.backend, "emr-account", "account", None)
    assert refused.destroy("dev") == 0


def test_a_preview_leaves_its_events_where_asked_and_shows_what_it_shows(
    engine: Pulumi, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "events.jsonl"
    assert engine.preview("dev", events=events) == 0
    assert "emr:test:Bucket" in capfd.readouterr().out
    kinds = {kind for line in events.read_text().splitlines() for kind in json.loads(line)}
    assert {"preludeEvent", "resourcePreEvent", "summaryEvent"} <= kinds
    assert engine.preview("dev", events=events, quiet=True) == 0
    assert capfd.readouterr().out == ""
