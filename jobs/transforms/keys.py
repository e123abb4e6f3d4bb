"""Lookups that a left join may trust: one row a key, whatever the source delivers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark user knows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def one_per_key(table: DataFrame, keys: Sequence[str]) -> DataFrame:
    """`table` with one row for each value of `keys`, so that joining it cannot multiply rows.

    Of several rows the least is taken (columns in their order, nulls first): the same one in every run, which
    `dropDuplicates` does not promise. Rows with a null key go: a join never finds them.
    """
    others = [column for column in table.columns if column not in keys]
    known = table.dropna(subset=list(keys))
    if not others:
        return known.distinct()
    least = known.groupBy(*keys).agg(F.min(F.struct(*others)).alias("least"))
    return least.select(*keys, *(F.col(f"least.{name}").alias(name) for name in others))
