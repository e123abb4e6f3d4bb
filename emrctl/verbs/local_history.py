"""`emrctl local history`: Spark's own pages of the applications that have run."""

from __future__ import annotations

import json
import signal
from typing import Annotated

import typer

from emrctl.options import Json

_PORT = 18080  # as on EMR: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-web-interfaces.html


def command(
    logs: Annotated[
        str | None, typer.Option(help="Where the event logs are, s3://… or file://…; else the stack's.")
    ] = None,
    stack: Annotated[str, typer.Option(help="The stack whose event logs are shown.")] = "dev",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the loopback.")] = _PORT,
    as_json: Json = False,
) -> None:
    """Show Spark's history server on loopback until Ctrl-C: jobs, stages, tasks, executors of every application.

    Exit code 3 when no local AWS is up.
    """
    from emrctl.platform import connect
    from local import control, paths, state
    from local.spark import history
    from local.spark.toolchain import ensure

    current = state.read(paths.home())
    if current is None:
        print("no local AWS is up; start it with 'emrctl local up'")
        raise typer.Exit(control.NOT_UP)
    where = logs or connect(stack, "local")[1].event_log_uri
    # Either ends the server, too; a shell starts what runs in the background deaf to the first.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with history.serving(ensure(), current, where, port) as url:
        told = {"url": url, "logs": where}
        print(
            json.dumps(told) if as_json else f"Spark's history of {where} is at {url}; Ctrl-C ends it",
            flush=True,
        )
        try:
            signal.pause()
        except KeyboardInterrupt:
            return
