"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at. `remedy` says what to do; it is empty where all is well."""

    check: str
    level: Level
    message: str
    remedy: str = ""


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check=check, level="ok", message=message)


def warning(check: str, message: str, remedy: str) -> Finding:
    """It may go well, or it will go worse than it could."""
    return Finding(check=check, level="warning", message=message, remedy=remedy)


def problem(check: str, message: str, remedy: str) -> Finding:
    """An update, or the first cluster, would fail."""
    return Finding(check=check, level="problem", message=message, remedy=remedy)
