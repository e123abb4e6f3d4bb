"""`emrctl jobs init`: a new job, with a test that passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from emrctl.options import Json


def command(
    name: Annotated[str, typer.Argument(help="The new job's name: lower-case letters, digits and '-'.")],
    as_json: Json = False,
) -> None:
    """Make a new job that runs as it is: spec, module, transform, test. Refuses a name that is taken."""
    from jobs import scaffold

    made = [str(_short(file)) for file in scaffold.make(name)]
    if as_json:
        print(json.dumps({"job": name, "files": made}, indent=2))
        return
    print("\n".join([*made, "", "next:"]))
    print(f"  python -m pytest {made[-1]}")
    print(f"  emrctl jobs validate {name}")
    print("  emrctl stack up   # its role")
    print(f"  emrctl jobs deploy {name}")
    print(f"  emrctl jobs run {name}")


def _short(file: Path) -> Path:
    """As seen from here, when it is below."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
