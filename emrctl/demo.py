"""The main job on this machine, from nothing to its result, and back to nothing.

Every phase is what a verb does by itself, and finds done what an interrupted run of it has done: so a demo that was
stopped at any moment is finished by starting it again.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from facts.errors import UserError
from local import control, paths, snapshots, state

if TYPE_CHECKING:
    import boto3

    from jobs.platform import Platform
    from jobs.runs import Record

    Outcome = tuple[Record, dict[str, Any] | None]

STACK, JOB, CHANNEL = "dev", "nightly-etl", "dev"


class Phases:
    """The phases of a demo: each is announced, timed, and told when it is done. Seconds by name in `seconds`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True)
        self._started = time.monotonic()

    @contextmanager
    def phase(self, name: str, what: str) -> Iterator[None]:
        """Run the body as the phase called `name`; `what` says in a few words what is done."""
        self._console.rule(f"[bold]{name}[/]: {what}", align="left")
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 2)
        self._console.print(f"{name}: {self.seconds[name]:.1f} s", style="dim", highlight=False)

    def total(self) -> float:
        """Seconds since the first phase."""
        return time.monotonic() - self._started


def run(*, as_json: bool) -> None:
    """Bring everything up, run the nightly ETL, show its result. Raises UserError in the phase that fails."""
    phases = Phases()
    _prepare(phases)
    session, platform = _bring_up(phases, quiet=as_json)
    record, report = _run_job(phases, session, platform)
    if record.state != "SUCCEEDED" or report is None:
        raise UserError(
            f"run {record.run_id} ended {record.state}: {record.reason}; see {record.log_uri}", code=1
        )
    routes = report["worst_routes"]
    if as_json:
        document = {
            "phases": phases.seconds,
            "seconds": round(phases.total(), 2),
            "worst_routes": routes,
            "run": record.model_dump(mode="json"),
        }
        print(json.dumps(document, indent=2))
    else:
        _show(Console(), routes, record, phases.total())


def down() -> None:
    """Destroy the local stack and stop all of ours. Fine when nothing is there."""
    from emrctl.context import resolve
    from emrctl.pulumi import ACCOUNT, destroy
    from stacks import backend

    home = paths.home()
    if state.read(home) is not None:
        for stack in backend.names(home / "backend"):
            if stack == ACCOUNT:  # goes with the AWS that it is in; what is here, others refer to
                continue
            code = destroy(resolve("local"), stack, with_its_aws=True)
            if code != 0:
                raise UserError(
                    f"stack '{stack}' could not be destroyed (the engine's exit code is {code}); nothing was "
                    "stopped: look at 'emrctl local logs', then try again",
                    code=1,
                )
    control.down(home)
    # Of an AWS that is gone nothing is to come back: neither what it held, nor a state that still names that.
    for left in (
        snapshots.folder(home),
        *(home / name for name in ("backend", "work", "account-local", "clusters")),
    ):
        shutil.rmtree(left, ignore_errors=True)
    print("everything that ran here is down")


def _prepare(phases: Phases) -> None:
    """What can fail on this machine fails here, before anything is started."""
    from emrctl.progress import Line
    from emrctl.snapshots import restored
    from local import engine
    from local.spark import training

    with phases.phase("tools", "the engine, Java, the jars"), Line() as line:
        engine.ensure(line.say)
        training.ensure(line.say)
    with phases.phase("local AWS", "the APIs, the resource provider"):
        up = control.up(paths.home())
        console = Console(stderr=True)
        console.print(up.state.endpoint, highlight=False)
        if up.snapshot is not None:
            console.print(restored(up.snapshot), highlight=False, soft_wrap=True)


def _bring_up(phases: Phases, *, quiet: bool) -> tuple[boto3.Session, Platform]:
    from emrctl.context import resolve
    from emrctl.platform import read
    from emrctl.pulumi import policy_pack, workspace

    with phases.phase("platform", f"pulumi up of stack {STACK}, policies mandatory"):
        target = resolve("local")
        engine = workspace(target, STACK)
        code = engine.up(STACK, policies=policy_pack(), quiet=quiet)
        if code != 0:
            raise UserError(
                f"'pulumi up' of stack '{STACK}' failed; what it says above is what to mend", code=code
            )
    return read(target, engine, STACK)


def _run_job(phases: Phases, session: boto3.Session, platform: Platform) -> Outcome:
    from emrctl.watching import RunProgress
    from jobs import artifacts, spec
    from jobs.lifecycle import Lifecycle
    from jobs.samples import load, nycflights

    with phases.phase("data", "336,776 real flights of 2013 into the landing zone"):
        load.load(session.client("s3"), platform.buckets.landing, nycflights.files())
    with phases.phase("deploy", f"job {JOB} to channel {CHANNEL}"):
        (job,) = (found for found in spec.load_catalog() if found.name == JOB)
        artifacts.deploy(session, platform, job, CHANNEL)
    cluster = platform.cluster("main").id
    with phases.phase("run", f"{JOB} as a step of EMR cluster {cluster}"), RunProgress(JOB) as progress:
        lifecycle = Lifecycle(session, platform, told=progress)
        record = lifecycle.run(JOB, CHANNEL)
    return record, lifecycle.store.report(record.report_uri)


def _show(console: Console, routes: list[dict[str, Any]], record: Record, seconds: float) -> None:
    from emrctl import runs

    title = f"The {len(routes)} worst routes out of New York, 2013"
    table = Table("from", "to", "", title=title, title_justify="left")
    for column in ("flights", "cancelled", "mean delay, min"):
        table.add_column(column, justify="right")
    for route in routes:
        counts = (
            f"{route['flights']:,}",
            f"{route['cancelled']:,}",
            f"{route['mean_arr_delay_minutes']:.1f}",
        )
        table.add_row(route["origin"], route["dest"], route["dest_name"] or "-", *counts)
    console.print(table)
    console.print(runs.summary(record), highlight=False, soft_wrap=True)
    console.print(
        f"\nAll of it took {seconds:.0f} s and is left running. Where to look next:\n"
        "  emrctl local status          the cluster, its fleets, what runs\n"
        "  emrctl runs list             the runs, with what they read, wrote and cost\n"
        "  emrctl stack outputs         buckets, keys and roles of the platform\n"
        "  emrctl local logs            who called what\n"
        "  make down                    destroy the stack and stop everything",
        highlight=False,
    )
