"""Many clients of one item at once: one conditional write wins, and a transaction is never done by half."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeRunner

TABLE, CLIENTS, ROUNDS = "at-once", 4, 40
LOST = {"ConditionalCheckFailedException", "TransactionCanceledException"}


@pytest.fixture
def clients() -> Iterator[list[Any]]:
    """Clients that try nothing twice; threads take turns as often as they can, which is when races show."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with CloudServer(FakeRunner()) as server:
        config = Config(retries={"total_max_attempts": 1})
        session = boto3.Session(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        found = [
            session.client("dynamodb", endpoint_url=server.endpoint, config=config) for _ in range(CLIENTS)
        ]
        found[0].create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        yield found
        found[0].delete_table(TableName=TABLE)
    sys.setswitchinterval(usual)


def won(call: Any, **arguments: Any) -> bool:
    """Whether a conditional write was done."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in LOST:
            raise
        return False
    return True


def new(name: str) -> dict[str, Any]:
    """An item that must not be there yet."""
    return {
        "TableName": TABLE,
        "Item": {"id": {"S": name}},
        "ConditionExpression": "attribute_not_exists(id)",
    }


def test_of_those_who_create_at_once_one_does(clients: list[Any]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for number in range(ROUNDS):
            assert sum(pool.map(lambda db, n=number: won(db.put_item, **new(f"new-{n}")), clients)) == 1


def test_of_two_transactions_that_meet_one_is_done_and_whole(clients: list[Any]) -> None:
    """Each wants an item of its own and one that all want: who loses the one gets the other neither."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        for number in range(ROUNDS):

            def create(at: int, number: int = number) -> bool:
                items = [{"Put": new(f"own-{number}-{at}")}, {"Put": new(f"shared-{number}")}]
                return won(clients[at].transact_write_items, TransactItems=items)

            assert sum(pool.map(create, range(CLIENTS))) == 1
    items = clients[0].scan(TableName=TABLE, ConsistentRead=True)["Items"]
    assert len([item for item in items if item["id"]["S"].startswith("own-")]) == ROUNDS


def test_counting_on_condition_of_what_was_read_loses_nothing(clients: list[Any]) -> None:
    key = {"TableName": TABLE, "Key": {"id": {"S": "count"}}}
    clients[0].put_item(TableName=TABLE, Item={"id": {"S": "count"}, "n": {"N": "0"}})

    def count(db: Any) -> None:
        done = 0
        while done < ROUNDS:
            seen = int(db.get_item(**key, ConsistentRead=True)["Item"]["n"]["N"])
            done += won(
                db.update_item, **key, UpdateExpression="SET n = :new", ConditionExpression="n = :seen",
                ExpressionAttributeValues={":new": {"N": str(seen + 1)}, ":seen": {"N": str(seen)}},
            )  # fmt: skip

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(count, clients))
    assert clients[0].get_item(**key, ConsistentRead=True)["Item"]["n"]["N"] == str(CLIENTS * ROUNDS)
