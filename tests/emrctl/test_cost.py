"""`emrctl cost estimate`: the table, the JSON, a stack above its own ceiling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from emrctl.main import build
from facts.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str) -> Any:
    return CliRunner().invoke(build("cost"), ["cost", "estimate", *words])


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project of one stack, which starts as dev: change its configuration, then `write` it."""
    (tmp_path / "Pulumi.yaml").write_text("name: emr\n")
    monkeypatch.chdir(tmp_path)
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())

    def write(**changes: Any) -> None:
        document["config"].update({f"emr:{key}": value for key, value in changes.items()})
        (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document))

    write()
    return write


def test_the_table_has_every_row_the_sum_the_dates_and_what_is_not_in_it(stack: Any) -> None:
    outcome = run()
    assert outcome.exit_code == 0, outcome.exception
    lines = outcome.stdout.splitlines()
    assert [line.rsplit(None, 2) for line in lines[1:7]] == [
        ["cluster main: primary", "164.63", "182.88"],
        ["cluster main: core and task", "270.25", "968.19"],
        ["network: interface endpoints", "43.80", "43.80"],
        ["keys: KMS keys", "7.00", "21.00"],
        ["together", "485.68", "1,215.87"],
        ["of which job nightly-etl, cron(30 2 * * ? *)", "6.04", "47.99"],
    ]
    assert "list prices: prices of 2026-10-15, services of 2026-09-21; ceiling 2,500.00" in lines
    assert lines[-1].startswith("not in it: what is paid by use")


def test_the_document_adds_up(stack: Any) -> None:
    document = json.loads(run("--stack", "dev", "--json").stdout)
    assert document["monthly_high_usd"] == pytest.approx(
        sum(row["high_usd"] for row in document["rows"]), abs=0.02
    )
    assert (document["monthly_ceiling_usd"], document["unknown"]) == (2500, [])
    assert [job["component"] for job in document["jobs"]] == ["job nightly-etl"]


def test_a_stack_above_its_ceiling_is_shown_and_refused(stack: Any) -> None:
    stack(cost={"monthly_ceiling_usd": 300})
    outcome = run()
    assert "1,215.87" in outcome.stdout
    assert isinstance(outcome.exception, UserError)
    assert "emr:cost.monthly_ceiling_usd: is 300, but a month may cost 1,216 USD" in str(outcome.exception)


@pytest.mark.parametrize("cost", [{"monthly_ceiling_usd": "much"}, 7])
def test_a_ceiling_that_is_no_number_is_told(stack: Any, cost: Any) -> None:
    stack(cost=cost)
    outcome = run()
    assert isinstance(outcome.exception, UserError)
    assert "emr:cost" in str(outcome.exception)
    assert "must be" in str(outcome.exception)


def test_what_has_no_price_is_unknown_in_the_table(stack: Any) -> None:
    file = Path("Pulumi.dev.yaml")
    document = yaml.safe_load(file.read_text())
    config = document["config"]
    config["aws:region"] = "eu-central-1"
    config["emr:network"]["zones"] = ["eu-central-1a", "eu-central-1b"]
    config["emr:clusters"]["main"]["primary"]["types"] = [{"name": "c7gn.xlarge"}]
    for role in ("core", "task"):
        config["emr:clusters"]["main"][role]["types"] = [{"name": "c7g.xlarge"}]
    file.write_text(yaml.safe_dump(document))
    outcome = run()
    lines = outcome.stdout.splitlines()
    assert lines[1].split() == ["cluster", "main:", "primary", "unknown", "unknown"]
    assert next(line for line in lines if line.startswith("together, without what is unknown  "))
    (told,) = [line for line in lines if line.startswith("unknown: ")]
    assert "'c7gn.xlarge' has no price in eu-central-1" in told
    assert "what a month costs is not known" in str(outcome.exception)  # dev has a ceiling
