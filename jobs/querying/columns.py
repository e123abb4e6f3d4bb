"""The columns of the run store, from the model of its rows, in the words of DuckDB and of Spark. Pure.

Who reads the files with other tools needs the types said: a mapping is a map there, not a column for each of its keys,
and a column that is null in all rows of a day has its type all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from jobs.runs import Record


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How an engine writes types. `field` takes a name and a type."""

    scalars: Mapping[type, str]
    array: str
    map: str
    struct: str
    field: str


DUCKDB = Dialect(
    scalars={str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", datetime: "TIMESTAMP WITH TIME ZONE"},
    array="{0}[]",
    map="MAP({0}, {1})",
    struct="STRUCT({0})",
    field='"{0}" {1}',
)  # fmt: skip
# Spark's TIMESTAMP is an instant, as DuckDB's with a time zone is.
SPARK = Dialect(
    scalars={str: "STRING", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", datetime: "TIMESTAMP"},
    array="ARRAY<{0}>",
    map="MAP<{0}, {1}>",
    struct="STRUCT<{0}>",
    field="`{0}`: {1}",
)


def columns(dialect: Dialect, model: type[BaseModel] = Record) -> dict[str, str]:
    """The type of each column of `model`, in its order."""
    return {name: type_of(field.annotation, dialect) for name, field in model.model_fields.items()}


def spark_ddl() -> str:
    """The schema as `spark.read.schema` takes it. `job` and `date` are the folders' as well."""
    return ", ".join(f"{name} {type_}" for name, type_ in columns(SPARK).items())


def type_of(annotation: Any, dialect: Dialect) -> str:
    """One annotation in a dialect. Raises TypeError for one that no table can hold."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_of(arguments[0], dialect)
    if origin in (Union, UnionType):
        (inner,) = (each for each in arguments if each is not NoneType)
        return type_of(inner, dialect)
    if origin is Literal:
        return dialect.scalars[type(arguments[0])]
    if origin is tuple:
        return dialect.array.format(type_of(arguments[0], dialect))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return dialect.map.format(*(type_of(each, dialect) for each in arguments))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = columns(dialect, annotation).items()
        return dialect.struct.format(", ".join(dialect.field.format(name, kind) for name, kind in fields))
    if annotation in dialect.scalars:
        return dialect.scalars[annotation]
    raise TypeError(f"{annotation} has no type in a table")
