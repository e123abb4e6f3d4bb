"""`emrctl policy corpus`: how right the pack is on labelled files of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emrctl.options import Json


def command(
    folder: Annotated[Path, typer.Argument(help="A folder of labelled cases; docs/policies.md says how.")],
    form: Annotated[
        str, typer.Option("--format", help="What the files are: terraform, cloudformation or pulumi.")
    ],
    as_json: Json = False,
) -> None:
    """Judge labelled files: true and false positives and negatives per rule, precision and recall per family.

    Exit code 1 when a label is judged wrong, or a case cannot be judged; the others are.
    """
    from policies.corpus.labels import cases
    from policies.corpus.score import score
    from policies.corpus.shown import document, page

    found = score(cases(folder, form))
    print(document(found) if as_json else "\n".join(page(found)))
    raise typer.Exit(1 if found.mistakes or found.unread else 0)
