"""How moto's methods are mended: what they leave out is done before, after or around them.

Each mend once for a process, however many servers it has had; a method may have several.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

_DONE: set[tuple[type, str, Callable[..., Any]]] = set()


def before(owner: type, method: str, first: Callable[..., object]) -> None:
    """Have `first` run before each call of a method, with its arguments."""
    _replace(owner, method, first, lambda original: lambda *a, **kw: (first(*a, **kw), original(*a, **kw))[1])


def after(owner: type, method: str, then: Callable[..., object]) -> None:
    """Have `then` run after each call of a method, with its arguments and before its answer is given."""
    _replace(owner, method, then, lambda original: lambda *a, **kw: (original(*a, **kw), then(*a, **kw))[0])


def around(owner: type, method: str, make: Callable[[Any], Any]) -> None:
    """Have what `make` makes of a method stand in its place."""
    _replace(owner, method, make, make)


def _replace(owner: type, method: str, mend: Callable[..., Any], make: Callable[[Any], Any]) -> None:
    """`mend` is what tells one mend from another: a function of a module, not one made at each installation."""
    if (owner, method, mend) in _DONE:
        return
    _DONE.add((owner, method, mend))
    original = getattr(owner, method)
    setattr(owner, method, wraps(original)(make(original)))
