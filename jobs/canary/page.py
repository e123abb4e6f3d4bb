"""A canary's report as Markdown: the answer first, then what is worse, then every table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from jobs.canary import sparkline
from jobs.canary.compare import Check, Verdict
from jobs.canary.trial import Result
from jobs.runs import Record

_MARKS: Final[dict[Verdict, str]] = {
    "ok": "ok",
    "noted": "differs",
    "unknown": "**unknown**",
    "worse": "**worse**",
}
_OF_A_RUN: Final = ("run", "state", "about", "parameters", "rows read", "written to")
_HASH: Final = 12  # of a digest: enough to tell two apart


def text(result: Result) -> str:
    """The whole report."""
    return "\n".join([*_head(result), *_runs(result), *_worse(result), *_tables(result), ""])


def _head(result: Result) -> Iterator[str]:
    yield f"# Canary of {result.job}: {result.outcome}"
    yield ""
    yield decision(result)
    yield from (f"\n> {note}" for note in result.notes)


def decision(result: Result) -> str:
    """What came out and what was done about it, in one or two sentences."""
    new, live = result.digest[:_HASH], f"channel '{result.live_channel}'"
    if result.promoted:
        return f"{new} is as good as the live version; {live} points at it now."
    stays = f"{live} still points at {result.live_digest[:_HASH]}"
    if result.outcome == "good":
        how = f"'emrctl jobs promote {result.job} {new} --to {result.live_channel}' moves it"
        return f"{new} is as good as the live version. Nothing was moved: {stays}; {how}."
    if result.outcome == "stopped":
        return f"The canary was cancelled. Nothing was moved: {stays}."
    if result.outcome == "unknown":
        return f"Whether {new} is as good as the live version is not known. Nothing was moved: {stays}."
    if result.canary.state != "SUCCEEDED":
        kind = f" ({result.canary.failure_class})" if result.canary.failure_class else ""
        ended = result.canary.state.lower().replace("_", " ")
        why = f"; 'emrctl runs explain {result.canary.run_id}' shows why" if result.canary.failure else ""
        return f"{new} {ended}{kind}{why}. Nothing was moved: {stays}."
    worse = sum(check.verdict == "worse" for check in result.checks)
    return f"{new} is worse in {worse} of {len(result.checks)} checks. Nothing was moved: {stays}."


def _runs(result: Result) -> Iterator[str]:
    yield from _table(
        ("", "live", "canary"),
        [
            ("version", f"`{result.live_digest[:_HASH]}`", f"`{result.digest[:_HASH]}`"),
            ("channel", result.live_channel, result.version),
            *zip(_OF_A_RUN, _told(result.live), _told(result.canary), strict=True),
        ],
    )
    took = [check for check in result.checks if check.metric in ("duration", "cost")]
    if took:
        yield from _table(
            ("", "live", "canary", "times", "at most", "verdict"),
            [
                (check.metric, _amount(check, check.live), _amount(check, check.canary), _ratio(check.apart),
                 _ratio(check.at_most), _MARKS[check.verdict])
                for check in took
            ],
        )  # fmt: skip


def _worse(result: Result) -> Iterator[str]:
    told = [check for check in result.checks if check.verdict != "ok"]
    if told:
        yield "\n## What differs\n"
        order = ("worse", "unknown", "noted")
        yield from (
            f"- {sentence(check)}" for check in sorted(told, key=lambda check: order.index(check.verdict))
        )


def sentence(check: Check) -> str:
    """One finding in words."""
    where = " ".join(part for part in (check.table, f"`{check.column}`" if check.column else "") if part)
    if check.metric == "distribution":
        what = f"the distributions are {check.apart:.3f} apart, at most {check.at_most:g}"
    elif check.metric == "profile":
        what = "is told of in no report of " + " and ".join(
            name for name, told in (("the live run", check.live), ("the canary", check.canary)) if told == "missing"
        ) + "; its workload must call jobs.workloads.profile"  # fmt: skip
    elif check.metric in ("duration", "cost"):
        what = f"{_amount(check, check.live)} → {_amount(check, check.canary)}"
        what += f", {_ratio(check.apart)} as much, at most {_ratio(check.at_most)}" if check.apart else ""
    elif check.metric == "schema":
        what = f"{check.live} → {check.canary}"
    else:
        show = _number if check.metric == "rows" else _percent
        what = f"{show(check.live)} → {show(check.canary)}, {_apart(check)}"
    metric = "" if check.metric in ("profile", "distribution") else f"{check.metric} "
    return f"{_MARKS[check.verdict]}: {where + ': ' if where else ''}{metric}{what}"


def _tables(result: Result) -> Iterator[str]:
    for table in dict.fromkeys(check.table for check in result.checks if check.table):
        checks = [check for check in result.checks if check.table == table]
        rows = next((check for check in checks if check.metric == "rows"), None)
        if rows is None:
            continue
        yield f"\n## {table}\n"
        yield (f"Rows {_number(rows.live)} → {_number(rows.canary)}: {_apart(rows)}, {_MARKS[rows.verdict]}.")
        columns = dict.fromkeys(check.column for check in checks if check.column)
        yield from _table(
            ("column", "type", "nulls", "live", "canary", "distance", "verdict"),
            [
                _column(result, table, column, [check for check in checks if check.column == column])
                for column in columns
            ],
        )


def _column(result: Result, table: str, column: str, checks: Sequence[Check]) -> tuple[str, ...]:
    by = {check.metric: check for check in checks}
    schema, nulls, apart = by["schema"], by.get("nulls"), by.get("distribution")
    types = str(schema.live) if schema.live == schema.canary else f"{schema.live} → {schema.canary}"
    shares = f"{_percent(nulls.live)} → {_percent(nulls.canary)}" if nulls else "-"
    lines = ("", "")
    if result.live_side and apart:
        lines = sparkline.pair(
            *(side.profiles[table].columns[column] for side in (result.live_side, result.canary_side))
        )
    worst = max((check.verdict for check in checks), key=("ok", "noted", "unknown", "worse").index)
    distance = f"{apart.apart:.3f}" if apart else "-"
    return f"`{column}`", types, shares, *lines, distance, _MARKS[worst]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    yield from ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def _told(run: Record | None) -> tuple[str, ...]:
    """What there is to tell of a run, as _OF_A_RUN names it."""
    if run is None:
        return ("-",) * len(_OF_A_RUN)
    return (
        f"`{run.run_id}`" + ("" if run.shadow else ", its last good one"),
        run.state,
        f"{run.logical_at or run.created_at:%Y-%m-%dT%HZ}",
        ", ".join(f"{name}={value}" for name, value in run.parameters.items()) or "the spec's",
        _number(run.rows_read),
        " ".join(f"`{uri}`" for uri in run.outputs),
    )


def _amount(check: Check, value: float | int | str | None) -> str:
    if not isinstance(value, int | float):
        return "not known"
    return f"{value:.1f} s" if check.metric == "duration" else f"{value:.4f} USD"


def _apart(check: Check) -> str:
    return f"{_percent(check.apart)} apart, at most {_percent(check.at_most)}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} ×"


def _number(value: float | int | str | None) -> str:
    return f"{value:,}" if isinstance(value, int | float) else "-"


def _percent(value: float | int | str | None) -> str:
    if not isinstance(value, int | float):
        return "-"
    return f"{value * 100:.3g} %"
