"""From evidence to a class. What ended the driver is believed first, and only then what was said on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jobs.failures import rules
from jobs.failures.finding import FailureClass, Finding, Quote
from jobs.failures.frames import Traceback
from jobs.failures.text import Entry, entries, quotable
from jobs.telemetry.eventlog import Usage

QUOTES = 5
EVENT_LOG = "event log"
_CODE_ERROR, _OWN_CHECK = 0.9, 0.7


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a failed attempt left. `packages` are the job's own, in which its line is looked for."""

    state: str  # of the run store
    reason: str | None = None  # the runtime's
    logs: Mapping[str, str]
    usage: Usage | None = None
    packages: Sequence[str] = ()
    spot: bool = False  # whether its cluster has spot instances

    def entries(self) -> list[Entry]:
        """All that was written, record by record."""
        texts = {**self.logs}
        if self.reason:
            texts["reason"] = f"reason: {self.reason}"
        found = [entry for log, text in texts.items() for entry in entries(log, text)]
        for number, note in enumerate(self.usage.notes if self.usage else (), start=1):
            found.append(Entry(log=EVENT_LOG, line=number, text=note))
        return found


@dataclass(frozen=True, kw_only=True)
class _Hit:
    failure: FailureClass
    name: str
    cause: str
    weight: float
    quote: Quote


def classify(evidence: Evidence) -> Finding:
    """The class of a failed or timed-out attempt, without suggestions (`jobs.failures.suggest` makes them)."""
    found = evidence.entries()
    # A driver may log what it got over, and an earlier end is none: its last word in each log counts.
    last_words = _last_fatal(found)
    tracebacks = [Traceback(entry.text, evidence.packages) for entry in last_words]
    fatal = [hit for entry in last_words for hit in _hits(entry, 1.0)]
    fatal += _code_errors(last_words, tracebacks)
    told = _decide(fatal, tracebacks)
    beside: list[_Hit] = []
    if told is None and all(each.wraps for each in tracebacks):
        beside = [hit for entry in found if entry not in last_words for hit in _hits(entry, rules.ELSEWHERE)]
        beside += _surroundings(evidence)
        told = _decide([*fatal, *beside], tracebacks)
    if told is None:
        raised = next((each.raised for each in tracebacks if not each.wraps), None)
        what = f"{raised} is in no rule" if raised else "no rule knows what was written"
        # What is too little for a class is still worth a look.
        quotes = [*_last_lines(last_words), *(hit.quote for hit in _strongest([*fatal, *beside]))]
        told = Finding(failure_class="unknown", confidence=0.0, explanation=f"{what}; see the evidence",
                       evidence=tuple(dict.fromkeys(quotes))[: 2 * QUOTES])  # fmt: skip
    own = next((each.own for each in reversed(tracebacks) if each.own), None)
    return told.model_copy(update={"frame": own})


def _last_fatal(found: Sequence[Entry]) -> list[Entry]:
    last: dict[tuple[str, bool], Entry] = {}
    for entry in found:
        if entry.fatal:
            # The driver's own words, and what YARN or spark-submit make of them, may both stand in one log.
            last[entry.log, "Traceback (most recent" in entry.text] = entry
    return list(last.values())


def _hits(entry: Entry, factor: float) -> Iterable[_Hit]:
    for signature in rules.SIGNATURES:
        match = signature.pattern.search(entry.text)
        if match is None or (signature.unless and signature.unless.search(entry.text)):
            continue
        # The line that says it is the last of those that the pattern spans.
        below = entry.text.count("\n", 0, max(match.start(), match.end() - 1))
        line = entry.text.splitlines()[below]
        yield _Hit(
            failure=signature.failure, name=signature.name, cause=signature.cause, weight=signature.weight * factor,
            quote=Quote(log=entry.log, line=entry.line + below, text=quotable(line)),
        )  # fmt: skip


def _code_errors(words: Sequence[Entry], tracebacks: Sequence[Traceback]) -> Iterable[_Hit]:
    for entry, traceback in zip(words, tracebacks, strict=True):
        if not traceback.of_the_program or traceback.own is None:
            continue
        lines = entry.text.splitlines()
        at = max(i for i, line in enumerate(lines) if line.strip().removeprefix("Caused by: ").rpartition(".")[2]
                 .startswith(traceback.raised) or traceback.raised in line)  # fmt: skip
        yield _Hit(
            failure="code_error", name=f"{traceback.raised} in {traceback.own.file}:{traceback.own.line}", cause="",
            weight=_OWN_CHECK if traceback.on_purpose else _CODE_ERROR,
            quote=Quote(log=entry.log, line=entry.line + at, text=quotable(lines[at])),
        )  # fmt: skip


