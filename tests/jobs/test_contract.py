"""Whether a table holds to its contract: in the spec, on rows, and in the log of a run that breaks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jobs.spec import Contract
from tests.jobs.specs import GOOD, told

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.xdist_group("spark")
SCHEMA = "id int, name string, share double"


@pytest.mark.parametrize(
    ("contract", "what"),
    [
        ({"columns": {"a": "int"}, "required": ["b"]}, "required: 'b' is none of columns: a"),
        ({"columns": {"a": "int"}, "unique": ["a", "c"]}, "unique: 'c' is none of columns: a"),
        (
            {"columns": {"a": "int"}, "most_null_share": {"b": 0.5}},
            "most_null_share: 'b' is none of columns: a",
        ),
        ({"required": ["a"], "most_null_share": {"a": 0.5}}, "most_null_share: 'a' is required already"),
        ({"columns": {"a": "integer"}}, "outputs[0].contract.columns.a: is 'integer'"),
        ({"columns": {"a b": "int"}}, "outputs[0].contract.columns.a b: is 'a b'"),
        ({"most_null_share": {"a": 1.5}}, "outputs[0].contract.most_null_share.a: is 1.5"),
        ({"least_rows": -1}, "outputs[0].contract.least_rows: is -1"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(tmp_path: Path, contract: Any, what: str) -> None:
    output = {**GOOD["outputs"][0], "contract": contract}
    (line,) = told(tmp_path, outputs=[output], arguments=[])
    assert what in line


def test_without_columns_any_name_is_taken() -> None:
    assert Contract(required=("x",), unique=("y",), most_null_share={"z": 0.1}).columns == {}


@pytest.mark.parametrize(
    ("contract", "found"),
    [
        ({}, []),
        ({"columns": {"id": "int", "name": "string"}, "required": ["id"], "unique": ["id"], "least_rows": 4}, []),
        ({"columns": {"id": "bigint", "gone": "int"}},
         ["column 'id' is int; it must be bigint", "column 'gone' is missing; it must be int"]),
        ({"required": ["id", "name"]}, ["column 'name' is null in 1 of 4 rows; none may be"]),
        ({"most_null_share": {"name": 0.25, "share": 0.4}},
         ["column 'share' is null in 2 of 4 rows; at most 40.00% may be"]),
        ({"least_rows": 5}, ["4 rows; it must have at least 5"]),
        ({"unique": ["name"]}, ["1 values of (name) stand in several rows; each may stand once"]),
        ({"unique": ["id", "name"]}, []),
        ({"required": ["gone"], "unique": ["lost"]}, ["column 'gone' is missing", "column 'lost' is missing"]),
    ],
)  # fmt: skip
def test_a_table_is_held_against_its_contract(spark: SparkSession, contract: Any, found: list[str]) -> None:
    from jobs.transforms.contract import breaches

    table = spark.createDataFrame([(1, "a", None), (2, "a", None), (3, "b", 1.0), (4, None, 2.0)], SCHEMA)
    assert breaches(table, contract) == found
    # As the spec hands it over, it says the same.
    assert breaches(table, Contract.model_validate(contract).model_dump(mode="json")) == found


def test_null_is_a_value_that_may_stand_once(spark: SparkSession) -> None:
    from jobs.transforms.contract import breaches

    table = spark.createDataFrame([(1, None, None), (2, None, None)], SCHEMA)
    assert breaches(table, {"unique": ["name"]}) == [
        "1 values of (name) stand in several rows; each may stand once"
    ]


def test_an_empty_table_breaks_only_its_number_of_rows(spark: SparkSession) -> None:
    from jobs.transforms.contract import breaches

    table = spark.createDataFrame([], SCHEMA)
    assert breaches(table, {"required": ["id"], "unique": ["id"], "least_rows": 1}) == [
        "0 rows; it must have at least 1"
    ]


def test_the_nightly_etl_writes_nothing_that_breaks_its_contract_and_says_so_in_its_log(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.transforms.contract import ContractBrokenError
    from jobs.workloads import nightly_etl
    from jobs.workloads.nycflights import SCHEMAS
    from tests.jobs.test_nightly_etl import promised

    empty = {name: spark.createDataFrame([], schema) for name, schema in SCHEMAS.items()}
    with pytest.raises(ContractBrokenError) as caught:
        nightly_etl.run(
            spark, empty, str(tmp_path / "out"), (tmp_path / "r.json").as_uri(), "run-3", promised()
        )
    assert "CONTRACT delays: by_route: 0 rows; it must have at least 1" in str(caught.value).splitlines()
    assert list(tmp_path.iterdir()) == []
