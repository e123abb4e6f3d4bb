"""Reads the dated data files beside it, and words the error for a name that a table does not hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

from facts.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """When a data file was true, and where its numbers are from."""

    as_of: str  # ISO date
    sources: tuple[str, ...]


@cache
def load(name: str) -> Mapping[str, Any]:
    """The data file `name` (without .json), parsed once a process; callers do not change it."""
    text = resources.files("facts.data").joinpath(f"{name}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def provenance(name: str) -> Provenance:
    """Date and sources of the data file `name`."""
    document = load(name)
    return Provenance(as_of=document["as_of"], sources=tuple(document["sources"]))


def unknown(what: str, value: str, allowed: Iterable[str]) -> UserError:
    """The error for a `value` that is none of `allowed`, with the nearest one where there is a near one."""
    names = sorted(allowed)
    near = get_close_matches(value, names, n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return UserError(f"{what} '{value}' is not known{hint}; known are: {', '.join(names)}")
