"""`emrctl runs show`: one run's record."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Target


def command(
    run: Annotated[str, typer.Argument(help="The run's id, or a part of it that fits no other.")],
    stack: Annotated[str, typer.Option(help="The stack that it ran on.")] = "dev",
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole record as JSON.")] = False,
) -> None:
    """Show the record of one run."""
    from emrctl import runs
    from emrctl.platform import connect
    from jobs.runs import RunStore

    session, platform = connect(stack, target)
    record = RunStore(session.client("s3"), platform.buckets.runs).get_run(run)
    if as_json:
        print(json.dumps(record.model_dump(mode="json"), indent=2))
        return
    from rich.console import Console

    counts = "".join(f"\n  {name:<18}{count:>10,}" for name, count in record.counts.items())
    text = "\n".join(
        [
            runs.summary(record),
            f"version   {record.digest[:12]} of channel '{record.channel}', {record.release}",
            f"place     {record.runtime} '{record.place}'"
            + (f", {why}" if (why := record.place_reason) else ""),
            f"report    {record.report_uri}",
            f"events    {record.event_log_uri or '-'}",
            f"logs      {record.log_uri or '-'}",
        ]
    )
    Console().print(f"{text}\ncounts{counts}" if counts else text, highlight=False, soft_wrap=True)
