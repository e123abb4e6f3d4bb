"""Serverless applications in the way of a change, drained through the target in force."""

from __future__ import annotations

import sys

import typer

from emrctl.context import Target
from stacks import drain
from stacks.engine import Pulumi
from stacks.terminal import is_interactive


def drained(engine: Pulumi, target: Target, stack: str, *, cancel_runs: bool, destroy: bool = False) -> None:
    """Stop the running applications that the change would meet, their runs cancelled if the user agrees or said so.

    Raises UserError when not.
    """

    def agreed(question: str) -> bool:
        return cancel_runs or (is_interactive() and typer.confirm(f"{question}. Cancel them?", err=True))

    def in_region(region: str) -> drain.Drain:
        api = target.session().client("emr-serverless", region_name=region)
        return drain.Drain(api=api, agreed=agreed, say=lambda line: print(line, file=sys.stderr))

    drain.before_change(engine, stack, in_region, destroy=destroy)
