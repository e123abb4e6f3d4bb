"""A state moved between backends: whole, once, and again after an interruption."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from facts.errors import UserError
from local.engine import ensure
from stacks.backend import deployment, environment
from stacks.engine import Pulumi
from stacks.moving import SECRET_SIGNATURE, move, unsealed

pytestmark = [pytest.mark.xdist_group("engine"), pytest.mark.timeout(300)]
PROGRAM = """
import pulumi
class Bucket(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("emr:test:Bucket", name)
Bucket("state")
"""


def test_a_state_with_secrets_is_refused() -> None:
    sealed = {"resources": [{"inputs": {"p": {"4dabf18193072939515e22adb298388d": SECRET_SIGNATURE}}}]}
    with pytest.raises(UserError, match="holds secrets"):
        unsealed("account", sealed)


def test_who_sealed_the_old_state_does_not_go_with_it() -> None:
    assert unsealed("account", {"resources": [], "secrets_providers": {"type": "passphrase"}}) == {
        "resources": []
    }


def test_a_moved_state_is_in_the_new_place_alone_and_moves_on_after_an_interruption(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: emr\nruntime: python\n")
    (project / "__main__.py").write_text(PROGRAM)
    found, home = ensure(), tmp_path / "home"
    source = Pulumi(
        program=found.bin_dir / "pulumi",
        project=project,
        env={**os.environ, **environment(found.bin_dir, home)},
        backend=home / "backend",
    )
    other = tmp_path / "other"
    other.mkdir()
    to = replace(source, env={**source.env, "PULUMI_BACKEND_URL": f"file://{other}"}, backend=other)
    assert source.up("account", quiet=True) == 0
    names = [one["urn"] for one in source.export("account")["resources"]]

    to.init("account", "passphrase")  # as far as an interrupted move had come
    move("account", source=source, to=to, secrets_provider="passphrase", exists=True)

    assert deployment(home / "backend", "emr", "account") is None
    moved = deployment(other, "emr", "account") or {}
    assert [one["urn"] for one in moved["resources"]] == names
    assert to.up("account", quiet=True) == 0
    assert to.changes("account") == {"same": len(names)}
    assert json.dumps(to.export("account"))
