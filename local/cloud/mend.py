"""How moto's methods are mended: what they leave out is done before or after them.

Once for a process, however many servers it has had.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def before(owner: type, method: str, first: Callable[..., object]) -> None:
    """Have `first` run before each call of a method, with its arguments."""
    _replace(owner, method, lambda original: lambda *a, **kw: (first(*a, **kw), original(*a, **kw))[1])


def after(owner: type, method: str, then: Callable[..., object]) -> None:
    """Have `then` run after each call of a method, with its arguments and before its answer is given."""
    _replace(owner, method, lambda original: lambda *a, **kw: (original(*a, **kw), then(*a, **kw))[0])


def _replace(owner: type, method: str, make: Callable[[Any], Any]) -> None:
    original = getattr(owner, method)
    if not hasattr(original, "__wrapped__"):
        setattr(owner, method, wraps(original)(make(original)))
