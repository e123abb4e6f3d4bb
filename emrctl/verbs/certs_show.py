"""`emrctl certs show`: the certificate of EMR's nodes, how long it is good, which clusters have an older one."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json, Stack, Target


def command(
    stack: Stack = "dev",
    least_days: Annotated[
        int | None, typer.Option(min=0, help="So many days must be left; what doctor wants, if not given.")
    ] = None,
    as_json: Json = False,
    target: Target = None,
) -> None:
    """Show the nodes' certificate and the clusters that started with it or an older one; keys are not shown.

    Exit code: 0 all good, 1 something is to be done (rotate, or replace a cluster), 2 it could not be looked at.
    """
    from emrctl.certificates import shown
    from emrctl.certificates.rotation import LEAST_DAYS

    least = LEAST_DAYS if least_days is None else least_days
    certificates, now = shown.of(target, stack), shown.now()
    with shown.explained(certificates):
        status = certificates.look()
    if as_json:
        print(json.dumps({"stack": stack, **shown.status_document(status, now, least)}, indent=2))
    else:
        print("\n".join(shown.status_lines(status, now, least, stack)))
    raise typer.Exit(0 if status.sound(now, least) else 1)
