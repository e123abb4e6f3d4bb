"""`emrctl policy explain`: one rule, with examples."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json


def command(
    rule: Annotated[str, typer.Argument(help="The rule's id, or that of a public control: CKV_AWS_7.")],
    as_json: Json = False,
) -> None:
    """Show what a rule asks, why, how to mend what it finds, and an example of each: bad, good, near miss."""
    from policies.shown import explained, page

    document = explained(rule)
    print(json.dumps(document, indent=2) if as_json else "\n".join(page(document)))
