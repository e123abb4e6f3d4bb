"""The table that callers of jobs share, as it is registered."""

from __future__ import annotations

from typing import Any

from tests.infra.recording import Recorder

Run = tuple[Recorder, dict[str, Any]]


def test_the_table_is_sealed_with_the_run_store_s_key_and_can_be_recovered(dev: Run) -> None:
    made, platform = dev
    table = made.one("Table", "coordination").inputs
    assert table["name"] == platform["coordination_table"] == "emr-dev-coordination"
    assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": platform["keys"]["runs"]}
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert table["ttl"] == {"enabled": True, "attributeName": "expires"}
    assert (table["hashKey"], table["rangeKey"]) == ("kind", "id")
