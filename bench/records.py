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
# A process of its own for each: its CPU time without what starting Python and importing takes, its peak with it.
# Of CPU, not of the wall: other work on the machine has less of a say.
_HEAD = """
import json, resource, sys, time
from pathlib import Path
folder, cache, sql = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
"""
_TAIL = """
took = time.process_time() - began
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

began = time.process_time()
rows = ask(Copy(s3=Folder(), bucket="runs", folder=cache), sql).rows
{_TAIL}"""
_PLAIN = f"""{_HEAD}
import duckdb
from jobs.querying.columns import DUCKDB, columns

types = ", ".join(f"{{name}}: '{{type_}}'" for name, type_ in columns(DUCKDB).items())
began = time.process_time()
runs = f"read_json('{{folder}}', format = 'newline_delimited', columns = {{{{{{types}}}}}})"
duckdb.execute("SET enable_progress_bar = false")
rows = duckdb.execute(sql.replace("FROM runs", f"FROM {{runs}}")).fetchall()
{_TAIL}"""


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`."""
    with TemporaryDirectory(prefix="emrctl-bench-") as name:
        folder, cache, one = Path(name) / "store", Path(name) / "cache", Path(name) / "rows.ndjson"
        _python(_MAKE, str(folder), str(RECORDS))
        one.write_text("".join(f"{file.read_text()}\n" for file in sorted(folder.rglob("*.json"))))
        asked = {
            "floor": (_PLAIN, str(one)),
            "files": (_PLAIN, f"{folder}/records/v1/*/*/*.json"),
            "first": (_OURS, str(folder)),
            "later": (_OURS, str(folder)),
        }
        found: dict[str, list[dict[str, float]]] = {kind: [] for kind in asked}
        for number in range(runs):
            own = cache / str(number)
            own.mkdir(parents=True)
            for kind, (code, of) in asked.items():
                if kind == "files" and number:  # minutes: once is enough
                    continue
                found[kind].append(json.loads(_python(code, of, str(own), SQL)))
    assert len({each["rows"] for of_kind in found.values() for each in of_kind}) == 1
    s = {kind: statistics.median(each["s"] for each in of_kind) for kind, of_kind in found.items()}
    mb = {
        kind: statistics.median(each["peak_kb"] for each in of_kind) / 1024 for kind, of_kind in found.items()
    }
    return {
        f"floor: plain DuckDB, {RECORDS:,} rows in one file, CPU s": round(s["floor"], 2),
        f"plain DuckDB, {RECORDS:,} files, CPU s": round(s["files"], 2),
        "  ratio to the floor": round(s["files"] / s["floor"], 2),
        "first question, CPU s (S3's network apart)": round(s["first"], 2),
        "  its ratio to the floor": round(s["first"] / s["floor"], 2),
        "later question, CPU s": round(s["later"], 2),
        "  that ratio to the floor": round(s["later"] / s["floor"], 2),
        "peak memory, MB: floor, files, first, later": " ".join(f"{each:.0f}" for each in mb.values()),
    }


def _python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
