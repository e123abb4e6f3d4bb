"""The table of what callers share, in DynamoDB: each write is conditional, those that belong together one transaction.

`kind` run, `id` <job>/<slot>: a run under way, with its last attempt; kept before the attempt is sent, gone with the
run's record. So a slot is held as long as its run is under way, whoever follows it. `kind` breaker, `id` <job>.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import tenacity
from botocore.config import Config
from botocore.exceptions import ClientError

from facts.errors import UserError
from jobs import objects
from jobs.clock import Clock
from jobs.coordination import breaker
from jobs.coordination.breaker import CLOSED, Breaker
from jobs.runs import Attempt, Record
from jobs.spec.running import Breaker as Rule

if TYPE_CHECKING:
    import boto3

# Somebody else was faster, or is at it: look again.
_LOST = frozenset(
    {"ConditionalCheckFailedException", "TransactionCanceledException", "TransactionInProgressException"}
)
_TRIES = 10
_KEPT_AFTER = timedelta(
    days=1
)  # an item is left for so long after it has said its last, for who looks into it


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What the table holds of one job; `version` is of the breaker's item, None where there is none."""

    attempts: tuple[Attempt, ...]  # the last one of each run under way, the oldest run first
    breaker: Breaker
    version: str | None


class Coordination:
    """One stack's table. Every method may raise botocore's errors."""

    def __init__(self, session: boto3.Session, table: str, clock: Clock | None = None) -> None:
        # Adaptive: what is throttled slows the next call down as well.
        config = Config(retries={"mode": "adaptive", "total_max_attempts": 6})
        self._db = session.client("dynamodb", config=config)
        self._table = table
        self._clock = clock or Clock()
        self._told: tuple[datetime, float] | None = None  # the table's time, and ours when it was told

    def now(self) -> datetime:
        """The time by the table's clock, which is one for all callers; theirs may jump."""
        if self._told is None:
            self._item("clock", "clock")
        assert self._told is not None
        at, monotonic = self._told
        return at + timedelta(seconds=self._clock.monotonic() - monotonic)

    def look(self, job: str) -> Shared:
        """What there is of `job`."""
        state, version = self._breaker(job)
        return Shared(attempts=tuple(self.open_attempts(job)), breaker=state, version=version)

    def open_attempts(self, job: str | None = None) -> list[Attempt]:
        """The last attempt of every run under way, the oldest run first; of one job or of all."""
        condition, values = "kind = :kind", {":kind": {"S": "run"}}
        if job:
            condition, values = f"{condition} AND begins_with(id, :job)", {**values, ":job": {"S": f"{job}/"}}
        asked: Any = {
            "TableName": self._table, "KeyConditionExpression": condition, "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }  # fmt: skip
        found: list[Attempt] = []
        while True:
            page = self._heard(self._db.query(**asked))
            found += [Attempt.model_validate_json(item["attempt"]["S"]) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return sorted(found, key=lambda each: (each.run_created_at, each.run_id))
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def begin(self, attempt: Attempt, seen: Shared, *, force: bool = False) -> bool:
        """Keep the first attempt of a run in its slot. False: the slot or the breaker is not as `seen` any more.

        Raises UserError when the breaker is open, unless with `force`, which leaves it as it is. A canary has nothing
        to do with it: it says nothing of the version that is live.
        """
        put = self._put(_run_key(attempt), _run_item(attempt), "attribute_not_exists(id)")
        writes = [{"Put": put}]
        if not force and not attempt.shadow:
            after = breaker.start(seen.breaker, attempt.job, attempt.run_id, self.now())
            if after != seen.breaker:
                writes += self._breaker_write(attempt.job, after, seen.version, None)
            else:
                check = {
                    "TableName": self._table,
                    "Key": _key("breaker", attempt.job),
                    **_if_version(seen.version),
                }
                writes.append({"ConditionCheck": check})
        return self._transact(writes) or self.holds(attempt)  # lost, or only its answer was

    def advance(self, attempt: Attempt, following: Attempt) -> Attempt | None:
        """Keep the attempt after `attempt`. Returns what the run's slot holds then, which may be another caller's;
        None when the run is closed."""
        put = self._put(_run_key(attempt), _run_item(following), "#at = :was")
        put |= {
            "ExpressionAttributeNames": {"#at": "at"},  # a word of DynamoDB's own
            "ExpressionAttributeValues": {":was": {"S": attempt.token}},
        }
        try:
            self._heard(self._db.put_item(**put))
        except ClientError as error:
            if objects.code(error) not in _LOST:
                raise
        return self.current(attempt)

    def current(self, attempt: Attempt) -> Attempt | None:
        """The attempt that the run of `attempt` is at; None when it is closed."""
        item = self._item("run", _run_id(attempt))
        found = Attempt.model_validate_json(item["attempt"]["S"]) if item else None
        return found if found and found.run_id == attempt.run_id else None

    def holds(self, attempt: Attempt) -> bool:
        """Whether `attempt` is what its run is at."""
        found = self.current(attempt)
        return found is not None and found.token == attempt.token and found.ended is None

    def close(self, record: Record, attempt: Attempt, rule: Rule) -> None:
        """Free the run's slot and count its end in the job's breaker: both, once, whoever closes it first."""

        def write() -> bool:
            if self.current(attempt) is None:
                return True
            state, version = self._breaker(record.job)
            after = (
                state
                if attempt.shadow
                else breaker.after(state, rule, record.run_id, record.state, self.now())
            )
            delete: dict[str, Any] = {
                "TableName": self._table, "Key": _run_key(attempt), "ConditionExpression": "run = :run",
                "ExpressionAttributeValues": {":run": {"S": record.run_id}},
            }  # fmt: skip
            writes: list[dict[str, Any]] = [{"Delete": delete}]
            if after != state:
                writes += self._breaker_write(record.job, after, version, rule)
            return self._transact(writes)

        self._until_done(write)

    def breaker_of(self, job: str) -> Breaker:
        """The state of the job's breaker."""
        return self._breaker(job)[0]

    def reset(self, job: str) -> None:
        """Close the job's breaker and forget its failures."""
        self._heard(self._db.delete_item(TableName=self._table, Key=_key("breaker", job)))

    def _breaker(self, job: str) -> tuple[Breaker, str | None]:
        item = self._item("breaker", job)
        if not item:
            return CLOSED, None
        return Breaker.model_validate_json(item["state"]["S"]), item["version"]["S"]

    def _breaker_write(
        self, job: str, state: Breaker, version: str | None, rule: Rule | None
    ) -> list[dict[str, Any]]:
        key = _key("breaker", job)
        if state == CLOSED:
            return [{"Delete": {"TableName": self._table, "Key": key, **_if_version(version)}}]
        # A version is no number: a breaker that was closed and made anew must not look like the one that was read.
        item: dict[str, Any] = {
            "state": {"S": state.model_dump_json()},
            "version": {"S": secrets.token_hex(8)},
        }
        if rule and (end := breaker.forgotten_at(state, rule)):
            item["expires"] = {"N": str(int((end + _KEPT_AFTER).timestamp()))}
        return [{"Put": {"TableName": self._table, "Item": {**key, **item}, **_if_version(version)}}]

    def _put(self, key: dict[str, Any], item: dict[str, Any], condition: str) -> Any:
        return {"TableName": self._table, "Item": {**key, **item}, "ConditionExpression": condition}

    def _transact(self, writes: Any) -> bool:
        try:
            self._heard(self._db.transact_write_items(TransactItems=writes))
        except ClientError as error:
            if objects.code(error) not in _LOST:
                raise
            return False
        return True

    def _item(self, kind: str, id_: str) -> Any:
        answer = self._db.get_item(TableName=self._table, Key=_key(kind, id_), ConsistentRead=True)
        return self._heard(answer).get("Item")

    def _heard(self, answer: Any) -> Any:
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        told = parsedate_to_datetime(date) if date else self._clock.now()
        self._told = (told, self._clock.monotonic())
        return answer

    def _until_done(self, write: Callable[[], bool]) -> None:
        tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda done: not done),
            wait=tenacity.wait_random_exponential(multiplier=0.1, max=5),
            stop=tenacity.stop_after_attempt(_TRIES),
            sleep=self._clock.sleep,
            retry_error_callback=_given_up,
        )(write)


def _given_up(_: Any) -> Any:
    raise UserError(
        f"others changed the same item of the coordination table in {_TRIES} tries; run the command again",
        code=1,
    )


def _key(kind: str, id_: str) -> dict[str, Any]:
    return {"kind": {"S": kind}, "id": {"S": id_}}


def _run_id(attempt: Attempt) -> str:
    return f"{attempt.job}/{attempt.slot:03}"


def _run_key(attempt: Attempt) -> dict[str, Any]:
    return _key("run", _run_id(attempt))


def _run_item(attempt: Attempt) -> dict[str, Any]:
    # A run that is being closed has no token: nobody can go on with it.
    at = "over" if attempt.ended else attempt.token
    return {"run": {"S": attempt.run_id}, "at": {"S": at}, "attempt": {"S": attempt.model_dump_json()}}


def _if_version(version: str | None) -> dict[str, Any]:
    if version is None:
        return {"ConditionExpression": "attribute_not_exists(id)"}
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": {":version": {"S": version}},
    }
