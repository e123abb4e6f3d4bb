"""Sending once where the API takes no client token: list, send, and after an unclear answer list again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

import tenacity
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from facts.errors import UserError
from jobs import objects
from jobs.clock import Clock
from jobs.runtimes.base import Status

T = TypeVar("T")
# EMR did nothing and says so: sending again cannot make a twin.
_REFUSED = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
)
_LOOKS = 4  # for what was sent without an answer, over about 7 s
_SENDS = 5
# Adaptive: what is throttled slows the next call down as well.
ASKING = Config(retries={"mode": "adaptive", "total_max_attempts": 6})
# botocore's own second try after a lost response would be the twin.
SENDING = Config(retries={"mode": "standard", "total_max_attempts": 1})


class _UnknownOutcomeError(Exception):
    """A request got no answer: what it asked for may or may not be there."""


def once(find: Callable[[], Status | None], send: Callable[[], str], clock: Clock, refused: str) -> str:
    """The id of what `find` finds, or of what `send` makes. Raises UserError(`refused`) when EMR has no time for it."""
    for again in range(_SENDS):
        if found := find():
            return found.id
        try:
            return _clear(send)
        except _UnknownOutcomeError:
            if found := _look(find, clock):
                return found.id
        except ClientError as error:
            if objects.code(error) not in _REFUSED:
                raise
            clock.sleep(random.uniform(0, 2.0**again))  # noqa: S311 - jitter is no secret
    raise UserError(f"{refused} in {_SENDS} tries; nothing runs; try again later", code=1)


def _clear(send: Callable[[], T]) -> T:
    try:
        return send()
    except (ConnectionClosedError, HTTPClientError) as error:
        raise _UnknownOutcomeError from error
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            raise _UnknownOutcomeError from error
        raise


def _look(find: Callable[[], Status | None], clock: Clock) -> Status | None:
    """Look for the attempt until it shows or is unlikely to: a list may lag behind what was added."""
    looking = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: found is None),
        wait=tenacity.wait_exponential_jitter(initial=1, max=4, jitter=0.5),
        stop=tenacity.stop_after_attempt(_LOOKS),
        sleep=clock.sleep,
        retry_error_callback=lambda _: None,
    )
    return looking(find)
