"""The options that many verbs share, each worded once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from facts.errors import UserError

Stack = Annotated[str, typer.Argument(help="The stack: what stands between 'Pulumi.' and '.yaml'.")]
Target = Annotated[str | None, typer.Option(help="local or aws; local while one is up here.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
CancelRuns = Annotated[
    bool,
    typer.Option("--cancel-runs", help="Cancel runs of EMR Serverless applications that must stop for it."),
]
EngineJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document; the engine's display goes to stderr.")
]
OfAccount = Annotated[
    bool, typer.Option("--account", help="Of Pulumi.account.yaml, not of a platform's stack.")
]
Run = Annotated[str, typer.Argument(help="The run's id, or a part of it that fits no other.")]
OfStack = Annotated[str, typer.Option("--stack", help="The stack that it runs on.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show neither progress nor what the driver says.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show Spark's own INFO lines, too.")]


def pairs(said: Iterable[str], option: str = "--param") -> dict[str, str]:
    """What `option` says, NAME=VALUE each time. Raises UserError for one without a '=' and a name that stands twice."""
    found: dict[str, str] = {}
    for one in said:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise UserError(f"{option}: '{one[:40]}' is no NAME=VALUE")
        if name in found:
            raise UserError(f"{option}: '{name[:40]}' stands twice")
        found[name] = value
    return found
