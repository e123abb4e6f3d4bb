"""What a value must be like: limits as data, and the one line that says what is wrong.

`data/limits.json` has them as the real provider says them, asked (witness/limits.py), and `data/limits_since.json`
what is allowed since then. A limit is a mapping; everything in it must hold.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Limit = Mapping[str, Any]
_MORE = ("any_case", "or_empty")  # what else a limit lets pass
# internal/verify/validate.go of terraform-provider-aws, that of today: it knows more owners than 3.39.0 did.
_ARN = re.compile(
    r"arn:aws(-[a-z]+)*:[^:]*:([a-z]{2}(-[a-z]+)+-\d)?:(aws|aws-managed|third-party|\d{12}|cw.{10})?:.+",
    re.DOTALL,
)


def wrong(limit: Limit, value: Any) -> str | None:
    """What the value must be and is not, as "must be …"; None when it is within the limit."""
    if limit.get("or_empty") and value == "":
        return None
    if limit.get("any_case") and str(value).lower() in (str(one).lower() for one in limit["one_of"]):
        return None
    for name, bound in limit.items():
        if name not in _MORE and not _HOLDS[name](value, bound):
            return f"must {_SAYS[name](bound)}"
    return None


def with_also(limit: Limit, also: Limit) -> Limit:
    """What either of two allows; lists of words become one."""
    if limit.keys() - set(_MORE) == also.keys() == {"one_of"}:
        return {**limit, "one_of": [*limit["one_of"], *also["one_of"]]}
    return {"either": [limit, also]}


def _either(value: Any, limits: list[Limit]) -> bool:
    return any(wrong(one, value) is None for one in limits)


def _between(value: Any, bound: list[float]) -> bool:
    return bound[0] <= float(value) <= bound[1]


def _length(value: Any, bound: list[int]) -> bool:
    # Go's len: bytes of UTF-8.
    return bound[0] <= len(str(value).encode()) <= bound[1]


def _json(value: Any, bound: str) -> bool:
    try:
        json.loads(str(value))
    except ValueError:
        return False
    return bound != "object" or str(value).startswith("{")


def _cidr(value: Any, bound: Mapping[str, Any]) -> bool:
    try:
        network = ipaddress.ip_network(str(value))
    except ValueError:
        return False
    least, most = bound.get("bits", (0, 128))
    return "/" in str(value) and network.version in bound["versions"] and least <= network.prefixlen <= most


def _address(value: Any, bound: list[int]) -> bool:
    try:
        return ipaddress.ip_address(str(value)).version in bound
    except ValueError:
        return False


def _time(value: Any, _bound: bool) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _number(value: Any, _bound: bool) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "address": _address,
    "arn": lambda value, _: _ARN.fullmatch(str(value)) is not None,
    "at_least": lambda value, bound: float(value) >= bound,
    "between": _between,
    "cidr": _cidr,
    "divisible_by": lambda value, bound: float(value) % bound == 0,
    "either": _either,
    "json": _json,
    "length": _length,
    "matches": lambda value, bound: re.fullmatch(bound, str(value), re.DOTALL) is not None,
    "number": _number,
    "one_of": lambda value, bound: str(value) in map(str, bound),
    "time": _time,
}
_SAYS: Mapping[str, Callable[[Any], str]] = {
    "address": lambda bound: f"be an IPv{bound[-1]} address",
    "arn": lambda _: "be an ARN",
    "at_least": lambda bound: f"be at least {bound}",
    "between": lambda bound: f"be from {bound[0]} to {bound[1]}",
    "cidr": lambda bound: _says_cidr(bound),
    "divisible_by": lambda bound: f"be a multiple of {bound}",
    "either": lambda limits: " or ".join(_SAYS[name](one[name]) for one in limits for name in one),
    "json": lambda bound: "be a JSON object" if bound == "object" else "be JSON",
    "length": lambda bound: f"have from {bound[0]} to {bound[1]} characters",
    "matches": lambda bound: f"match {bound}",
    "number": lambda _: "be a number",
    "one_of": lambda bound: f"be one of {', '.join(str(one) or repr('') for one in bound)}",
    "time": lambda _: "be a time as 2030-01-31T00:00:00Z",
}


def _says_cidr(bound: Mapping[str, Any]) -> str:
    kind = " or ".join(f"IPv{version}" for version in bound["versions"])
    bits = f" with {bound['bits'][0]} to {bound['bits'][1]} bits" if "bits" in bound else ""
    return f"be an {kind} network{bits}, as {'10.0.0.0/16' if 4 in bound['versions'] else '2001:db8::/56'}"
