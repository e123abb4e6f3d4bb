"""Ten thousand records asked in SQL: `emrctl runs query`'s work against plain DuckDB over the same files."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.home import ROOT

RECORDS = 10_000
SQL = (
    "SELECT job, state, count(*) AS runs, sum(cost_usd) AS usd, quantile_cont(duration_seconds, 0.95) AS p95 "
    "FROM runs GROUP BY ALL ORDER BY ALL"
)
_MAKE = """
import sys
from pathlib import Path
from tests.jobs import rows

for number in range(int(sys.argv[2])):
    made = (rows.record if number % 10 else rows.failed)(f"20260102T{number:06}Z-aaaaaa")
    rows.written(Path(sys.argv[1]), made.model_dump(mode="json"))
"""
# A process of its own for each: its time without what starting Python and importing takes, its peak with it.
_HEAD = """
import json, resource, sys, time
from pathlib import Path
folder, cache, sql = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
"""
_TAIL = """
took = time.perf_counter() - began
print(json.dumps({"rows": len(rows), "s": took, "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""
# S3 is a folder: its network is not in the time, its files are.
_OURS = f"""{_HEAD}
import io
from jobs.querying.asking import ask
from jobs.querying.copies import Copy

class Folder:
    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        keys = (str(file.relative_to(folder)) for file in sorted(folder.rglob("*.json")))
        return [{{"Contents": [{{"Key": key, "ETag": '"e"'}} for key in keys]}}]

    def get_object(self, Bucket, Key):
        return {{"Body": io.BytesIO((folder / Key).read_bytes()), "ETag": '"e"'}}

began = time.perf_counter()
rows = ask(Copy(s3=Folder(), bucket="runs", folder=cache), sql).rows
{_TAIL}"""
_FLOOR = f"""{_HEAD}
import duckdb
from jobs.querying.columns import DUCKDB, columns

types = ", ".join(f"{{name}}: '{{type_}}'" for name, type_ in columns(DUCKDB).items())
began = time.perf_counter()
runs = f"read_json('{{folder}}/records/v1/*/*/*.json', format = 'newline_delimited', columns = {{{{{{types}}}}}})"
duckdb.execute("SET enable_progress_bar = false")
rows = duckdb.execute(sql.replace("FROM runs", f"FROM {{runs}}")).fetchall()
{_TAIL}"""


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`."""
    with TemporaryDirectory(prefix="emrctl-bench-") as name:
        folder, cache = Path(name) / "store", Path(name) / "cache"
        _python(_MAKE, str(folder), str(RECORDS))
        first, again, floor = [], [], []
        for number in range(runs):
            own = cache / str(number)
            own.mkdir(parents=True)
            arguments = (str(folder), str(own), SQL)
            first.append(json.loads(_python(_OURS, *arguments)))
            again.append(json.loads(_python(_OURS, *arguments)))
            floor.append(json.loads(_python(_FLOOR, *arguments)))
    assert len({each["rows"] for each in (*first, *again, *floor)}) == 1
    s = [statistics.median(each["s"] for each in found) for found in (first, again, floor)]
    mb = [statistics.median(each["peak_kb"] for each in found) / 1024 for found in (first, again, floor)]
    return {
        f"floor: plain DuckDB over {RECORDS:,} files, s": round(s[2], 2),
        f"first question, {RECORDS:,} records kept, s (S3's network apart)": round(s[0], 2),
        "  ratio to the floor": round(s[0] / s[2], 2),
        "a later question, s": round(s[1], 2),
        "  its ratio to the floor": round(s[1] / s[2], 2),
        "peak memory of the floor, MB": round(mb[2]),
        "peak memory of the first and of a later question, MB": f"{mb[0]:.0f} {mb[1]:.0f}",
    }


def _python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
