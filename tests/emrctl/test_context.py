"""Which AWS a command talks to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from emrctl.context import resolve
from facts.errors import UserError
from local import paths, state
from local.state import LocalState


@pytest.fixture
def local_aws() -> Iterator[LocalState]:
    """A state file that names a living process which looks like a local AWS."""
    script = "import sys; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, "local.serve", "--home", str(paths.home())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        written = LocalState(
            pid=process.pid,
            started_at="2026-11-23T00:00:00+00:00",
            instance="i",
            endpoint="http://127.0.0.1:4999",
            provider_port=4998,
            region="us-east-1",
            account_id="123456789012",
            access_key_id="AK",
            secret_access_key="SK",
        )
        state.write(paths.home(), written)
        yield written
        process.communicate()


def test_without_a_local_aws_it_is_the_real_one_with_the_users_own_environment() -> None:
    target = resolve()
    assert (target.name, dict(target.env)) == ("aws", {})


def test_a_local_aws_that_is_up_is_the_target(local_aws: LocalState) -> None:
    target = resolve()
    assert target.name == "local"
    assert target.env["AWS_ENDPOINT_URL"] == local_aws.endpoint
    assert target.env["PULUMI_DEBUG_PROVIDERS"] == "aws:4998"


def test_the_users_credentials_never_reach_a_local_run(local_aws: LocalState) -> None:
    assert resolve().env["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_aws_can_be_asked_for_while_a_local_one_is_up(local_aws: LocalState) -> None:
    assert resolve("aws").name == "aws"


def test_a_local_aws_that_died_is_not_the_target(local_aws: LocalState) -> None:
    state.write(paths.home(), LocalState(**{**vars(local_aws), "pid": 2**22 + 1}))
    assert resolve().name == "aws"


def test_a_number_reused_by_another_process_is_not_a_local_aws(local_aws: LocalState) -> None:
    state.write(paths.home(), LocalState(**{**vars(local_aws), "pid": 1}))
    assert resolve().name == "aws"


@pytest.mark.parametrize(("name", "said"), [("local", "emrctl local up"), ("gcp", "allowed are: local, aws")])
def test_a_target_that_cannot_be_is_refused_in_one_line(name: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        resolve(name)
