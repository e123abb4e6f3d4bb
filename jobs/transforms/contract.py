"""Whether a table holds to its contract, as the job's spec words it. One pass, and one more for `unique`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Contract = Mapping[str, Any]  # columns, required, unique, least_rows, most_null_share; each may be left out


class ContractBrokenError(RuntimeError):
    """A table that must not be written. Each line of the message is `CONTRACT <dataset>: <what>`."""


def breaches(table: DataFrame, contract: Contract) -> list[str]:
    """Everything in which `table` breaks `contract`; empty when it holds. Columns that it does not name are free."""
    types = dict(table.dtypes)
    found = [
        f"column '{name}' is {types.get(name, 'missing')}; it must be {wanted}"
        for name, wanted in contract.get("columns", {}).items()
        if types.get(name) != wanted
    ]
    shares = {**dict.fromkeys(contract.get("required", ()), 0.0), **contract.get("most_null_share", {})}
    unique = tuple(contract.get("unique", ()))
    missing = [name for name in dict.fromkeys((*shares, *unique)) if name not in types]
    found += [f"column '{name}' is missing" for name in missing if name not in contract.get("columns", {})]
    if missing:
        return found
    counts = [F.count_if(F.col(f"`{name}`").isNull()).alias(f"null {name}") for name in shares]
    if shares or contract.get("least_rows", 0):
        row = table.agg(F.count(F.lit(1)).alias("rows"), *counts).collect()[0]
        rows = row["rows"]
        if rows < (least := contract.get("least_rows", 0)):
            found.append(f"{rows} rows; it must have at least {least}")
        for name, most in shares.items():
            share = row[f"null {name}"] / rows if rows else 0.0
            if share > most:
                found.append(
                    f"column '{name}' is null in {row[f'null {name}']} of {rows} rows; "
                    + (f"at most {most:.2%} may be" if most else "none may be")
                )
    if unique and (twice := table.groupBy(*unique).count().where("count > 1").count()):
        found.append(f"{twice} values of ({', '.join(unique)}) stand in several rows; each may stand once")
    return found


def require(dataset: str, tables: Mapping[str, DataFrame], contract: Contract) -> None:
    """Raises ContractBrokenError that tells of every table of `dataset` how it breaks the contract they share."""
    told = [
        f"CONTRACT {dataset}: {name}: {what}" if name else f"CONTRACT {dataset}: {what}"
        for name, table in tables.items()
        for what in breaches(table, contract)
    ]
    if told:
        raise ContractBrokenError("the output is not written\n" + "\n".join(told))
