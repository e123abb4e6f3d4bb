"""Wildcards of policies: `*` and `?`, in actions, ARNs and condition values."""

from __future__ import annotations

import re
from functools import lru_cache

_ARN_PARTS = 6


@lru_cache(maxsize=8192)
def glob(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """A pattern in which `*` stands for anything and `?` for one character."""
    return re.compile(_regex(pattern, ".*"), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


@lru_cache(maxsize=8192)
def arn(pattern: str) -> re.Pattern[str]:
    """A pattern of an ARN, each part compared by itself; a `*` at the end goes beyond its part.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    parts = pattern.split(":", _ARN_PARTS - 1)
    wide = [_regex(part, "[^:]*") for part in parts[:-1]]
    return re.compile(":".join([*wide, _regex(parts[-1], ".*")]), re.DOTALL)


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether `text` as a whole is of `pattern`."""
    return glob(pattern, ignore_case=ignore_case).fullmatch(text) is not None


def matches_arn(pattern: str, text: str) -> bool:
    """Whether the ARN `text` is of `pattern`."""
    return pattern == "*" or arn(pattern).fullmatch(text) is not None


def literal(text: str) -> str:
    """`text` as a pattern that matches only itself; undone by the patterns' reading of `${*}` and `${?}`."""
    return text.replace("*", _STAR).replace("?", _MARK)


_STAR, _MARK = "\ue000", "\ue001"  # private characters: a literal * and ? inside a pattern


def plain(pattern: str) -> str:
    """The text that a pattern without wildcards stands for."""
    return pattern.replace(_STAR, "*").replace(_MARK, "?")


def _regex(pattern: str, star: str) -> str:
    pieces = {"*": star, "?": ".", _STAR: r"\*", _MARK: r"\?"}
    # Several stars in a row say what one says, and would make matching slow.
    return re.sub(
        r"\*+|[\s\S]",
        lambda found: pieces.get(found[0][0]) or re.escape(found[0]),
        pattern,
    )
