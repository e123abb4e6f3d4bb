"""`emrctl runs ui`: Spark's own pages of one run."""

from __future__ import annotations

import json
import signal
from typing import Annotated

import typer

from emrctl.options import Json, OfStack, Run, Target


def command(
    run: Run,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the loopback.")] = 18080,
    stack: OfStack = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Serve Spark's pages of a run on loopback until Ctrl-C: jobs, stages, tasks, executors, the SQL plan.

    They are made from the run's event log, which is fetched: nothing of AWS is needed but leave to read it.
    """
    from emrctl import pages
    from emrctl.platform import connect
    from jobs.lifecycle import Lifecycle

    session, platform = connect(stack, target)
    record = Lifecycle(session, platform).get(run)
    # Either ends the server, too; a shell starts what runs in the background deaf to the first.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with pages.serving(session, record, port) as url:
        told = {"url": url, "run": record.run_id}
        print(
            json.dumps(told)
            if as_json
            else f"Spark's pages of run {record.run_id}: {url} (Ctrl-C ends them)",
            flush=True,
        )
        try:
            signal.pause()
        except KeyboardInterrupt:
            return
