"""What a job reads and writes, what its data must look like, and how a new version is judged by the last good run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from jobs.spec.values import DatasetName, Part, Prefix, Zone

Column = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)]
# Spark's own names of types: https://spark.apache.org/docs/latest/sql-ref-datatypes.html
ColumnType = Annotated[
    str,
    StringConstraints(
        pattern=r"^(boolean|tinyint|smallint|int|bigint|float|double|string|binary|date|timestamp|timestamp_ntz|decimal\([0-9]+,[0-9]+\))$"
    ),
]


class Contract(Part):
    """What every run's output must hold to; checked by the workload before it is done."""

    columns: Mapping[Column, ColumnType] = {}
    required: tuple[Column, ...] = ()  # never null
    unique: tuple[Column, ...] = ()  # together
    least_rows: int = Field(default=0, ge=0)
    most_null_share: Mapping[Column, Annotated[float, Field(ge=0, le=1)]] = {}


class Dataset(Part):
    """A place that a job reads or writes: a prefix in one of the platform's zones."""

    name: DatasetName
    zone: Zone
    prefix: Prefix  # "nycflights13/flights/": relative, ends with a slash
    format: Literal["parquet", "json", "csv", "orc", "avro"] = "parquet"
    contract: Contract | None = None


class Canary(Part):
    """What a canary of a new version runs on, and how far it may be from the last good run. Shares are of one."""

    parameters: Mapping[DatasetName, str] = {}  # values of `${param.…}` that choose the partitions
    row_count_share: float = Field(default=0.05, ge=0)
    null_share: float = Field(default=0.02, ge=0, le=1)  # a column's null rate may differ by this much
    distribution_distance: float = Field(
        default=0.1, ge=0, le=1
    )  # Kolmogorov-Smirnov, of each numeric column
    duration_ratio: float = Field(default=1.5, gt=0)
    cost_ratio: float = Field(default=1.5, gt=0)
