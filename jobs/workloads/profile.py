"""What a table is like, as numbers that a report may hold: rows, missing values, and how the values are distributed.

One pass. Numbers, dates and times have the quantiles at 0.01, 0.02 … 0.99, without the least and the greatest value;
anything else has counts in 64 buckets of its hash, which tell that values moved and no value. Quantiles of a small
table are values of its rows: name the columns of which none may be told in `counts_only`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

QUANTILES = tuple(round(step / 100, 2) for step in range(1, 100))
# Of a quantile's rank: https://spark.apache.org/docs/latest/api/python/reference/pyspark.sql/api/
# pyspark.sql.functions.percentile_approx.html
ACCURACY = 10_000
BUCKETS = 64
_NESTED = (T.ArrayType, T.MapType, T.StructType)
_HASHED = (T.StringType, T.BooleanType, T.BinaryType)


def of(table: DataFrame, *, counts_only: Collection[str] = ()) -> dict[str, Any]:
    """The profile of `table`, as JSON has it; of the columns in `counts_only` only type and missing values."""
    fields = table.schema.fields
    # Said once as text: a list would be a call to the JVM for each rank and column, which took longer than the pass.
    ranks = F.expr(f"array({', '.join(f'{rank}D' for rank in QUANTILES)})")
    wanted: list[Column] = [F.count(F.lit(1)).alias("rows")]
    for number, field in enumerate(fields):
        column = _known(field)
        wanted.append(F.count(column).alias(f"known {number}"))
        if field.name in counts_only:
            continue
        if (ordered := _ordered(field, column)) is not None:
            wanted.append(F.percentile_approx(ordered, ranks, ACCURACY).alias(f"quantiles {number}"))
        elif (hashed := _hashed(field, column)) is not None:
            # Exact, since there are no more different values than bins; of merged parts it may tell one value twice.
            wanted.append(F.histogram_numeric(hashed, F.lit(BUCKETS)).alias(f"buckets {number}"))
    row = table.agg(*wanted).collect()[0].asDict()
    return {
        "rows": row["rows"],
        "columns": {field.name: _told(field, number, row) for number, field in enumerate(fields)},
    }


def _known(field: T.StructField) -> Column:
    """The column; a number that is none counts as missing."""
    column = F.col(f"`{field.name.replace('`', '``')}`")
    floating = isinstance(field.dataType, T.FloatType | T.DoubleType)
    return F.when(~F.isnan(column), column) if floating else column


def _ordered(field: T.StructField, column: Column) -> Column | None:
    if isinstance(field.dataType, T.DateType):
        return F.unix_date(column).cast("double")
    if isinstance(field.dataType, T.TimestampType | T.TimestampNTZType):
        return column.cast("timestamp").cast("double")
    return column.cast("double") if isinstance(field.dataType, T.NumericType) else None


def _hashed(field: T.StructField, column: Column) -> Column | None:
    if isinstance(field.dataType, _NESTED):
        plain = F.to_json(column)  # Spark hashes no map
    elif isinstance(field.dataType, _HASHED):
        plain = column
    else:
        return None
    bucket = F.pmod(F.xxhash64(plain), F.lit(BUCKETS)).cast("double")
    return F.when(column.isNotNull(), bucket)


def _told(field: T.StructField, number: int, row: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": field.dataType.simpleString(),
        "nulls": row["rows"] - row[f"known {number}"],
    }
    if f"quantiles {number}" in row:
        told["quantiles"] = [_finite(value) for value in row[f"quantiles {number}"] or ()]
    elif f"buckets {number}" in row:
        counts = [0] * BUCKETS
        for each in row[f"buckets {number}"] or ():
            counts[round(each["x"])] += round(each["y"])
        told["buckets"] = counts
    return told


def _finite(value: float) -> float:
    """JSON has no infinity."""
    return max(-sys.float_info.max, min(sys.float_info.max, value))
