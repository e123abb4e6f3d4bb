"""`emrctl jobs versions`: what there is of a job, and which channels and runs refer to it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from emrctl import tables
from emrctl.options import Json, Target

if TYPE_CHECKING:
    from jobs.channels import Version


def command(
    name: Annotated[str, typer.Argument(help="The job.")],
    stack: Annotated[str, typer.Option(help="The stack whose artifacts bucket is looked at.")] = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Show the versions of a job, newest first, with what refers to each: channels now and before, runs."""
    from emrctl.platform import connect
    from jobs import channels

    session, platform = connect(stack, target)
    found = channels.versions(session, platform, name)
    if as_json:
        print(json.dumps([asdict(version) for version in found], indent=2))
        return
    rows = []
    for version in found:
        made = version.created_at[:16].replace("T", " ")
        size = f"{version.size / 1000:,.1f} kB"
        here, left = (", ".join(names) or "-" for names in (version.channels, version.left))
        rows.append((version.digest[:12], made, here, left, _runs(version), size))
    tables.show(("version", "made", "channels", "before in", "runs", "size"), rows)


def _runs(version: Version) -> str:
    """How many, and the last one's id: other verbs ask for it."""
    open_, over = version.under_way, version.ran
    counts = [f"{len(ids)} {what}" for ids, what in ((open_, "under way"), (over, "ran")) if ids]
    return f"{', '.join(counts)}; last {max(open_ + over)}" if counts else "-"
