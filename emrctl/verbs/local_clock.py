"""`emrctl local clock`: what time it is for the AWS on this machine, and how to let time pass."""

from __future__ import annotations

import json
import re
from typing import Annotated

import typer

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def command(
    advance: Annotated[
        str, typer.Option(help="Let so much time pass at once: 90s, 15m, 2h, 1d, or 1d12h.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Show the test clock of the local AWS, or move it; timers that fall due meanwhile have run when this ends.

    It drives idle and other time-outs, cooldowns and alarms. Signatures, sessions and Spark keep the real time.
    """
    from local import control, paths

    told = control.move_clock(paths.home(), seconds(advance) if advance else 0)
    if as_json:
        print(json.dumps(told, indent=2))
    else:
        print(f"it is {told['now']}" + (f", {advance} later than it was" if advance else ""))


def seconds(text: str) -> int:
    """The seconds of a span such as "1d12h"; a bare number counts seconds. Raises UserError."""
    from facts.errors import UserError

    if text.isascii() and text.isdigit():
        return int(text)
    parts = re.findall(r"(\d+)([smhd])", text, re.ASCII)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UserError(f"--advance is {text!r}; give a span such as 90s, 15m, 2h, 1d or 1d12h")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
