"""How the policy pack is handed to the engine: with a profile's levels, and what a stack sets beside them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from facts.errors import UserError

PROFILE = "profile"


@contextmanager
def arguments(pack: Path | None, project: Path, stack: str) -> Iterator[list[str]]:
    """The engine's arguments for the pack, with what the project's file `policies.<stack>.json` sets of it.

    The file is in the engine's own format. It may also name a `profile`, a file of the pack's folder `profiles`: what
    it sets itself stands over that. Raises UserError when the profile is not there, or either is no JSON.
    """
    file = project / f"policies.{stack}.json"
    if pack is None:
        yield []
    elif not file.is_file():
        yield ["--policy-pack", str(pack)]
    else:
        own = _read(file)
        if PROFILE not in own:
            yield ["--policy-pack", str(pack), "--policy-pack-config", str(file)]
            return
        merged = {**_profile(pack, file, own.pop(PROFILE)), **own}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as made:
            json.dump(merged, made)
            made.flush()
            yield ["--policy-pack", str(pack), "--policy-pack-config", made.name]


def _read(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text())
    except json.JSONDecodeError as error:
        raise UserError(f"{file.name} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UserError(f"{file.name} is no object of rules and their settings")
    return value


def _profile(pack: Path, file: Path, name: Any) -> dict[str, Any]:
    known = {one.stem: one for one in sorted((pack / "profiles").glob("*.json"))}
    if name not in known:
        raise UserError(
            f"{file.name}: the profile {name!r} is not known; known are: {', '.join(known) or 'none'}"
        )
    return _read(known[name])
