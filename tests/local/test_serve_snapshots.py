"""The server as a process, ended and killed: what comes back, and what is said of it."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import signal
import socket
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from facts.errors import UserError
from local import control, paths, snapshots
from tests.local.provider.conftest import Peer
from tests.local.test_serve import eventually, gone

pytestmark = pytest.mark.xdist_group("serve")
MORE = (pytest.mark.slow, pytest.mark.more)  # of the same: other moments
BUCKET, BIG = "aws:s3/bucket:Bucket", os.urandom(200_000)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of its own, with nothing left running from it."""
    found = paths.home()
    yield found
    control.down(found)


def client(up: control.Up, service: str) -> Any:
    """A client of a local AWS."""
    make: Any = boto3.client  # the stubs know services by literal names only
    return make(
        service, endpoint_url=up.state.endpoint, region_name="us-east-1",
        aws_access_key_id=up.state.access_key_id, aws_secret_access_key=up.state.secret_access_key,
    )  # fmt: skip


def kill(up: control.Up) -> None:
    """Kill the server, and wait until it is gone."""
    os.kill(up.state.pid, signal.SIGKILL)
    assert eventually(lambda: gone(up.state.pid))


def taken(up: control.Up) -> str | None:
    """When the last snapshot was taken."""
    with urllib.request.urlopen(f"{up.state.endpoint}/_emrctl/status", timeout=60) as answer:
        snapshot = json.load(answer)["snapshot"]
    return None if snapshot is None else str(snapshot["made_at"])


def update(up: control.Up, name: str) -> None:
    """An engine's update that makes a bucket; its snapshot has been taken when this returns."""
    before = taken(up)
    Peer(up.state.provider_port).configure().create(BUCKET, {"bucket": name}, name)
    assert eventually(lambda: taken(up) != before, 60)


def test_what_is_ended_comes_back_whole(home: Path) -> None:
    up = control.up(home)
    s3, sqs, kms, iam, logs = (client(up, name) for name in ("s3", "sqs", "kms", "iam", "logs"))
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket="kept", Key="k", Body=body)["VersionId"] for body in (BIG, b"small")]
    upload = s3.create_multipart_upload(Bucket="kept", Key="parts")["UploadId"]
    part = s3.upload_part(Bucket="kept", Key="parts", UploadId=upload, PartNumber=1, Body=BIG)
    queue = sqs.create_queue(QueueName="kept")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    secret = kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"text")["CiphertextBlob"]
    rsa = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signing = {"KeyId": rsa, "Message": b"text", "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}
    signature = kms.sign(**signing)["Signature"]
    iam.create_user(UserName="kept")
    key = iam.create_access_key(UserName="kept")["AccessKey"]["AccessKeyId"]
    logs.create_log_group(logGroupName="kept")
    client(up, "cloudwatch").put_metric_alarm(
        AlarmName="silence", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1,
        ComparisonOperator="LessThanThreshold", Threshold=1, TreatMissingData="breaching",
    )  # fmt: skip
    control.move_clock(home, 86_400)

    assert control.down(home) == control.Down(server=True, strays=0, kept=True)
    again = control.up(home)
    s3, sqs, kms, iam, logs = (client(again, name) for name in ("s3", "sqs", "kms", "iam", "logs"))

    assert again.snapshot is not None
    assert again.snapshot["holds"] | {"buckets": 1, "objects": 1} == again.snapshot["holds"]
    assert 0 <= again.snapshot["age_seconds"] < 60
    assert again.state.endpoint == up.state.endpoint
    assert again.state.provider_port == up.state.provider_port
    bodies = [s3.get_object(Bucket="kept", Key="k", VersionId=v)["Body"].read() for v in versions]
    assert bodies == [BIG, b"small"]
    s3.complete_multipart_upload(
        Bucket="kept", Key="parts", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )  # fmt: skip
    assert s3.get_object(Bucket="kept", Key="parts")["Body"].read() == BIG
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"text"
    assert kms.verify(**signing, Signature=signature)["SignatureValid"]
    assert [k["AccessKeyId"] for k in iam.list_access_keys(UserName="kept")["AccessKeyMetadata"]] == [key]
    assert logs.describe_log_groups()["logGroups"][0]["logGroupName"] == "kept"
    ahead = datetime.fromisoformat(control.move_clock(home)["now"]) - datetime.now(UTC)
    assert ahead.total_seconds() == pytest.approx(86_400, abs=60)
    control.move_clock(home, 300)  # alarms are looked at again
    (alarm,) = client(again, "cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"


def test_a_kill_brings_the_last_update_back_and_nothing_later(home: Path) -> None:
    up = control.up(home)
    assert taken(up) is None
    update(up, "first")
    update(up, "second")
    client(up, "s3").create_bucket(Bucket="later")
    kill(up)
    again = control.up(home)

    assert again.snapshot is not None
    assert again.snapshot["holds"]["buckets"] == 2
    assert {b["Name"] for b in client(again, "s3").list_buckets()["Buckets"]} == {"first", "second"}
    # The provider's journal goes with the AWS that it is about: no engine has shown yet that it knows of this one.
    made = Peer(again.state.provider_port).configure().create(BUCKET, {"bucket": "first"}, "first")
    assert made.id == "first"


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=MORE) for n in range(2, 8))])
def test_a_snapshot_is_of_one_instant(home: Path, seed: int) -> None:
    """Of two objects that are written in turn, the first is never more than one ahead, nor behind, in any snapshot."""
    up = control.up(home)
    s3, stop = client(up, "s3"), threading.Event()
    s3.create_bucket(Bucket="pair")

    def write() -> None:
        for number in itertools.takewhile(lambda _: not stop.is_set(), itertools.count()):
            for key in ("a", "b"):
                s3.put_object(Bucket="pair", Key=key, Body=str(number).encode() + b" " * 40_000)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    update(up, "trigger")
    before = taken(up)
    Peer(up.state.provider_port).configure().create(BUCKET, {"bucket": "another"}, "another")
    moment = random.Random(seed).uniform(0.9, 1.4)  # about when the next one is being written
    eventually(lambda: taken(up) != before, moment)
    stop.set()
    writer.join()
    kill(up)
    s3 = client(control.up(home), "s3")
    first, second = (int(s3.get_object(Bucket="pair", Key=key)["Body"].read()) for key in ("a", "b"))
    assert first - second in (0, 1)
    assert first > 0


