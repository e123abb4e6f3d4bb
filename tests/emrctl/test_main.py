"""The command line as a user meets it: in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emrctl.main import GROUPS, VERBS


def emrctl(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its console script does."""
    code = "import sys; from emrctl.main import main; sys.argv[0] = 'emrctl'; main()"
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)


def test_help_lists_every_group_and_verb() -> None:
    shown = emrctl("--help").stdout
    assert [name for name in (*GROUPS, *VERBS) if name not in shown] == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_verb_of_a_group_has_its_help(group: str) -> None:
    for verb in GROUPS[group][1]:
        done = emrctl(group, verb, "--help")
        assert done.returncode == 0, done.stderr
        assert "Usage: emrctl" in done.stdout


def test_a_mistake_is_one_line_and_exit_code_two() -> None:
    done = emrctl("stack", "outputs", "--target", "gcp")
    assert done.returncode == 2
    assert done.stderr.strip() == "emrctl: --target is 'gcp'; allowed are: local, aws"


def test_a_name_is_quoted_without_what_a_terminal_obeys() -> None:
    done = emrctl("jobs", "show", "a\n\x1b[31m" + "b" * 500)
    assert done.returncode == 2
    assert done.stderr.startswith("emrctl: there is no job 'a\\n\\x1b[31mbbb")
    assert len(done.stderr.splitlines()) == 1
    assert len(done.stderr) < 400
    done = emrctl("stack", "outputs", "--target", "\x1b[31m")
    assert done.stderr == "emrctl: --target is '\\x1b[31m'; allowed are: local, aws\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from emrctl.main import build; build('');"
        "print([m for m in ('pulumi', 'boto3', 'moto', 'pandas', 'pyspark', 'grpc', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_verb_is_set_up_alone_and_a_slip_of_the_pen_is_answered() -> None:
    code = (
        "import sys; from emrctl.main import build; build('jobs', 'list');"
        "print(*(module for module in sys.modules if '.verbs.' in module))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["emrctl.verbs.jobs_list"]
    assert "Did you mean 'list'?" in emrctl("jobs", "lits").stderr
    assert "Did you mean 'jobs'?" in emrctl("jbos", "list").stderr


def test_what_aws_refuses_is_one_line() -> None:
    code = (
        "from unittest import mock; from botocore.exceptions import ClientError; from emrctl import main;"
        "denied = ClientError({'Error': {'Code': 'AccessDenied', 'Message': 'no\\n way'}}, 'PutObject');"
        "main.build = lambda *_: mock.Mock(side_effect=denied); main.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = "emrctl: AWS: An error occurred (AccessDenied) when calling the PutObject operation: no way\n"
    assert (done.returncode, done.stderr) == (1, said)
