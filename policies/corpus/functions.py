"""The functions of Terraform's language that files with policies use; the others give what is not known.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from policies.corpus.values import UNKNOWN, as_text, holds_unknown, joined


def _encoded(value: Any) -> Any:
    """JSON text; a structure with holes stays one, which the pack reads as well and sees what is known of it."""
    return value if holds_unknown(value) else json.dumps(value)


def _merged(*maps: Any) -> Any:
    if any(not isinstance(one, dict) for one in maps if one is not None):
        return UNKNOWN
    return {key: value for one in maps if one for key, value in one.items()}


def _all_known(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*arguments: Any) -> Any:
        return UNKNOWN if any(holds_unknown(one) for one in arguments) else function(*arguments)

    return guarded


def _first_known(*arguments: Any) -> Any:
    return next((one for one in arguments if one not in (UNKNOWN, None)), UNKNOWN)


def _concatenated(*lists: Any) -> Any:
    return [x for one in lists for x in one] if all(isinstance(one, list) for one in lists) else UNKNOWN


def _format(text: str, *arguments: Any) -> Any:
    pieces = re.split(r"%[svdq]", text)
    if len(pieces) != len(arguments) + 1:
        return UNKNOWN
    parts: list[Any] = [pieces[0]]
    for argument, piece in zip(arguments, pieces[1:], strict=True):
        parts += [argument, piece]
    return joined(parts)


def computed(operator: str, left: Any, right: Any) -> Any:
    """What an operator makes of two known values."""
    match operator:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "&&":
            return left and right
        case "||":
            return left or right
        case "+" | "-" | "*" if isinstance(left, int | float) and isinstance(right, int | float):
            return {"+": left + right, "-": left - right, "*": left * right}[operator]
        case "<" | ">" | "<=" | ">=" if isinstance(left, int | float) and isinstance(right, int | float):
            return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator]
    return UNKNOWN


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "coalesce": _first_known,
    "compact": _all_known(lambda values: [one for one in values if one]),
    "concat": _concatenated,
    "contains": _all_known(lambda members, value: value in members),
    "distinct": _all_known(lambda members: list(dict.fromkeys(members))),
    "element": _all_known(lambda members, index: members[index % len(members)]),
    "flatten": _all_known(
        lambda lists: [x for one in lists for x in (one if isinstance(one, list) else [one])]
    ),
    "format": _format,
    "join": _all_known(lambda mark, values: mark.join(as_text(one) for one in values)),
    "formatlist": _all_known(
        lambda text, *lists: [_format(text, *each) for each in zip(*lists, strict=True)]
    ),
    "jsondecode": _all_known(json.loads),
    "jsonencode": _encoded,
    "keys": _all_known(lambda table: sorted(table)),
    "length": _all_known(len),
    "lookup": _all_known(lambda table, key, default=None: table.get(key, default)),
    "lower": _all_known(str.lower),
    "merge": _merged,
    "one": _all_known(lambda values: values[0] if values else None),
    "range": _all_known(lambda *bounds: list(range(*bounds))),
    "replace": _all_known(str.replace),
    "tobool": _all_known(lambda value: {"true": True, "false": False}.get(value, value)),
    "tolist": lambda value: value,
    "tomap": lambda value: value,
    "tonumber": _all_known(float),
    "split": _all_known(lambda mark, text: text.split(mark)),
    "toset": lambda value: value,
    "tostring": _all_known(as_text),
    "trimspace": _all_known(str.strip),
    "try": _first_known,
    "upper": _all_known(str.upper),
    "zipmap": lambda keys, values: dict(zip(keys, values, strict=True)),
    "values": _all_known(lambda table: list(table.values())),
}
