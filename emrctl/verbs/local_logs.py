"""`emrctl local logs`: what the AWS on this machine has logged."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    lines: Annotated[int, typer.Option(min=0, help="How many of the last lines.")] = 50,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with new lines until Ctrl-C.")
    ] = False,
) -> None:
    """Show the log of the local AWS of this checkout, also after it has ended."""
    from facts.errors import UserError
    from local import control, paths

    home = paths.home()
    if not control.log_file(home).exists():
        raise UserError(f"there is no log in {home}; start a local AWS with 'emrctl local up'")
    for line in control.log_lines(home, lines):
        print(line, flush=follow)
    if follow:
        for line in control.follow(home):
            print(line, flush=True)
