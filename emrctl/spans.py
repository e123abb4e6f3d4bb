"""Spans of time as people write them."""

from __future__ import annotations

import re

from facts.errors import UserError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(text: str, option: str) -> int:
    """The seconds of a span such as "1d12h", given as `option`; a bare number counts seconds. Raises UserError."""
    if text.isascii() and text.isdigit():
        return int(text)
    parts = re.findall(r"(\d+)([smhd])", text, re.ASCII)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UserError(f"{option} is {text!r}; give a span such as 90s, 15m, 2h, 1d or 1d12h")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
