"""`emrctl jobs promote`: a version that ran well in one channel or stack becomes another's."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from emrctl.options import Json, Target
from facts.errors import UserError


def command(
    name: Annotated[str, typer.Argument(help="The job.")],
    version: Annotated[
        str | None, typer.Argument(help="The version: its digest or the beginning of it.")
    ] = None,
    to: Annotated[str, typer.Option(help="The channel that is pointed at it.")] = "prod",
    from_channel: Annotated[str | None, typer.Option(help="Take the version of this channel.")] = None,
    from_stack: Annotated[
        str | None, typer.Option(help="Bring it from this stack; of its channel, if --from-channel says one.")
    ] = None,
    stack: Annotated[str, typer.Option(help="The stack whose channel is moved.")] = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Point a channel at a version that is there, or bring it from another stack first, checked file by file."""
    from emrctl.platform import connect
    from jobs import channels, transfer

    if (version is None) == (from_channel is None):
        raise UserError("name one of both: a version, or --from-channel with the channel that has it")
    session, platform = connect(stack, target)
    source, source_platform = connect(from_stack, target) if from_stack else (session, platform)
    digest = version
    if digest is None:
        digest = channels.pointed(source, source_platform, name, from_channel or "").digest
    if from_stack:
        digest = transfer.bring(source, source_platform, session, platform, name, digest)
    moved = channels.promote(session, platform, name, digest, to)
    if as_json:
        print(json.dumps(asdict(moved), indent=2))
        return
    print(channels.describe(moved))
