"""A stack's own tags, beside those that the platform sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated

from facts.texts import text
from infra.tags import EMR_SCOPE_KEY, LIFETIME_KEY

# What `infra.tags` sets itself, on everything; and what it sets on some, where permissions hang on it.
PLATFORM_TAGS = ("environment", "owner", "cost-center", "data-classification", "managed-by", "stack")
RESERVED_TAGS = (*PLATFORM_TAGS, EMR_SCOPE_KEY, LIFETIME_KEY)
# The folder of Spark's event log is an object, and bears every tag of the stack.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
MOST_TAGS_OF_AN_OBJECT = 10

# Blanks alone name nothing, which the policy pack's required-tags refuses on every single resource.
TagValue = Annotated[
    str,
    text(
        r"^[\w.:/=+@-]([\w .:/=+@-]*[\w.:/=+@-])?$",
        "letters, digits, spaces and . : / = + @ _ -, with no space at either end",
        longest=256,
    ),
]


def number_mistakes(tags: Collection[str]) -> Iterable[str]:
    """Whether there are more than the one object that bears them may have."""
    most = MOST_TAGS_OF_AN_OBJECT - len(PLATFORM_TAGS)
    if len(tags) > most:
        yield (
            f"tags: has {len(tags)} tags; at most {most}, since with the platform's {len(PLATFORM_TAGS)} S3 takes "
            f"{MOST_TAGS_OF_AN_OBJECT} on an object; remove some"
        )


def tag_mistakes(tags: Iterable[str]) -> Iterable[str]:
    """What is wrong with the keys of a stack's own tags. IAM takes keys that differ by case alone for the same.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html, "case sensitivity"
    """
    seen: dict[str, str] = {}
    for key in tags:
        if key.lower() in RESERVED_TAGS:
            yield f"tags.{key}: is set by the platform, where it is wanted; remove it here"
        elif key.lower().startswith("aws:"):
            yield f"tags.{key}: begins with 'aws:', which AWS keeps for itself; take another name"
        elif key.lower() in seen:
            other = seen[key.lower()]
            yield f"tags.{key}: differs from '{other}' by case alone, which IAM takes for the same; remove one"
        seen.setdefault(key.lower(), key)
