"""`emrctl engine ensure`: find or get the Pulumi engine."""

from __future__ import annotations

import json

from emrctl.options import Json


def command(
    as_json: Json = False,
) -> None:
    """Find the Pulumi engine, or install it, or build it (once, about three minutes)."""
    from emrctl.progress import Line
    from local.engine import ensure

    with Line() as line:
        engine = ensure(line.say)
    if as_json:
        print(
            json.dumps({"bin_dir": str(engine.bin_dir), "version": engine.version, "origin": engine.origin})
        )
    else:
        print(f"engine {engine.version} ({engine.origin}): {engine.bin_dir}")
