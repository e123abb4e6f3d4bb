"""A local AWS that enforces IAM, with an administrator, and callers that tests make."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.cloud.clock import ManualClock
from local.cloud.iam.authority import Authority
from local.cloud.server import CloudServer
from local.keys import PRINCIPALS, Key
from tests.local.cloud.fakes import FakeRunner

ACCOUNT, REGION = "123456789012", "us-east-1"
ADMINISTRATOR = Key(access_key_id="AKIAADMINISTRATOR222", secret_access_key="the-administrators")
SERVICES = {
    name: Key(access_key_id=f"AKIASERVICE222222222{number}", secret_access_key=f"of-{name}")
    for number, name in enumerate(PRINCIPALS)
}


def allow(*actions: str, on: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """An Allow of an identity policy; `condition` by operator."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return {**statement, "Condition": condition} if condition else statement


def deny(*actions: str, on: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """A Deny of an identity policy."""
    return {**allow(*actions, on=on, **condition), "Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: Any, *actions: str, **condition: Any) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions or ("sts:AssumeRole",))}
    return policy({**statement, "Condition": condition} if condition else statement)


@dataclass(frozen=True)
class Cloud:
    """The server, and who calls it."""

    server: CloudServer
    authority: Authority
    names: Iterator[int]
    clock: ManualClock

    def client(
        self, service: str, key: str = "", secret: str = "", token: str | None = None, *, region: str = REGION
    ) -> Any:
        """A client with these credentials; without, the administrator's."""
        make: Any = boto3.client
        signed = "s3v4" if service == "s3" else "v4"
        config = Config(
            retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, signature_version=signed
        )
        return make(
            service, endpoint_url=self.server.endpoint, region_name=region,
            aws_access_key_id=key or ADMINISTRATOR.access_key_id,
            aws_secret_access_key=secret or ADMINISTRATOR.secret_access_key, aws_session_token=token, config=config,
        )  # fmt: skip

    def name(self, word: str) -> str:
        """A name that no other test has."""
        return f"{word}-{next(self.names)}"

    def user(self, *statements: dict[str, Any], boundary: str | None = None) -> User:
        """A new user with one inline policy."""
        iam, name = self.client("iam"), self.name("user")
        more = {"PermissionsBoundary": boundary} if boundary else {}
        iam.create_user(UserName=name, **more)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(self, name, key["AccessKeyId"], key["SecretAccessKey"], None)

    def role(self, trusted: str, *statements: dict[str, Any], **more: Any) -> str:
        """A new role with one inline policy; its ARN."""
        iam, name = self.client("iam"), self.name("role")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return arn

    def machine(self, service: str, of: str = "ec2") -> Any:
        """A client of EC2 itself, or of another service that gives roles to what runs on it."""
        return self.client(service, SERVICES[of].access_key_id, SERVICES[of].secret_access_key)

    def session(self, role: str, sts: Any = None, **more: Any) -> User:
        """A session of a role, taken by whoever's client of STS it is, else by EC2."""
        told = (sts or self.machine("sts")).assume_role(RoleArn=role, RoleSessionName="test", **more)
        found = told["Credentials"]
        name = told["AssumedRoleUser"]["Arn"]
        return User(self, name, found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def bucket(self, **objects: str) -> str:
        """A new bucket with objects."""
        s3, name = self.client("s3"), self.name("bucket")
        s3.create_bucket(Bucket=name)
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body.encode())
        return name


@dataclass(frozen=True)
class User:
    """Someone with credentials."""

    cloud: Cloud
    name: str
    key: str
    secret: str
    token: str | None

    def boto3(self) -> boto3.Session:
        """Their session of boto3; the endpoint is the environment's."""
        return boto3.Session(self.key, self.secret, self.token, region_name=REGION)

    def client(self, service: str) -> Any:
        """A client of theirs."""
        return self.cloud.client(service, self.key, self.secret, self.token)


@pytest.fixture(scope="session")
def _enforcing() -> Iterator[Cloud]:
    authority = Authority(ACCOUNT, ADMINISTRATOR, SERVICES)
    clock, runner = ManualClock(), FakeRunner()
    with CloudServer(runner, clock=clock, authority=authority) as server:
        runner.sink = server.sink
        yield Cloud(server, authority, itertools.count(1), clock)


@pytest.fixture
def aws(_enforcing: Cloud) -> Cloud:
    """The enforcing server."""
    return _enforcing


def refused(call: Any, **given: Any) -> tuple[str, str]:
    """Code and message of the error that a call ends with; fails the test when it does not."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error.get("Message", "")
