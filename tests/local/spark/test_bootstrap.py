"""Bootstrap actions as processes: what they have, what they leave, and how they fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from local.contracts import BootstrapAction
from local.spark import bootstrap
from tests.local.spark.yarn_world import KEY, World, until, world

pytestmark = pytest.mark.xdist_group("yarn")


@pytest.fixture(scope="module")
def emr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("bootstrap")) as made:
        yield made


class Told:
    """What `done` is told."""

    def __init__(self) -> None:
        self._there, self._failure = threading.Event(), ""

    def __call__(self, failure: str | None) -> None:
        self._failure = failure or ""
        self._there.set()

    def wait(self) -> str:
        assert self._there.wait(60), "nothing was told"
        return self._failure


def run(emr: World, *scripts: str) -> str:
    """Run scripts as bootstrap actions; the failure, empty when there was none."""
    actions = []
    for number, text in enumerate(scripts):
        emr.s3.put_object(Bucket="code", Key=f"action{number}.sh", Body=text.encode())
        actions.append(
            BootstrapAction(
                name=f"action{number}", path=f"s3://code/action{number}.sh", args=("one", "two words")
            )
        )
    told = Told()
    emr.runner.bootstrap(emr.cluster, actions, told)
    return told.wait()


def log(emr: World, number: int, file: str) -> str:
    return emr.log(f"emr/{emr.cluster.cluster_id}/node/i-1/bootstrap-actions/{number}/{file}.gz")


def test_they_run_in_order_with_their_arguments_and_nothing_of_the_users(
    emr: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_OWN", "secret of mine")
    assert run(emr, 'echo "$# $2 [$MY_OWN] $HOME"', "#!/usr/bin/env python3\nprint('second')") == ""
    said = log(emr, 1, "stdout")
    assert said.startswith("2 two words [] ")
    assert str(emr.home) in said, "its home is in the cluster's folder"
    assert log(emr, 2, "stdout") == "second\n"
    assert "succeeded" in log(emr, 2, "controller")


def test_the_first_that_fails_is_the_last_and_is_told_as_emr_does(emr: World) -> None:
    failure = run(emr, "true", "echo broken >&2; exit 3", "touch never")
    assert failure == "On the master instance (i-1), bootstrap action 2 returned a non-zero return code"
    assert log(emr, 2, "stderr") == "broken\n"
    assert not list(emr.home.rglob("never"))


def test_a_script_that_is_not_there_is_named(emr: World) -> None:
    told = Told()
    emr.runner.bootstrap(emr.cluster, [BootstrapAction(name="x", path="s3://code/nowhere.sh", args=())], told)
    assert "bootstrap action 1 could not be downloaded" in told.wait()


def test_one_that_hangs_is_ended_after_emrs_hour(emr: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "SECONDS", 0.3)
    assert run(emr, "sleep 600").endswith("bootstrap action 1 has not ended after 0 s")
    assert not emr.processes()


def test_no_credential_is_left(emr: World) -> None:
    assert run(emr, "test -s $AWS_SHARED_CREDENTIALS_FILE") == ""
    assert not [path for path in emr.home.rglob("credentials") if path.is_file()]
    assert not [
        p for p in emr.home.rglob("*") if p.is_file() and KEY.secret_access_key.encode() in p.read_bytes()
    ]


def test_the_end_of_the_cluster_ends_it(emr: World) -> None:
    emr.s3.put_object(Bucket="code", Key="long.sh", Body=b"sleep 600")
    told = Told()
    emr.runner.bootstrap(emr.cluster, [BootstrapAction(name="x", path="s3://code/long.sh", args=())], told)
    until(lambda: emr.running("sleep"), "the script runs", 30)
    emr.runner.terminate(emr.cluster.cluster_id)
    assert "non-zero" in told.wait()
    assert not emr.processes()
