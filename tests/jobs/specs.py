"""Specs as files, for the tests of each part of a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from facts.errors import UserError
from jobs import spec
from jobs.spec import JobSpec

GOOD: dict[str, Any] = yaml.safe_load((spec.CATALOG / "nightly-etl.yaml").read_text())


def job(**changes: Any) -> JobSpec:
    """The nightly ETL with `changes`."""
    return JobSpec.model_validate({**GOOD, **changes})


def write(folder: Path, stem: str, **changes: Any) -> Path:
    """A file of the nightly ETL with `changes`, called `stem`."""
    file = folder / f"{stem}.yaml"
    file.write_text(yaml.safe_dump({**GOOD, "name": stem, **changes}, sort_keys=False))
    return file


def told(folder: Path, **changes: Any) -> list[str]:
    """The mistakes in it, a line each, without the file."""
    file = write(folder, "bad", **changes)
    with pytest.raises(UserError) as caught:
        spec.load(file)
    lines = str(caught.value).splitlines()
    return [line.removeprefix(f"{file}:") for line in (lines if len(lines) == 1 else lines[1:])]
