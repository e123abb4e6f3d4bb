"""`emrctl runs query`: SQL over the records of all runs."""

from __future__ import annotations

from typing import Annotated

import typer

from emrctl.options import OfStack, Target
from facts.errors import UserError


def command(
    sql: Annotated[
        str, typer.Argument(help="One SELECT over the tables runs and attempts, in DuckDB's SQL.")
    ],
    stack: OfStack = "dev",
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as one JSON list.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")] = False,
) -> None:
    """Ask the run store: a row of `runs` for each run that ended, a row of `attempts` for each of its attempts.

    Nothing can be changed, and SQL reaches neither files nor the network. Times are in UTC. 'DESCRIBE runs' shows the
    columns. Records never change, so those fetched once are kept in the user's cache.
    """
    from emrctl import answers
    from emrctl.platform import connect
    from jobs.querying.asking import ask
    from jobs.querying.copies import Copy
    from local import paths

    if as_json and as_csv:
        raise UserError("--json and --csv: name one of them")
    session, platform = connect(stack, target)
    copy = Copy(s3=session.client("s3"), bucket=platform.buckets.runs, folder=paths.cache() / "runs")
    answer = ask(copy, sql)
    show = answers.show_json if as_json else answers.show_csv if as_csv else answers.show_table
    show(answer)
