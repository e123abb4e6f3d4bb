"""`emrctl runs show`: one run's record."""

from __future__ import annotations

import json

from emrctl.options import Json, OfStack, Run, Target


def command(run: Run, stack: OfStack = "dev", target: Target = None, as_json: Json = False) -> None:
    """Show the record of one run; of an open one what is known so far."""
    from emrctl import runs
    from emrctl.platform import connect
    from jobs.lifecycle import Lifecycle
    from jobs.runs import Attempt

    session, platform = connect(stack, target)
    lifecycle = Lifecycle(session, platform)
    record = lifecycle.get(run)
    if isinstance(record, Attempt):
        status, _ = lifecycle.there(record)
        known = runs.opened(record, status)
        told = f"run {record.run_id} of {record.job} is {known['state']} on {record.runtime} {record.place}"
        seen = f": {status.id} {status.state}" if status else ""
        print(json.dumps(known, indent=2) if as_json else f"{told}{seen}")
        return
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
