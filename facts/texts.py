"""Texts of a fixed form: the pattern for whoever checks them, and words with an example for whoever wrote them."""

from __future__ import annotations

from pydantic import StringConstraints

WORDS: dict[str, str] = {}


def text(pattern: str, words: str, *, longest: int | None = None) -> StringConstraints:
    """A text that matches `pattern`, which is to say `words`, of at most `longest` characters.

    A mistake is told with the words, not with the pattern.
    """
    if WORDS.setdefault(pattern, words) != words:
        raise ValueError(f"{pattern} is told in other words already: {WORDS[pattern]}")
    return StringConstraints(pattern=pattern, max_length=longest)
