"""`emrctl runs schema`: the columns of the run store, for other tools."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer


def command(
    dialect: Annotated[
        Literal["spark", "duckdb"], typer.Option("--for", help="In whose words the types are.")
    ] = "spark",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object: a type for each column.")
    ] = False,
) -> None:
    """Print the columns of the records with their types, as spark.read.schema and DuckDB's read_json take them."""
    from jobs.querying import columns

    types = columns.columns(columns.SPARK if dialect == "spark" else columns.DUCKDB)
    if as_json:
        print(json.dumps(types, indent=2))
    elif dialect == "spark":
        print(columns.spark_ddl())
    else:
        print("{" + ", ".join(f"{name}: '{type_}'" for name, type_ in types.items()) + "}")
