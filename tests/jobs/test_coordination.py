"""Slots and circuit breakers as they are decided, and as a real table's conditions keep them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from jobs.coordination import breaker, slots
from jobs.coordination.breaker import CLOSED, Breaker
from jobs.coordination.table import Coordination, Shared
from jobs.runs import Attempt, Record
from jobs.spec.running import Breaker as Rule
from local.cloud import dynamodb_races
from tests.jobs.rows import record as _record

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RULE = Rule(failures=3, window_minutes=60, pause_minutes=30)
OUTCOMES = ("SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED")
JOB = "nightly-etl"


@given(held=st.sets(st.integers(0, 20)), limit=st.integers(1, 10))
def test_a_slot_is_free_or_as_many_runs_as_allowed_are_under_way(held: set[int], limit: int) -> None:
    slot = slots.free(held, limit)
    if slot is None:
        assert len(held) >= limit
    else:
        assert slot not in held
        assert slot < limit
        assert all(lower in held for lower in range(slot))


@given(st.lists(st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 120)), max_size=30))
def test_a_breaker_lets_through_what_its_rule_says(history: list[tuple[str, int]]) -> None:
    """Runs one after the other, each begun if it may be: open exactly after enough failures in a row in the window."""
    state, now, row, opened = CLOSED, NOW, list[datetime](), None
    for number, (outcome, minutes) in enumerate(history):
        now += timedelta(minutes=minutes)
        pausing = opened is not None and now < opened + timedelta(minutes=RULE.pause_minutes)
        if pausing:
            with pytest.raises(UserError, match=r"is open since .* UTC, for \d failed runs in a row"):
                breaker.start(state, JOB, f"r{number}", now)
            continue
        state = breaker.start(state, JOB, f"r{number}", now)
        assert (state.trial == f"r{number}") == (opened is not None)
        state = breaker.after(state, RULE, f"r{number}", outcome, now)
        if outcome == "SUCCEEDED":
            row, opened = [], None
        elif outcome in ("FAILED", "TIMED_OUT"):
            row = [at for at in row if now - at <= timedelta(minutes=RULE.window_minutes)] + [now]
            if opened or len(row) >= RULE.failures:
                opened = now
        assert (state.phase(now) != "closed") == (opened is not None)
        assert len(state.failures) <= RULE.failures
    assert Breaker.model_validate_json(state.model_dump_json()) == state


def test_while_a_trial_is_under_way_no_other_run_begins() -> None:
    opened = Breaker(opened_at=NOW, until=NOW + timedelta(minutes=30))
    later = NOW + timedelta(minutes=31)
    trial = breaker.start(opened, JOB, "r1", later)
    assert trial.phase(later) == "half-open"
    with pytest.raises(
        UserError, match=r"half-open since .*; run r1 is its trial; 'emrctl jobs run .* --force'"
    ):
        breaker.start(trial, JOB, "r2", later)
    assert breaker.after(trial, RULE, "r2", "FAILED", later).trial == "r1"  # a forced run is no trial
    assert breaker.start(breaker.after(trial, RULE, "r1", "CANCELLED", later), JOB, "r3", later).trial == "r3"
    again = breaker.after(trial, RULE, "r1", "FAILED", later)
    assert (again.phase(later), again.until) == ("open", later + timedelta(minutes=30))
    assert breaker.after(trial, RULE, "r1", "SUCCEEDED", later) == CLOSED


def _attempt(
    run_id: str = "20260102T030405Z-aaaaaa", number: int = 1, slot: int = 0, job: str = JOB
) -> Attempt:
    return Attempt(
        run_id=run_id, number=number, token=f"{job}-{run_id}-a{number}", job=job, digest="d" * 64, channel="dev",
        runtime="ec2", place="main", place_id="j-1", run_created_at=NOW, created_at=NOW, slot=slot,
    )  # fmt: skip


def _ended(attempt: Attempt, state: str = "FAILED") -> Record:
    return _record(attempt.run_id, attempt.job, state)


@pytest.fixture
def shared(session: boto3.Session) -> Coordination:
    """A table as the platform declares it, on a DynamoDB that judges the conditions as written."""
    dynamodb_races.install()
    session.client("dynamodb").create_table(
        TableName="dev-coordination", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "id")],
    )  # fmt: skip
    return Coordination(session, "dev-coordination")


def test_a_run_is_kept_goes_on_and_is_closed(shared: Coordination) -> None:
    first = _attempt()
    assert shared.begin(first, shared.look(JOB))
    assert shared.begin(_attempt("20260102T030406Z-bbbbbb", job="nightly"), shared.look("nightly"))
    assert shared.open_attempts(JOB) == [first]
    assert len(shared.open_attempts()) == 2
    assert shared.holds(first)
    second = _attempt(number=2)
    assert shared.advance(first, second) == second
    assert shared.advance(first, _attempt(number=3)) == second  # who comes late is told what is there
    assert not shared.holds(first)
    shared.close(_ended(first), second, RULE)
    assert shared.current(second) is None
    assert shared.advance(second, _attempt(number=3)) is None
    assert shared.open_attempts(JOB) == []
    assert len(shared.breaker_of(JOB).failures) == 1
    shared.close(_ended(first), second, RULE)  # again: counted once
    assert len(shared.breaker_of(JOB).failures) == 1


def test_a_slot_is_given_once_and_the_next_run_in_it_is_another(shared: Coordination) -> None:
    seen, first, other = shared.look(JOB), _attempt(), _attempt("20260102T030406Z-bbbbbb")
    assert shared.begin(first, seen)
    assert shared.begin(first, seen)  # its own answer was lost
    assert not shared.begin(other, seen)
    shared.close(_ended(first, "SUCCEEDED"), first, RULE)
    assert shared.begin(other, seen)
    shared.close(_ended(first, "FAILED"), first, RULE)  # a straggler frees nobody else's slot
    assert shared.open_attempts(JOB) == [other]
    assert shared.breaker_of(JOB) == CLOSED


def test_a_breaker_that_opened_since_it_was_read_stops_the_start(shared: Coordination) -> None:
    runs = [_attempt(f"20260102T03040{number}Z-aaaaaa", slot=number) for number in range(4)]
    seen = shared.look(JOB)
    for run in runs[:3]:
        assert shared.begin(run, seen)
    for run in runs[:3]:
        shared.close(_ended(run), run, RULE)
    assert not shared.begin(runs[3], seen)
    with pytest.raises(UserError, match="circuit breaker of 'nightly-etl' is open"):
        shared.begin(runs[3], shared.look(JOB))
    assert shared.begin(runs[3], shared.look(JOB), force=True)
    shared.reset(JOB)
    assert shared.breaker_of(JOB) == CLOSED


def test_of_many_who_begin_at_once_as_many_do_as_there_are_slots(shared: Coordination) -> None:
    def begin(number: int) -> int:
        begun = 0
        for _ in range(20):
            seen: Shared = shared.look(JOB)
            slot = slots.free([each.slot for each in seen.attempts], 3)
            if slot is None:
                break
            if shared.begin(_attempt(f"20260102T0304{number:02}Z-aaaaaa", slot=slot), seen):
                begun = 1
                break
        return begun

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(16))) == 3
    assert sorted(each.slot for each in shared.open_attempts(JOB)) == [0, 1, 2]


def test_ends_at_once_are_all_counted(shared: Coordination) -> None:
    runs = [_attempt(f"20260102T0304{number:02}Z-aaaaaa", slot=number) for number in range(6)]
    for run in runs:
        assert shared.begin(run, shared.look(JOB))
    rule = Rule(failures=50)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda run: shared.close(_ended(run), run, rule), runs))
    assert sorted(each.run_id for each in shared.breaker_of(JOB).failures) == [run.run_id for run in runs]


def test_what_says_nothing_any_more_has_a_time_to_go(shared: Coordination, session: boto3.Session) -> None:
    run = _attempt()
    assert shared.begin(run, shared.look(JOB))
    shared.close(_ended(run), run, RULE)
    items: Any = session.client("dynamodb").scan(TableName="dev-coordination")["Items"]
    (left,) = [int(item["expires"]["N"]) - shared.now().timestamp() for item in items]
    assert left == pytest.approx(25 * 3600, abs=60)  # the window, and a day


def test_a_slot_that_went_to_another_run_meanwhile_is_not_freed(
    shared: Coordination, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = _attempt(), _attempt("20260102T030406Z-bbbbbb")
    assert shared.begin(other, shared.look(JOB))
    current, read = (
        shared.current,
        iter([first]),
    )  # what was read a moment ago, when the slot was still the first's
    monkeypatch.setattr(shared, "current", lambda attempt: next(read, None) or current(attempt))
    shared.close(_ended(first), first, RULE)
    assert shared.open_attempts(JOB) == [other]
    assert shared.breaker_of(JOB) == CLOSED
