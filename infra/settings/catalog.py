"""The settings of the catalog and of those who ask it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.settings.model import SettingsModel

GIB = 1024**3


class CatalogSettings(SettingsModel):
    """The Athena workgroup of the analysts."""

    # Athena bills what a query scans, and a filter that names no partition scans the whole table. The default lets a
    # query through large partitions and stops one that reads a lake. One GiB is well over the least that AWS takes
    # (10 MB): https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
    scan_limit_gib_per_query: int = Field(default=100, ge=1, le=1_048_576)
    """The most that one query may scan, in GiB; Athena cancels one that comes to it, and bills what it has scanned."""
    # https://docs.aws.amazon.com/athena/latest/ug/engine-versions.html
    engine_version: Literal["auto", "3"] = "auto"
    """Athena's engine: auto follows what Athena chooses, a number stays at that version."""

    @property
    def scan_limit_bytes(self) -> int:
        """The limit as Athena has it."""
        return self.scan_limit_gib_per_query * GIB

    @property
    def selected_engine(self) -> str:
        """The engine's version in Athena's own words."""
        return "AUTO" if self.engine_version == "auto" else f"Athena engine version {self.engine_version}"
