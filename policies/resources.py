"""Which resources an IAM action can be granted on (data/resources.json): ARN patterns against ARN templates."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from policies.actions import matches

TABLE = Path(__file__).resolve().parent / "data" / "resources.json"
VARIABLE = re.compile(r"\$\{[^}]*\}")
# A bucket's name has no slash; every other name in a template may have one (roles' and log groups' paths).
BUCKET = "arn:${Partition}:s3:::${BucketName}"


@cache
def _services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = json.loads(TABLE.read_text())["services"]
    return services


@lru_cache(maxsize=4096)
def granted_by(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Actions that the pattern `text` covers, each with the ARN templates of what it can be granted on."""
    service, _, name = text.partition(":")
    known = _services().get(service.lower())
    if known is None or not name:
        return ()
    return tuple(
        (f"{service}:{action}", tuple(known["arns"][kind] for kind in kinds if kind in known["arns"]))
        for action, kinds in known["takes"].items()
        if matches(name, action)
    )


@lru_cache(maxsize=4096)
def is_write(action: str) -> bool:
    """Whether the action, named in full, is one of the reference's level Write; one that it lacks may be."""
    service, _, name = action.partition(":")
    return not name or service.lower() not in _services() or name.lower() in _writes(service.lower())


@cache
def _writes(service: str) -> frozenset[str]:
    return frozenset(name.lower() for name in _services()[service]["writes"])


@lru_cache(maxsize=4096)
def permissions(text: str) -> tuple[str, ...]:
    """Actions that the pattern `text` covers and that decide who may do what."""
    service, _, name = text.partition(":")
    if not name:
        return ("iam:*",) if set(text) <= {"*"} else ()
    known = _services().get(service.lower(), {})
    return tuple(f"{service}:{action}" for action in known.get("permissions", ()) if matches(name, action))


@lru_cache(maxsize=65536)
def fits(arn: str, template: str) -> bool:
    """Whether some resource of the template's type may be meant by the ARN pattern."""
    given, wanted = VARIABLE.sub("*", arn).split(":", 5), VARIABLE.sub("*", template).split(":", 5)
    if len(given) < 6 or len(wanted) < 6:
        return True
    if template == BUCKET and "/" in given[5]:
        return False
    return all(overlap(one, other) for one, other in zip(given, wanted, strict=True))


@lru_cache(maxsize=65536)
def is_all_of_a_type(arn: str) -> bool:
    """Whether the ARN pattern names a type of its service and then nothing but wildcards."""
    parts = arn.split(":", 5)
    named = parts[-1].rstrip("*?/:")
    if len(parts) < 6 or not named or "*" not in parts[-1][len(named) :]:
        return False
    templates = _services().get(parts[2], {}).get("arns", {}).values()
    return any(text.split(":", 5)[-1].partition("${")[0].rstrip("/:") == named for text in templates)


def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns (`*` any run, `?` one character)."""
    if one == other or "*" in (one, other):
        return True
    if not set(one) & {"*", "?"}:
        return matches(other, one)
    if not set(other) & {"*", "?"}:
        return matches(one, other)
    # reached: how much of `other` may be read when this much of `one` is.
    reached = _past_stars({0}, other)
    for char in one:
        if char == "*":
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
            continue
        moved = set()
        for at in reached:
            if at < len(other) and (other[at] in ("*", "?", char) or char == "?"):
                moved.add(at if other[at] == "*" else at + 1)
        reached = _past_stars(moved, other)
    return len(other) in reached


def _past_stars(reached: set[int], other: str) -> set[int]:
    for at in sorted(reached):
        while at < len(other) and other[at] == "*":
            at += 1
            reached.add(at)
    return reached
