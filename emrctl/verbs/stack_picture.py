"""`emrctl stack picture`: what a stack makes, drawn."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Stack, Target


def command(
    stack: Stack = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="Print the tree of components as JSON.")] = False,
    target: Target = None,
) -> None:
    """Print a picture of each component with its resources: Markdown with Mermaid, from a preview; touches nothing."""
    from dataclasses import asdict

    from emrctl.context import resolve
    from emrctl.pulumi import workspace
    from stacks import picture

    preview = workspace(resolve(target), stack).plan(stack)
    if as_json:
        print(json.dumps([asdict(node) for node in picture.components(picture.planned(preview))], indent=2))
    else:
        print(picture.page(stack, preview), end="")
