"""`emrctl local down`: end the AWS on this machine."""

from __future__ import annotations

import sys


def command() -> None:
    """End the local AWS of this checkout with everything it started; fine when there is none."""
    from local import control, paths

    down = control.down(paths.home())
    if down.server:
        print("local AWS has ended" + ("; what it held is kept for the next 'up'" if down.kept else ""))
        if not down.kept:
            print(
                "what it held could not be kept: see 'emrctl local logs'; an earlier snapshot stays",
                file=sys.stderr,
            )
    elif not down.strays:
        print("no local AWS is up")
    if down.strays:
        print(f"{down.strays} process{'es' if down.strays > 1 else ''} that it had left behind ended too")
