"""Secrets are ARNs in a spec, and values only where a job asks for them."""

from __future__ import annotations

import pickle
import traceback
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from jobs.spec import plaintext
from jobs.workloads import secret
from tests.jobs.specs import job, told
from tests.jobs.test_spec_templates import AT

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:dev-db-AbCdEf"
VALUE = "hunter2-and-more"


def test_an_argument_gets_the_arn_alone() -> None:
    made = job(secrets={"db": ARN}, arguments=["--password=${secrets.db}", "--password", "${secrets.db}"])
    assert made.render({}, AT) == (f"--password={ARN}", "--password", ARN)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"arguments": [f"--password={VALUE}"]}, "arguments[0]"),
        ({"arguments": ["--password", VALUE]}, "arguments[0]"),
        ({"arguments": [f"--url=jdbc:postgresql://h/db?user=me&password={VALUE}"]}, "arguments[0]"),
        ({"arguments": [f"--url=https://me:{VALUE}@host/x"]}, "arguments[0]"),
        ({"arguments": [f"aws_secret_access_key: {VALUE}"]}, "arguments[0]"),
        ({"arguments": ["--password=${param.p}"], "parameters": {"p": VALUE}}, "arguments[0]"),
        ({"arguments": ["AKIAABCDEFGHIJKLMNOP"]}, "arguments[0]"),
        ({"arguments": ["-----BEGIN RSA PRIVATE KEY-----" + VALUE]}, "arguments[0]"),
        ({"conf": {"spark.hadoop.fs.s3a.secret.key": VALUE}}, "conf.spark.hadoop.fs.s3a.secret.key"),
        ({"conf": {"spark.x": f"a;api-key={VALUE}"}}, "conf.spark.x"),
        ({"parameters": {"db_password": VALUE}}, "parameters.db_password"),
        ({"parameters": {"auth_token": VALUE}}, "parameters.auth_token"),
    ],
)
def test_what_looks_like_a_secret_is_refused_and_not_repeated(tmp_path: Path, changes: Any, key: str) -> None:
    (line,) = told(tmp_path, **changes)
    assert f" {key}: " in line
    assert "name the secret's ARN under secrets" in line
    assert VALUE not in line


@pytest.mark.parametrize(
    "text",
    [
        "--passes=3",
        "--page-token=x",
        "--key=origin",
        "--tokens=5",
        "s3://bucket/secrets/x",
        "--compass=n",
        "password",
        "https://host:443/a@b",
        "--sort-key=date",
    ],
)
def test_what_only_sounds_like_one_is_taken(text: str) -> None:
    assert plaintext.within(text) is None
    job(arguments=[text])


def test_a_secret_that_is_no_arn_is_refused_without_its_text(tmp_path: Path) -> None:
    (line,) = told(tmp_path, secrets={"db": VALUE})
    assert "secrets.db: is no ARN of a secret, arn:aws:secretsmanager:" in line
    assert VALUE not in line


@pytest.fixture
def arn() -> Any:
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        yield client.create_secret(Name="dev/db", SecretString=VALUE)["ARN"]


def test_a_secret_is_read_where_it_is_and_shows_itself_nowhere(arn: str) -> None:
    found = secret.read(arn)
    assert found.reveal() == VALUE
    for shown in (repr(found), str(found), f"{found}", f"{found!r:>90}", "%s" % found, str({"db": found})):  # noqa: UP031
        assert VALUE not in shown
        assert arn in shown
    assert not hasattr(found, "__dict__")
    with pytest.raises(TypeError, match="does not leave the driver"):
        pickle.dumps(found)


def test_a_secret_does_not_leave_for_executors(arn: str) -> None:
    from pyspark import cloudpickle

    found = secret.read(arn)
    with pytest.raises(Exception, match="does not leave the driver"):
        cloudpickle.dumps(lambda: found.reveal())


def test_a_secret_that_cannot_be_read_is_named_in_one_line(arn: str) -> None:
    gone = arn.replace("dev/db", "dev/gone")
    with pytest.raises(secret.SecretUnreadableError, match=f"^{gone}: ResourceNotFoundException$") as caught:
        secret.read(gone)
    # Nothing of the request or the answer comes along in the traceback.
    assert "ClientError" not in "".join(traceback.format_exception(caught.value))


def test_bytes_are_no_text() -> None:
    class Client:
        def get_secret_value(self, **_: str) -> dict[str, bytes]:
            return {"SecretBinary": VALUE.encode()}

    with pytest.raises(secret.SecretUnreadableError, match="holds bytes, not text") as caught:
        secret.read(ARN, Client())
    assert VALUE not in str(caught.value)
