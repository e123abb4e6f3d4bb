"""The verbs of versions: what they say, their JSON, their exit codes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from emrctl import platform as connection
from emrctl.main import build
from facts.errors import UserError
from jobs import removal
from jobs.coordination.table import Coordination
from jobs.platform import Buckets, Platform
from tests.jobs.versions import JOB, Versions


@pytest.fixture
def world(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Versions:
    """The verbs' AWS is the fake one; the stack 'prod' has buckets of its own there."""
    made = Versions(platform)
    prod = {zone: name.replace("dev-", "prod-") for zone, name in platform.buckets.model_dump().items()}
    other = platform.model_copy(update={"buckets": Buckets(**prod)})
    stacks = {"dev": platform, "prod": other}
    monkeypatch.setattr(connection, "connect", lambda stack, _: (made.session, stacks[stack]))
    return made


def _emrctl(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(build(), ["jobs", *arguments], input=stdin)


def test_a_version_is_promoted_and_rolled_back(world: Versions) -> None:
    one, two, three = world.digests
    done = _emrctl("promote", JOB, one[:12])
    assert done.stdout == f"channel 'prod' of {JOB} now points at {one[:12]}\n"
    done = _emrctl("promote", JOB, "--from-channel", "dev", "--json")
    assert json.loads(done.stdout) == {
        "job": JOB, "channel": "prod", "digest": three, "before": one, "moved": True,
    }  # fmt: skip
    done = _emrctl("promote", JOB, "--from-channel", "dev")
    assert done.stdout == f"channel 'prod' of {JOB} pointed at {three[:12]} before\n"
    done = _emrctl("rollback", JOB)
    assert done.stdout == f"channel 'prod' of {JOB} now points at {one[:12]}, it was {three[:12]}\n"
    assert json.loads(_emrctl("rollback", JOB, "--to", two[:8], "--json").stdout)["digest"] == two


def test_a_version_comes_from_another_stack(world: Versions) -> None:
    done = _emrctl("promote", JOB, "--from-stack", "dev", "--from-channel", "dev", "--stack", "prod")
    assert done.stdout == f"channel 'prod' of {JOB} now points at {world.digests[2][:12]}\n", done.output
    (version,) = json.loads(_emrctl("versions", JOB, "--stack", "prod", "--json").stdout)
    assert (version["digest"], version["channels"]) == (world.digests[2], ["prod"])


@pytest.mark.parametrize("words", [(), ("abcd", "--from-channel", "dev")])
def test_a_version_or_a_channel_is_named(world: Versions, words: tuple[str, ...]) -> None:
    found = _emrctl("promote", JOB, *words).exception
    assert isinstance(found, UserError)
    assert "name one of both: a version, or --from-channel" in str(found)


def test_an_empty_version_is_none(world: Versions) -> None:
    for words in (("promote", JOB, ""), ("rollback", JOB, "--channel", "dev", "--to", "")):
        assert str(_emrctl(*words).exception).startswith("'' is no version")
    assert world.pointer().digest == world.digests[2]


def test_versions_are_shown(world: Versions) -> None:
    shown = _emrctl("versions", JOB).stdout.splitlines()
    assert shown[0].split() == ["version", "made", "channels", "before", "in", "runs", "size"]
    assert sorted(line[:12] for line in shown[1:]) == sorted(digest[:12] for digest in world.digests)
    assert len(json.loads(_emrctl("versions", JOB, "--json").stdout)) == 3


def test_versions_are_shown_with_their_runs(world: Versions) -> None:
    ran = world.run().run_id
    world.time.go(60)
    started = world.lifecycle().start(JOB, "dev").run_id
    shown = _emrctl("versions", JOB).stdout
    assert f"  1 under way, 1 ran; last {started}  " in shown
    of_versions = {one["digest"]: one for one in json.loads(_emrctl("versions", JOB, "--json").stdout)}
    assert of_versions[world.digests[2]]["under_way"] == [started]
    assert of_versions[world.digests[2]]["ran"] == [ran]


def test_gc_shows_what_would_go_and_asks(world: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    now = Coordination.now
    monkeypatch.setattr(Coordination, "now", lambda self: now(self) + removal.GRACE * 2)
    gone = world.digests[0][:12]
    refused = _emrctl("gc", JOB, "--keep", "1")
    assert isinstance(refused.exception, UserError)
    assert "nothing was removed: say --yes" in str(refused.exception)
    assert f"version {gone} would go" in refused.stderr
    shown = _emrctl("gc", JOB, "--keep", "1", "--dry-run")
    assert shown.stdout.startswith(f"version {gone} would go\n")
    assert all(world.whole(digest) for digest in world.digests)
    done = _emrctl("gc", JOB, "--keep", "1", "--yes", "--json")
    found = json.loads(done.stdout)
    assert (found["versions"], found["kept"], found["objects"]) == ([world.digests[0]], 2, 3)
    done = _emrctl("gc", JOB)
    assert (done.exit_code, done.stdout) == (0, f"{JOB}: 2 versions stay; 0 objects, 0.0 MB, would go\n")
