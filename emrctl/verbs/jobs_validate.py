"""`emrctl jobs validate`: every mistake in the jobs' files at once."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json


def command(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE]...", help="Jobs or files; the whole catalog if none is said."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check jobs as files, for every environment that they name. Exit code: 0 all good, 2 mistakes."""
    from jobs.validation import check

    checked = check(targets or ())
    if as_json:
        mistakes = [
            {"file": str(one.file), "line": one.line, "key": one.key, "what": one.what}
            for one in checked.mistakes
        ]
        print(json.dumps({"files": [str(file) for file in checked.files], "mistakes": mistakes}, indent=2))
    else:
        for mistake in checked.mistakes:
            print(mistake)
        count, files = len(checked.mistakes), len(checked.files)
        print(
            f"{files} {'file' if files == 1 else 'files'}, {count or 'no'} {'mistake' if count == 1 else 'mistakes'}"
        )
    raise typer.Exit(2 if checked.mistakes else 0)
