"""One local AWS for all outside clients: started as a user starts it, and known to them by its endpoint only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from local import control
from local.state import LocalState

JOB = """
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
if "fail" in sys.argv:
    raise ValueError("this job was told to fail")
while "wait" in sys.argv:
    spark.range(1_000_000_000).selectExpr("sum(id)").collect()
print("the sum is", spark.range(10).selectExpr("sum(id) as n").first()["n"])
"""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What a client of another project is told: endpoint, region and keys."""

    state: LocalState

    @property
    def env(self) -> Mapping[str, str]:
        """The same as the variables that AWS's SDKs read, and nothing of the user's."""
        return {
            "PATH": "/usr/bin:/bin",
            "AWS_ENDPOINT_URL": self.state.endpoint,
            "AWS_DEFAULT_REGION": self.state.region,
            "AWS_ACCESS_KEY_ID": self.state.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.state.secret_access_key,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def client(self, service: str) -> Any:
        """A boto3 client with all defaults but the endpoint."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.state.endpoint,
            region_name=self.state.region,
            aws_access_key_id=self.state.access_key_id,
            aws_secret_access_key=self.state.secret_access_key,
        )

    def role(self, name: str, service: str, actions: list[str]) -> str:
        """A role that `service` may take and that allows `actions`; its ARN."""
        iam = self.client("iam")
        trust = _document({"Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]})
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        if actions:
            allowed = _document({"Action": actions, "Resource": "*"})
            iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=allowed)
        return str(made["Role"]["Arn"])


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A local AWS with a home of its own, for as long as the tests run."""
    home = tmp_path_factory.mktemp("outside")
    try:
        yield Endpoint(state=control.up(home).state)
    finally:
        control.down(home)
