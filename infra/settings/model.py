"""What every model of the settings is made of."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from facts import releases
from facts.errors import UserError


class SettingsModel(BaseModel):
    """Frozen; an unknown key is a mistake."""

    # The line under a field is its meaning: `emrctl settings explain` and the schema for editors show it.
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True
    )


def refuse(mistakes: Iterable[str]) -> None:
    """Raise the `mistakes`, each `key: what is wrong`, as one ValueError that the loader takes apart again."""
    if lines := [printable(line) for line in mistakes]:
        raise ValueError("\n".join(lines))


def printable(text: str) -> str:
    """The text on one line of a terminal: what would break it, or is not seen, is written out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def known_release(label: str) -> str:
    """The label of a release that facts know. Raises ValueError for another, with those there are."""
    try:
        releases.release(label)
    except UserError as error:
        raise ValueError(str(error)) from None
    return label
