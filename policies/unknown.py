"""Values that a preview cannot know yet.

The policy SDK marks them by sentinel strings behind proxies that raise at the first touch, which would hide
everything else that a rule has to say. Here they become `Unknown` objects: a rule may look whether a value is
known, and one that does not look cannot mistake it for a value, since using it raises `NotYetKnownError`,
which the pack reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from pulumi_policy import proxy

SENTINELS = frozenset(
    {
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    }
)


class NotYetKnownError(Exception):
    """A rule used a value that is not known before the update."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not known before the update")
        self.path = path


class Unknown:
    """A value not known before the update; `path` says where it stands, as in `ec2Attributes.subnetId`."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def _refuse(self, *_: object) -> NoReturn:
        raise NotYetKnownError(self.path)

    __bool__ = __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = _refuse
    __iter__ = __len__ = __contains__ = __getitem__ = __str__ = __int__ = __float__ = _refuse
    __hash__ = None  # type: ignore[assignment]  # an unknown in a set or as a key would compare by luck

    def __repr__(self) -> str:
        return f"Unknown({self.path})"


def plain(value: Any, path: str = "") -> Any:
    """Copy of `value` in plain dicts and lists, every unknown replaced by an `Unknown` with its path."""
    if isinstance(value, str):
        return Unknown(path) if value in SENTINELS else value
    if isinstance(value, Mapping):
        return {key: _member(value, key, f"{path}.{key}" if path else str(key)) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_member(value, index, f"{path}[{index}]") for index in range(len(value))]
    return value


def _member(container: Any, key: Any, path: str) -> Any:
    try:
        return plain(container[key], path)
    except proxy.UnknownValueError:
        return Unknown(path)


def unknowns(value: Any) -> Iterable[Unknown]:
    """Every `Unknown` anywhere inside `value`."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from unknowns(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from unknowns(member)
