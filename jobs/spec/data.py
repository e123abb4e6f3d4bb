"""What a job reads and writes, what its data must look like, and how a new version is judged by the last good run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from facts.texts import text
from jobs.spec.values import DatasetName, ParameterValue, Part, Prefix, Zone

Column = Annotated[
    str, text(r"^[A-Za-z_][A-Za-z0-9_]*$", "letters, digits and underscores, as tail_number", longest=128)
]
# Spark's own names of types: https://spark.apache.org/docs/latest/sql-ref-datatypes.html
ColumnType = Annotated[
    str,
    text(
        r"^(boolean|tinyint|smallint|int|bigint|float|double|string|binary|date|timestamp|timestamp_ntz|decimal\([0-9]+,[0-9]+\))$",
        "a type of Spark's: boolean, tinyint, smallint, int, bigint, float, double, string, binary, date, timestamp, "
        "timestamp_ntz, or decimal as decimal(10,2)",
    ),
]


class Contract(Part):
    """What every run's output must hold to; checked by the workload before it writes. Other columns are free."""

    columns: Mapping[Column, ColumnType] = {}
    required: tuple[Column, ...] = ()  # never null
    unique: tuple[Column, ...] = ()  # together
    least_rows: int = Field(default=0, ge=0)
    most_null_share: Mapping[Column, Annotated[float, Field(ge=0, le=1)]] = {}

    @model_validator(mode="after")
    def _names_its_columns(self) -> Contract:
        named = {"required": self.required, "unique": self.unique, "most_null_share": self.most_null_share}
        unknown = [
            f"{key}: '{column}' is none of columns: {', '.join(self.columns)}"
            for key, columns in named.items()
            for column in columns
            if self.columns and column not in self.columns
        ]
        both = [
            f"most_null_share: '{column}' is required already"
            for column in self.most_null_share
            if column in self.required
        ]
        if unknown or both:
            raise ValueError("; ".join(unknown + both))
        return self

    def as_argument(self) -> str:
        """What it says, as JSON: the value of `${contracts.<output>}`, which jobs.transforms.contract reads."""
        text = json.dumps(self.model_dump(mode="json", exclude_defaults=True), separators=(",", ":"))
        return text.replace("}}", "} }")  # which YARN would replace; no name or type has a brace


class Dataset(Part):
    """A place that a job reads or writes: a prefix in one of the platform's zones."""

    name: DatasetName
    zone: Zone
    prefix: Prefix  # "nycflights13/flights/": relative, ends with a slash
    format: Literal["parquet", "json", "csv", "orc", "avro"] = "parquet"
    contract: Contract | None = None


class Canary(Part):
    """What a canary of a new version runs on, and how far it may be from the last good run. Shares are of one."""

    parameters: Mapping[DatasetName, ParameterValue] = {}  # values of `${param.…}` that choose the partitions
    row_count_share: float = Field(default=0.05, ge=0)  # of the table with more rows
    null_share: float = Field(default=0.02, ge=0, le=1)  # a column's null rate may differ by this much
    # Of a column's values: Kolmogorov-Smirnov of numbers and times, total variation of the rest: jobs.canary.distances.
    distribution_distance: float = Field(default=0.1, ge=0, le=1)
    duration_ratio: float = Field(default=1.5, gt=0)
    cost_ratio: float = Field(default=1.5, gt=0)