def test_fresh_starts_empty_and_keeps_the_snapshot_aside(home: Path) -> None:
    client(control.up(home), "s3").create_bucket(Bucket="old")
    control.down(home)
    up = control.up(home, fresh=True)
    assert up.snapshot is None
    assert client(up, "s3").list_buckets()["Buckets"] == []
    assert (snapshots.folder(home) / "aside" / "about.json").is_file()
    with pytest.raises(UserError, match="a local AWS is up"):
        control.up(home, fresh=True)


@pytest.mark.parametrize("harm", ["an older format", "a state of another program"])
def test_one_that_cannot_be_read_is_put_aside_and_said(home: Path, harm: str) -> None:
    client(control.up(home), "s3").create_bucket(Bucket="old")
    control.down(home)
    (folder,) = snapshots.folder(home).iterdir()
    if harm == "an older format":
        about = json.loads((folder / "about.json").read_text())
        (folder / "about.json").write_text(json.dumps(about | {"format": 0}))
    else:
        _rename_a_class(folder)
    up = control.up(home)
    assert up.snapshot is not None
    assert str(snapshots.folder(home) / "aside") in up.snapshot["problem"]
    assert client(up, "s3").list_buckets()["Buckets"] == []


def _rename_a_class(folder: Path) -> None:
    """Have the state name a class that there is not, and be whole all the same."""
    state = (folder / "state.pickle").read_bytes().replace(b"FakeBucket", b"LikeBucket")
    (folder / "state.pickle").write_bytes(state)
    about = json.loads((folder / "about.json").read_text())
    digest = hashlib.sha256(state).hexdigest()
    (folder / "about.json").write_text(json.dumps(about | {"state": digest}))


def test_another_port_is_taken_when_the_old_one_is(home: Path) -> None:
    up = control.up(home)
    control.down(home)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(up.state.endpoint.rpartition(":")[2])))
        other.listen()
        again = control.up(home)
    assert again.snapshot is not None
    assert again.state.endpoint != up.state.endpoint


def test_what_cannot_be_kept_is_said(home: Path) -> None:
    control.up(home)
    snapshots.folder(home).write_text("in the way")
    assert control.down(home) == control.Down(server=True, strays=0, kept=False)
    snapshots.folder(home).unlink()


def test_a_session_of_before_is_judged_as_before(home: Path) -> None:
    up = control.up(home, enforce_iam=True)
    account, iam = up.state.account_id, client(up, "iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:*"}
    tag = {"StringEquals": {"aws:PrincipalTag/team": "data"}}
    grant = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*", "Condition": tag}
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=_policy(grant))
    sessions = [
        client(up, "sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/reader", RoleSessionName=team, Tags=[{"Key": "team", "Value": team}]
        )["Credentials"]
        for team in ("data", "other")
    ]  # fmt: skip
    told = [_buckets_seen(up, session) for session in sessions]
    control.down(home)
    again = control.up(home, enforce_iam=True)
    assert told == ["allowed", "AccessDenied"]
    assert [_buckets_seen(again, session) for session in sessions] == told


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _buckets_seen(up: control.Up, session: dict[str, Any]) -> str:
    """Whether a session may list the buckets: `allowed`, else the error's code."""
    s3 = boto3.client(
        "s3", endpoint_url=up.state.endpoint, region_name="us-east-1",
        aws_access_key_id=session["AccessKeyId"], aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )  # fmt: skip
    try:
        s3.list_buckets()
    except ClientError as denied:
        return str(denied.response["Error"]["Code"])
    return "allowed"
