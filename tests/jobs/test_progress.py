"""How far an application is, read from a driver's log; and what is told of the logs of a run, look by look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ConnectionClosedError
from hypothesis import given
from hypothesis import strategies as st

from emrctl.watching import counted
from jobs.following import Follower
from jobs.progress import Counts, Progress
from jobs.runtimes.base import Phase, Runtime, Status
from tests.jobs.fakes import Time

# Of Spark 4.0.1: two shuffles under adaptive execution, a write, and a job with a task that fails for good.
LOG = (Path(__file__).parent / "data" / "driver-stderr.txt").read_text()
WHOLE = Counts(stages=6, stages_done=5, tasks=15, tasks_done=14, tasks_lost=2)


def test_a_real_drivers_log() -> None:
    assert Progress().feed(LOG) == WHOLE
    assert counted(WHOLE) == "stages 5/6, tasks 14/15 (2 lost)"


def test_half_way_through_it() -> None:
    first, _, _ = LOG.partition("Finished task 2.0 in stage 0.0")
    assert Progress().feed(first) == Counts(stages=1, stages_done=0, tasks=4, tasks_done=2)


@given(cuts=st.lists(st.integers(0, len(LOG)), max_size=20))
def test_however_it_is_cut_into_pieces_it_says_the_same(cuts: list[int]) -> None:
    progress, counts = Progress(), Counts()
    ends = [*sorted(cuts), len(LOG)]
    for start, end in zip([0, *ends], ends, strict=False):
        before, counts = counts, progress.feed(LOG[start:end])
        assert counts.tasks_done <= counts.tasks
        assert counts.stages_done <= counts.stages
        assert counts.stages >= before.stages
    assert counts == WHOLE


def test_a_stage_that_is_sent_again_counts_what_is_missing_on_top() -> None:
    progress = Progress()
    progress.feed(
        "INFO DAGScheduler: Submitting 4 missing tasks from ShuffleMapStage 3 (x)\n"
        "INFO TaskSetManager: Finished task 0.0 in stage 3.0 (TID 1) in 9 ms on a (executor 1) (3/4)\n"
        "INFO DAGScheduler: ShuffleMapStage 3 (x at y) failed in 1.0 s due to FetchFailed\n"
    )
    again = progress.feed("INFO DAGScheduler: Submitting 2 missing tasks from ShuffleMapStage 3 (x)\n")
    assert again == Counts(stages=1, stages_done=0, tasks=5, tasks_done=3)


class _Logs:
    """A runtime of logs only; each look has the next of them."""

    def __init__(self, looks: Sequence[Mapping[str, str]]) -> None:
        self.looks = list(looks)
        self.asked = 0

    def logs(self, _: str) -> Mapping[str, str]:
        self.asked += 1
        found: Any = self.looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return cast(Mapping[str, str], found)


def _status(phase: Phase) -> Status:
    return Status(id="s-1", phase=phase, state=phase.value)


@pytest.fixture
def time() -> Time:
    return Time()


def test_only_what_is_new_is_told_by_whole_lines_until_the_end(time: Time) -> None:
    logs = _Logs(
        [{"driver stdout": "one\ntw"}, {"driver stdout": "one\ntwo\n"}, {"driver stdout": "one\ntwo\nend"}]
    )
    follower = Follower(cast(Runtime, logs), time.clock)
    seen = []
    for phase in (Phase.RUNNING, Phase.RUNNING, Phase.SUCCEEDED):
        seen.append(follower.look(_status(phase)).lines)
        time.sleep(5)
    assert seen == [{"driver stdout": "one\n"}, {"driver stdout": "two\n"}, {"driver stdout": "end"}]


def test_the_logs_are_read_every_few_seconds_only_and_not_before_it_runs(time: Time) -> None:
    logs = _Logs([{"driver stderr": LOG}, {"driver stderr": LOG}])
    follower = Follower(cast(Runtime, logs), time.clock)
    assert follower.look(_status(Phase.PENDING)).progress is None
    assert follower.look(_status(Phase.RUNNING)).progress == WHOLE
    time.sleep(1)
    assert follower.look(_status(Phase.RUNNING)).progress == WHOLE
    assert logs.asked == 1
    follower.look(_status(Phase.SUCCEEDED))  # at the end always
    assert logs.asked == 2


def test_what_cannot_be_read_now_is_read_later(time: Time) -> None:
    lost: Any = ConnectionClosedError(endpoint_url="http://s3")
    logs = _Logs([{"stderr": "one\n"}, lost, {"stderr": "one\ntwo\n"}])
    follower = Follower(cast(Runtime, logs), time.clock)
    told = []
    for _ in range(3):
        told.append(follower.look(_status(Phase.RUNNING)).lines)
        time.sleep(5)
    assert told == [{"stderr": "one\n"}, {}, {"stderr": "two\n"}]


def test_a_log_that_begins_anew_is_told_from_its_start(time: Time) -> None:
    logs = _Logs([{"stderr": "a long first attempt\n"}, {"stderr": "again\n"}])
    follower = Follower(cast(Runtime, logs), time.clock)
    follower.look(_status(Phase.RUNNING))
    time.sleep(5)
    assert follower.look(_status(Phase.RUNNING)).lines == {"stderr": "again\n"}
