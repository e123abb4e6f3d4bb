"""Questions to the run store in SQL: DuckDB in memory, which reaches neither files nor the network while it answers."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from facts.errors import UserError
from jobs.querying.columns import DUCKDB, columns
from jobs.querying.copies import Copy
from jobs.runs import newer

# https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
_CLOSED: Mapping[str, str | bool] = {
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # a name in SQL is a table, never a variable of this program
}
# In this order: after the last one nothing can be set any more, by a question neither.
_SEALED = (
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
_ASKS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_LINE = re.compile(r"in line (\d+)")
_ATTEMPTS = (
    "CREATE VIEW attempts AS SELECT run_id, job, date, runtime, place, attempt.* "
    "FROM (SELECT run_id, job, date, runtime, place, unnest(attempts) AS attempt FROM runs)"
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Rows of Python values under the names of their columns; times are aware, in UTC."""

    columns: tuple[str, ...]
    types: tuple[str, ...]  # DuckDB's words
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """Each row by its columns. Raises UserError when two have one name."""
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise UserError(f"two columns are called '{twice[0]}'; name one with AS")
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def ask(copy: Copy, sql: str) -> Answer:
    """Answer one SELECT over `runs` (a row a run) and `attempts` (a row an attempt).

    Raises UserError for what is no such question, and for a record that breaks the types; may raise botocore's errors.
    """
    with copy.current() as file:
        database = load(file)
    with database:
        return _answer(database, sql)


def load(file: Path) -> duckdb.DuckDBPyConnection:
    """A sealed database with the records of a copy's file."""
    database = duckdb.connect(":memory:", config=dict(_CLOSED))
    database.execute("SET TimeZone = 'UTC'")
    database.execute("SET enable_progress_bar = false")  # it goes to standard output, among the rows
    fields = ", ".join(DUCKDB.field.format(name, type_) for name, type_ in columns(DUCKDB).items())
    # Keys that are not in the model are a newer version's and left out; what an older one did not know is null.
    types = f"{{key: 'VARCHAR', row: '{DUCKDB.struct.format(fields)}'}}"
    day = "CAST(regexp_extract(key, '/date=([0-9-]+)/', 1) AS DATE) AS date"
    rows = f"read_json(?, format = 'newline_delimited', columns = {types})"
    try:
        database.execute(f"CREATE TABLE runs AS SELECT row.*, {day} FROM {rows}", [str(file)])  # noqa: S608
    except duckdb.Error as error:
        raise UserError(_broken(file, error)) from None
    database.execute(_ATTEMPTS)
    for statement in _SEALED:
        database.execute(statement)
    return database


def _answer(database: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    try:
        statements = database.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in _ASKS:
            kinds = ", ".join(each.type.name for each in statements) or "nothing"
            raise UserError(
                f"the SQL is {kinds}; allowed is one SELECT (or DESCRIBE, SUMMARIZE, EXPLAIN) over "
                "the tables runs and attempts"
            )
        found = database.execute(statements[0])
        names = tuple(str(column[0]) for column in found.description or ())
        types = tuple(str(column[1]) for column in found.description or ())
        return Answer(columns=names, types=types, rows=found.fetchall())
    except duckdb.Error as error:
        raise UserError(f"{_line(error)}; 'DESCRIBE runs' and 'DESCRIBE attempts' show the columns") from None


def _broken(file: Path, error: duckdb.Error) -> str:
    """Which record it was that DuckDB could not take, by the line that it names."""
    told = f"a run record breaks the types of its columns: {_line(error)}"
    named = _LINE.search(told)
    if named is None:
        return told
    with file.open("rb") as lines:
        kept = json.loads(next(itertools.islice(lines, int(named[1]) - 1, None)))
    why = told.rpartition(named[0])[2].lstrip(": ")
    return f"{kept['key']} breaks the types of its columns: {why}{newer(kept['row'].get('schema_version'))}"


def _line(error: duckdb.Error) -> str:
    """What DuckDB says first; the rest draws where, or tells of options that are closed here."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    hints = [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    return " ".join([lines[0], *hints[:1]]) if lines else type(error).__name__
