"""`emrctl settings`: the keys explained, by prefix, as text and as JSON; the schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from emrctl.main import build
from facts.errors import UserError


def run(*words: str) -> Any:
    return CliRunner().invoke(build("settings"), ["settings", *words])


def test_a_key_is_shown_with_all_that_there_is_to_know() -> None:
    assert run("explain", "emr:network.nat").stdout == (
        "emr:network.nat\n    Ways to the internet from the nodes.\n    choice: none, one, per_zone; default none\n"
    )


def test_the_name_of_a_cluster_stands_for_any() -> None:
    found = json.loads(run("explain", "emr:clusters.main.core.types", "--json").stdout)
    assert {one["key"].rpartition(".")[2] for one in found} == {"types", "name", "units", "max_price_percent"}
    assert all(one["key"].startswith("emr:clusters.<name>.core.types") for one in found)


def test_without_a_prefix_it_is_everything() -> None:
    assert "must be given" in run("explain").stdout
    assert len(json.loads(run("explain", "--json").stdout)) > 60


def test_a_key_that_is_not_there_is_named_with_the_nearest() -> None:
    outcome = run("explain", "emr:network.ntt")
    assert isinstance(outcome.exception, UserError)
    assert "no stack file has a key 'emr:network.ntt' (did you mean 'emr:network.nat'?)" in str(
        outcome.exception
    )


def test_the_end_of_a_key_finds_it() -> None:
    assert "(did you mean 'emr:network.flow_log_retention_days'?)" in str(
        run("explain", "flow_log_retention_days").exception
    )


def test_the_schema_is_one_document() -> None:
    assert json.loads(run("schema").stdout)["required"] == ["config"]


@pytest.mark.parametrize("verb", ["explain", "schema"])
def test_both_are_in_the_help(verb: str) -> None:
    assert verb in run("--help").stdout


def test_the_accounts_file_has_keys_of_its_own() -> None:
    assert run("explain", "emr:github.apply_environments", "--account").stdout == (
        "emr:github.apply_environments\n"
        "    Deployment environments whose workflows may apply; give them reviewers.\n"
        "    list of texts; default []\n"
    )
    platform, account = (
        json.loads(run(*words).stdout)["properties"]["config"]["required"]
        for words in (("schema",), ("schema", "--account"))
    )
    assert "emr:network" in platform
    assert "emr:github" in account
    assert "emr:network" not in account
