"""`emrctl jobs show`: a job as it holds in one environment, with everything that the file leaves to defaults."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json


def command(
    name: Annotated[str, typer.Argument(help="The job, as 'emrctl jobs list' shows it.")],
    environment: Annotated[
        str | None,
        typer.Option(help="As the stack's emr:environment; without it, what holds where none is named."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a job's effective spec: sizes as numbers, defaults filled in, the environment's differences applied."""
    import yaml

    from jobs.spec import find

    effective = (
        find(name).for_environment(environment or "").model_dump(mode="json", exclude={"environments"})
    )
    text = (
        json.dumps(effective, indent=2) if as_json else yaml.safe_dump(effective, sort_keys=False, width=110)
    )
    print(text.rstrip())
