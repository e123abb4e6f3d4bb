"""`emrctl certs rotate`: a new key and certificate for the nodes of EMR."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json, Stack, Target


def command(
    stack: Stack = "dev",
    new_authority: Annotated[
        bool,
        typer.Option(
            "--new-authority",
            help="Also replace who vouches for it: clusters that stand must then be replaced.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before trust is cut.")] = False,
    as_json: Json = False,
    target: Target = None,
) -> None:
    """Put a new key and certificate where EMR's nodes find them as they start; nodes of before and after it get along.

    Exit code: 0 rotated, 1 somebody else rotated at the same moment, 2 refused; nothing was changed then.
    """
    from emrctl.certificates import shown
    from facts.errors import UserError
    from stacks.terminal import is_interactive

    certificates, now = shown.of(target, stack), shown.now()
    with shown.explained(certificates):
        rotation = certificates.rotate(now, anew=new_authority, only_ask=True)
        if rotation.cut and not (dry_run or yes):
            cut = ", ".join(rotation.cut)
            question = f"clusters {cut} will not trust nodes that start after it and must be replaced"
            if not (is_interactive() and typer.confirm(f"{question}. Rotate?", err=True)):
                raise UserError(f"{question}; nothing was changed; agree with --yes")
        if not dry_run:
            rotation = certificates.rotate(now, anew=new_authority)
    if as_json:
        print(json.dumps({"stack": stack, **shown.rotation_document(rotation, now)}, indent=2))
        return
    print("\n".join(shown.rotation_lines(rotation, now)))
