"""Counts that account for the input, and those that do not."""

from __future__ import annotations

import pytest

from jobs.transforms.reconcile import UnreconciledError, require

SOURCE = {"flights": 10, "cancelled": 2, "arrived": 7}
TABLE = {**SOURCE, "departed": 8, "no_arrival": 1, "missing_weather": 3}


def test_tables_that_account_for_the_input_pass() -> None:
    require(SOURCE, {"by_route": TABLE, "by_day": dict(TABLE)})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"flights": 11, "departed": 9, "no_arrival": 2}, "by_day: flights is 11, the input has 10"),
        ({"cancelled": 1}, "by_day: cancelled is 1, the input has 2"),
        ({"departed": 7, "no_arrival": 0}, r"by_day: flights is 10, but departed \+ cancelled"),
        ({"no_arrival": 0}, r"by_day: departed is 8, but arrived \+ no_arrival"),
        ({"missing_weather": 2}, "by_day: missing_weather is 2, by_route has 3"),
    ],
)
def test_a_difference_is_named_by_table_and_count(change: dict[str, int], told: str) -> None:
    with pytest.raises(UnreconciledError, match=told):
        require(SOURCE, {"by_route": TABLE, "by_day": {**TABLE, **change}})
