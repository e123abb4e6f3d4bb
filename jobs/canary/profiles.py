"""What a run's report says of the tables that it wrote, as `jobs.workloads.profile` words it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    # A newer workload may tell more than this version reads.
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Column(_Part):
    """One column. `quantiles` in equal steps of rank, or `buckets` of hashes with the rows in each, or neither."""

    type: str
    nulls: Count
    quantiles: tuple[float, ...] | None = None
    buckets: tuple[Count, ...] | None = None


class Profile(_Part):
    """One table."""

    rows: Count
    columns: Mapping[str, Column]


def read(report: Mapping[str, Any] | None) -> dict[str, Profile]:
    """The profiles in a report, by table: `<output>` or `<output>/<table>`. Empty where there are none to be read."""
    found = (report or {}).get("profiles")
    if not isinstance(found, dict):
        return {}
    try:
        return {str(name): Profile.model_validate(profile) for name, profile in found.items()}
    except ValidationError:
        return {}


def tells_of(output: str, profiles: Mapping[str, Profile]) -> bool:
    """Whether a table of `output` has a profile."""
    return any(name.partition("/")[0] == output for name in profiles)
