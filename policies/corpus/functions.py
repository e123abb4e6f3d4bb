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
    "alltrue": _all_known(lambda values: all(value in (True, "true") for value in values)),
    "anytrue": _all_known(lambda values: any(value in (True, "true") for value in values)),
    "can": _all_known(lambda _value: True),
    "coalesce": _first_known,
    "coalescelist": _all_known(lambda *lists: next((one for one in lists if one), [])),
    "compact": _all_known(lambda values: [one for one in values if one]),
    "concat": _concatenated,
    "contains": _all_known(lambda members, value: value in members),
    "distinct": _all_known(lambda members: list(dict.fromkeys(members))),
    "element": _all_known(lambda members, index: members[index % len(members)]),
    "endswith": _all_known(str.endswith),
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
    "max": _all_known(max),
    "min": _all_known(min),
    "nonsensitive": lambda value: value,
    "one": _all_known(lambda values: values[0] if values else None),
    "range": _all_known(lambda *bounds: list(range(*bounds))),
    "replace": _all_known(str.replace),
    "tobool": _all_known(lambda value: {"true": True, "false": False}.get(value, value)),
    "tolist": lambda value: value,
    "tomap": lambda value: value,
    "tonumber": _all_known(float),
    "reverse": _all_known(lambda values: values[::-1]),
    "sensitive": lambda value: value,
    "setunion": _all_known(lambda *sets: list(dict.fromkeys(x for one in sets for x in one))),
    "slice": _all_known(lambda values, start, end: values[start:end]),
    "sort": _all_known(sorted),
    "split": _all_known(lambda mark, text: text.split(mark)),
    "startswith": _all_known(str.startswith),
    "substr": _all_known(lambda text, start, length: text[start:][: length if length >= 0 else None]),
    "toset": lambda value: value,
    "tostring": _all_known(as_text),
    "title": _all_known(lambda text: re.sub(r"\b\w", lambda m: m[0].upper(), text)),
    "trimprefix": _all_known(str.removeprefix),
    "trimspace": _all_known(str.strip),
    "trimsuffix": _all_known(str.removesuffix),
    "try": _first_known,
    "upper": _all_known(str.upper),
    "zipmap": lambda keys, values: dict(zip(keys, values, strict=True)),
    "values": _all_known(lambda table: list(table.values())),
}
