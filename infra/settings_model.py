"""What every model of the settings is made of."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict


class SettingsModel(BaseModel):
    """Frozen; an unknown key is a mistake."""

    # The line under a field is its meaning: `emrctl settings explain` and the schema for editors show it.
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True
    )


def refuse(mistakes: Iterable[str]) -> None:
    """Raise the `mistakes`, each `key: what is wrong`, as one ValueError that the loader takes apart again."""
    if lines := list(mistakes):
        raise ValueError("\n".join(lines))
