"""`emrctl runs cancel`: end a run, and prove that it is gone."""

from __future__ import annotations

from emrctl.options import Json, OfStack, Run, Target


def command(run: Run, stack: OfStack = "dev", target: Target = None, as_json: Json = False) -> None:
    """Cancel an open run and wait until nothing of it runs any more; one that is over stays as it is.

    Exit code 0 when nothing of the run is left, 1 when it still resists: the same command then goes on from there.
    """
    from rich.console import Console

    from emrctl import runs
    from emrctl.platform import connect
    from emrctl.watching import RunProgress
    from jobs.lifecycle import Lifecycle
    from jobs.runs import Attempt

    session, platform = connect(stack, target)
    record = Lifecycle(session, platform).get(run)
    if isinstance(record, Attempt):
        with RunProgress(record.job) as progress:
            record = Lifecycle(session, platform, told=progress).cancel(record)
    if as_json:
        print(record.model_dump_json(indent=2))
    else:
        Console().print(runs.summary(record), highlight=False, soft_wrap=True)
