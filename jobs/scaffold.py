"""A new job: its spec, its module, a pure transform, and a test that passes; all of it or nothing."""

from __future__ import annotations

import contextlib
import keyword
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

from pydantic import TypeAdapter, ValidationError

from facts.errors import UserError
from facts.releases import DEFAULT_LABEL
from jobs import wheel
from jobs.spec.values import JobName

_SPEC = Template("""# What the job is for, and who would miss it.
name: $job
description: Counts the flights of each origin and day.
owner: data-platform
tags:
  cost-center: analytics
  data-classification: public

release: $release
package: [jobs.workloads, jobs.transforms]
entry_point: jobs.workloads.$module
arguments:
  - --flights=$${inputs.flights}
  - --output=$${outputs.daily}
  - --contract=$${contracts.daily}
  - --report=$${run.report}
  - --run-id=$${run.id}

# Enough for little data, and it fits the small nodes of a local stack too; `size: medium` is a start for more.
resources:
  driver: {cores: 1, memory: 1g}
  executors: {cores: 2, memory: 2g, count: 2}
runtime: {kind: ec2, cluster: main}
retry: {max_attempts: 2}
timeout_minutes: 30

inputs:
  - {name: flights, zone: landing, prefix: nycflights13/flights/}
outputs:
  - name: daily
    zone: curated
    prefix: $job/daily/
    contract:
      columns: {origin: string, date: date, flights: bigint}
      required: [origin, date, flights]
      unique: [origin, date]
      least_rows: 1

# What differs by environment, laid over the rest:
# environments:
#   prod:
#     resources: {size: medium}
#     schedule: {expression: "cron(0 4 * * ? *)", timezone: UTC}
""")

_TRANSFORM = Template('''"""What $job computes. Pure: no reading, no writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def daily(flights: DataFrame) -> DataFrame:
    """One row for each origin and day, with the number of its flights."""
    dated = flights.select("origin", F.make_date("year", "month", "day").alias("date"))
    return dated.groupBy("origin", "date").agg(F.count(F.lit(1)).alias("flights"))
''')

_WORKLOAD = Template('''"""$job: reads, calls its transform, checks, writes, reports."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from pyspark.sql import SparkSession

from jobs.transforms import contract
from jobs.transforms.$module import daily
from jobs.workloads import nycflights, profile, report


def main(argv: Sequence[str]) -> None:
    """Run with the arguments of the job's spec. Whatever it raises, Spark reports as a failed run."""
    parser = argparse.ArgumentParser(prog="$job")
    for name in ("flights", "output", "report", "run-id"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--contract", type=json.loads, required=True)
    arguments = parser.parse_args(argv)
    spark = SparkSession.builder.getOrCreate()
    try:
        run(spark, arguments)
    finally:
        spark.stop()


def run(spark: SparkSession, arguments: argparse.Namespace) -> None:
    """Nothing is written when the table breaks its contract. A rerun replaces what an earlier run wrote."""
    flights = nycflights.read(spark, "flights", arguments.flights)
    table = daily(flights).cache()
    contract.require("daily", {"": table}, arguments.contract)
    table.coalesce(1).write.mode("overwrite").parquet(arguments.output)
    told = profile.of(table)  # what a canary of the next version is compared with
    counts = {"rows_written": {"daily": told["rows"]}, "profiles": {"daily": told}}
    report.write(spark, arguments.report, {"run_id": arguments.run_id, **counts})
''')

_TEST = Template('''"""What $job computes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from jobs.spec import find
from jobs.transforms import contract
from jobs.transforms.$module import daily

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.xdist_group("spark")


def test_flights_are_counted_by_origin_and_day(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [("EWR", 2013, 1, 1), ("EWR", 2013, 1, 1), ("EWR", 2013, 1, 2), ("JFK", 2013, 1, 1)],
        "origin string, year int, month int, day int",
    )
    table = daily(flights)
    assert {tuple(row) for row in table.collect()} == {
        ("EWR", date(2013, 1, 1), 2),
        ("EWR", date(2013, 1, 2), 1),
        ("JFK", date(2013, 1, 1), 1),
    }
    (output,) = find("$job").outputs
    assert output.contract is not None
    assert contract.breaches(table, output.contract.model_dump()) == []
''')


def make(name: str, root: Path = wheel.ROOT) -> tuple[Path, ...]:
    """Write the files of a new job called `name` below `root`, and return them. Raises UserError, with nothing made."""
    module = _module(name)
    files: Mapping[Path, Template] = {
        root / "jobs" / "catalog" / f"{name}.yaml": _SPEC,
        root / "jobs" / "workloads" / f"{module}.py": _WORKLOAD,
        root / "jobs" / "transforms" / f"{module}.py": _TRANSFORM,
        root / "tests" / "jobs" / f"test_{module}.py": _TEST,
    }
    for file in files:
        if file.exists() or file.is_symlink():
            raise UserError(f"{file} is there already; choose another name")
        if not file.parent.is_dir():
            raise UserError(f"{file.parent} is no folder: a job is made in a checkout of the platform")
    made: list[Path] = []
    try:
        for file, template in files.items():
            text = template.substitute(job=name, module=module, release=DEFAULT_LABEL)
            with file.open("x", encoding="utf-8") as stream:  # never over what came meanwhile
                made.append(file)
                stream.write(text)
    except BaseException as error:
        for file in made:
            with contextlib.suppress(OSError):
                file.unlink()
        if isinstance(error, OSError):
            raise UserError(
                f"{error.filename} cannot be written: {error.strerror}; nothing was made"
            ) from None
        raise
    return tuple(made)


def _module(name: str) -> str:
    try:
        TypeAdapter(JobName).validate_python(name)
    except ValidationError:
        shown = re.sub(r"[^ -~]", "?", name[:60])
        raise UserError(
            f"'{shown}' is no name for a job: lower-case letters, digits and single '-' between them, beginning with "
            "a letter, at most 40 characters"
        ) from None
    module = name.replace("-", "_")
    if keyword.iskeyword(module):
        raise UserError(
            f"'{name}' is a word of Python, and the job's module is called like the job; choose another"
        )
    return module
