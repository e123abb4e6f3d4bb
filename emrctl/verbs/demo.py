"""`emrctl demo`: the platform up, the nightly ETL run on real flights, its result shown."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")] = False,
) -> None:
    """Bring the platform up on this machine and run the nightly ETL; all is left running to explore."""
    from emrctl.demo import run

    run(as_json=as_json)