def _surroundings(evidence: Evidence) -> Iterable[_Hit]:
    """What no log says: where it ran, and how long its tasks took."""
    if evidence.spot:
        text = "the cluster has spot instances"
        quote = Quote(log="instances", line=0, text=text)
        yield _Hit(failure="spot_reclaim", name=text, cause="", weight=rules.HINT, quote=quote)
    yield from _stragglers(evidence)


def _stragglers(evidence: Evidence) -> Iterable[_Hit]:
    """Skew, of a run that took too long; of one that failed it is a hint: something else made it fail."""
    usage = evidence.usage
    if usage is None:
        return
    weight = rules.STRONG if evidence.state == "TIMED_OUT" else rules.HINT
    # A task that never ended may as well hang in a silent connection: what it had read was never logged.
    for each in usage.stragglers:
        # Half of the run's time in one task: nothing else that was done could have made it so slow.
        if each.share < 0.5:
            continue
        size = "still running" if each.longest_bytes is None else f"{each.longest_bytes:,} bytes of shuffle"
        text = (
            f"stage {each.stage}: one of {each.tasks} tasks took {each.longest_seconds:.1f} s ({size}), "
            f"their median is {each.median_seconds:.1f} s ({each.median_bytes:,.0f} bytes)"
        )
        quote = Quote(log=EVENT_LOG, line=0, text=text)
        yield _Hit(failure="slow_shuffle", name="one task took most of the run's time", cause="skew",
                   weight=rules.HINT if each.longest_bytes is None else weight, quote=quote)  # fmt: skip
    waited = usage.task_seconds and usage.shuffle_wait_seconds / usage.task_seconds >= 0.5
    spilled = usage.spilled_bytes > usage.shuffle_read_bytes > 0
    if waited or spilled:
        text = (
            f"{usage.shuffle_wait_seconds:.0f} of {usage.task_seconds:.0f} s of tasks were spent waiting for blocks; "
            f"{usage.spilled_bytes:,} bytes spilled of {usage.shuffle_read_bytes:,} read from shuffles"
        )
        quote = Quote(log=EVENT_LOG, line=0, text=text)
        yield _Hit(failure="slow_shuffle", name="tasks wait for the shuffle, or spill what they read", cause="spill",
                   weight=weight, quote=quote)  # fmt: skip


def _decide(hits: Sequence[_Hit], tracebacks: Sequence[Traceback]) -> Finding | None:
    """The class that the hits make, unknown where two contend, None where they make none."""
    scores = {failure: _score([hit for hit in hits if hit.failure == failure]) for failure in
              dict.fromkeys(hit.failure for hit in hits)}  # fmt: skip
    enough = {failure: score for failure, score in scores.items() if score >= rules.ENOUGH}
    explained = {each for failure in enough for each in rules.EXPLAINS.get(failure, ())}
    left = [failure for failure in enough if failure not in explained]
    if not left:
        return None
    quotes = tuple(dict.fromkeys(hit.quote for hit in _strongest(hits) if hit.failure in left))[:QUOTES]
    if len(left) > 1:
        return Finding(
            failure_class="unknown", confidence=0.0, evidence=quotes, contenders=tuple(left),
            explanation="two classes contend: " + ", ".join(rules.TITLES[failure] for failure in left),
        )  # fmt: skip
    (failure,) = left
    best = next(hit for hit in _strongest(hits) if hit.failure == failure)
    why = best.name if best.weight >= rules.ENOUGH else _together(hits, failure)
    purpose = failure == "code_error" and any(each.on_purpose for each in tracebacks)
    return Finding(
        failure_class=failure, confidence=round(enough[failure], 2), evidence=quotes, cause=best.cause,
        explanation=why + ("; the job raises it itself: a check of its own" if purpose else ""),
    )  # fmt: skip


def _together(hits: Sequence[_Hit], failure: FailureClass) -> str:
    return " and ".join(dict.fromkeys(hit.name for hit in hits if hit.failure == failure))


def _score(hits: Sequence[_Hit]) -> float:
    """The strongest message; different hints add up as if each could be wrong by itself."""
    by_name: dict[str, float] = {}
    for hit in hits:
        by_name[hit.name] = max(hit.weight, by_name.get(hit.name, 0.0))
    wrong = 1.0
    for weight in by_name.values():
        wrong *= 1 - weight
    strongest = max(by_name.values(), default=0.0)
    return strongest if strongest >= rules.ENOUGH else 1 - wrong


def _strongest(hits: Sequence[_Hit]) -> list[_Hit]:
    return sorted(hits, key=lambda hit: -hit.weight)


def _last_lines(words: Sequence[Entry]) -> Iterable[Quote]:
    for entry in words[-QUOTES:]:
        lines = entry.text.splitlines()
        at = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].strip() and not lines[i].startswith("\tat ")),
                  None)  # fmt: skip
        if at is not None:
            yield Quote(log=entry.log, line=entry.line + at, text=quotable(lines[at]))
