"""`emrctl certs`: what is said, as text and as JSON, with which exit code; and that no key is ever in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from emrctl.certificates import shown
from emrctl.certificates.rotation import Certificates
from emrctl.main import build
from facts.errors import UserError
from tests.emrctl.certificates.conftest import S3, Emr

BUCKET = "emr-dev-artifacts-111111111111-us-east-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """S3 with the bucket of stack dev, and a time that stands still."""
    now = shown.now()
    monkeypatch.setattr(shown, "now", lambda: now)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3: Any = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        yield s3


def run(*words: str) -> Any:
    return CliRunner().invoke(build("certs"), ["certs", *words, "--target", "aws"])


def mistake(outcome: Any, code: int = 2) -> str:
    assert isinstance(outcome.exception, UserError), outcome.exception
    assert outcome.exception.code == code
    return str(outcome.exception)


def test_a_rotation_is_told_and_then_shown(aws: Any) -> None:
    uri = f"s3://{BUCKET}/certificates/emr-nodes.zip"
    asked = run("rotate", "dev", "--dry-run")
    assert asked.exit_code == 0
    assert f"{uri} would be replaced\nbefore       nothing that nodes could use" in asked.stdout
    assert run("show", "dev").exit_code == 1
    done = run("rotate", "dev")
    assert done.exit_code == 0, done.exception
    assert f"{uri} is replaced" in done.stdout
    assert "(365 days left)" in done.stdout
    seen = run("show", "dev")
    assert seen.exit_code == 0
    assert seen.stdout.splitlines()[1] == done.stdout.splitlines()[2]
    assert run("show", "dev", "--least-days", "366").exit_code == 1
    assert "to do        emrctl certs rotate dev" in run("show", "dev", "--least-days", "366").stdout


def test_no_private_key_is_in_what_is_said_or_logged(aws: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        said = [
            run(verb, "dev", *more) for verb in ("rotate", "rotate", "show") for more in ((), ("--json",))
        ]
    body = aws.get_object(Bucket=BUCKET, Key="certificates/emr-nodes-authority.json")["Body"].read()
    secret = json.loads(body)["key"].splitlines()[1:-1]
    everything = caplog.text + "".join(one.output for one in said)
    assert "PRIVATE KEY" in json.loads(body)["key"]
    assert "PRIVATE KEY" not in everything
    assert not any(line in everything for line in secret)


def test_both_as_json(aws: Any) -> None:
    done, seen = (json.loads(run(*verb, "dev", "--json").stdout) for verb in (("rotate",), ("show",)))
    assert (done["stack"], done["rotated"], done["new_authority"], done["before"]) == (
        "dev",
        True,
        True,
        None,
    )
    assert seen["sound"]
    assert seen["certificate"]["sha256"] == done["certificate"]["sha256"]
    assert seen["certificate"]["days_left"] == 365


def test_trust_is_cut_only_when_somebody_agrees(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, emr, s3, now = shown.of("aws", "dev"), Emr(), S3(), shown.now()

    def of(*_: object) -> Certificates:
        return Certificates(s3=s3, emr=emr, names=made.names, key=made.key)

    monkeypatch.setattr(shown, "of", of)
    s3.now = now - timedelta(days=2)
    run("rotate", "dev")
    cluster = emr.start(now - timedelta(days=1))
    s3.now = now
    assert run("rotate", "dev").exit_code == 0  # nothing is cut, so nobody is asked
    said = mistake(run("rotate", "dev", "--new-authority"))
    assert said == (
        f"clusters {cluster} will not trust nodes that start after it and must be replaced; nothing was changed; "
        "agree with --yes"
    )
    done = run("rotate", "dev", "--new-authority", "--yes")
    assert f"to do        replace cluster {cluster} (emr-dev-main)" in done.stdout
    assert run("show", "dev").exit_code == 1


def test_without_the_bucket_it_is_said_how_it_is_made(aws: Any) -> None:
    aws.delete_bucket(Bucket=BUCKET)
    for verb in ("rotate", "show"):
        assert mistake(run(verb, "dev")) == (
            f"bucket {BUCKET} is not there; bring up keys and buckets first: pulumi up --stack dev "
            "--target '**emr:security:Keys**' --target '**emr:storage:Buckets**'"
        )


def test_a_stack_that_nobody_declared_is_named(aws: Any) -> None:
    assert "'nosuch'" in mistake(run("rotate", "nosuch"))


def test_what_is_not_allowed_is_one_line(aws: Any) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    aws.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    said = mistake(run("rotate", "dev"))
    assert said.startswith("AWS refuses GetObject for the certificates of stack 'dev'")
    assert said.endswith("who may is told in docs/platform.md")
