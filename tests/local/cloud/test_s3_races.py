"""Many clients of one object at once: one conditional write wins, and a reader sees a whole object."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeRunner
from tests.local.cloud.test_s3 import empty

BUCKET, CLIENTS, ROUNDS = "at-once", 4, 8
LOST = {"PreconditionFailed", "ConditionalRequestConflict"}


@pytest.fixture
def clients() -> Iterator[list[Any]]:
    """Clients that try nothing twice; threads take turns as often as they can, which is when races show."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with CloudServer(FakeRunner()) as server:
        config = Config(retries={"total_max_attempts": 1})
        found = [
            boto3.Session().client("s3", endpoint_url=server.endpoint, region_name="us-east-1", config=config)
            for _ in range(CLIENTS)
        ]
        found[0].create_bucket(Bucket=BUCKET)
        yield found
        empty(found[0], BUCKET)
        found[0].delete_bucket(Bucket=BUCKET)
    sys.setswitchinterval(usual)


def won(put: Callable[[], Any]) -> bool:
    """Whether a conditional write was done."""
    try:
        put()
    except ClientError as error:
        if error.response["Error"]["Code"] not in LOST:
            raise
        return False
    return True


def test_of_those_who_create_at_once_one_does(clients: list[Any]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for number in range(ROUNDS):

            def create(s3: Any, key: str = f"new-{number}") -> bool:
                return won(lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=b"x", IfNoneMatch="*"))

            assert sum(pool.map(create, clients)) == 1


def test_counting_by_replacing_what_was_read_loses_nothing(clients: list[Any]) -> None:
    clients[0].put_object(Bucket=BUCKET, Key="count", Body=b"0")

    def count(s3: Any) -> None:
        done = 0
        while done < ROUNDS:
            read = s3.get_object(Bucket=BUCKET, Key="count")
            body, etag = str(int(read["Body"].read()) + 1).encode(), read["ETag"]
            put = partial(s3.put_object, Bucket=BUCKET, Key="count", Body=body, IfMatch=etag)
            done += won(put)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(count, clients))
    body = clients[0].get_object(Bucket=BUCKET, Key="count")["Body"].read()
    assert int(body) == CLIENTS * ROUNDS
