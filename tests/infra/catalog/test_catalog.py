"""The database and the workgroup as they are registered, and what their settings may say."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from facts.errors import UserError
from infra.naming import Names
from infra.security import people_policies
from infra.security.needs import KeyArns, policy
from infra.settings.catalog import CatalogSettings
from infra.settings.loader import from_config, parse
from tests.infra.recording import ACCOUNT, Recorder, run_program, stack_config, wire_config

Run = tuple[Recorder, dict[str, Any]]
KEY = "arn:aws:kms:us-east-1:111111111111:key/12345678-1234-1234-1234-123456789012"


def run(**changes: Any) -> Run:
    config = copy.deepcopy(stack_config("dev"))
    config.update({f"emr:{name}": value for name, value in changes.items()})
    return run_program("dev", config)


def configuration(made: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = made.one("Workgroup", "analysts").inputs["configuration"]
    return found


def test_the_database_lies_at_the_curated_bucket(dev: Run) -> None:
    (database,) = dev[0].of("CatalogDatabase")
    assert database.inputs["name"] == "emr_dev_curated"
    assert database.inputs["locationUri"] == f"s3://emr-dev-curated-{ACCOUNT}-us-east-1/"


def test_the_workgroup_enforces_where_results_go_and_what_a_query_may_scan(dev: Run) -> None:
    assert configuration(dev[0]) == {
        "enforceWorkgroupConfiguration": True,
        "publishCloudwatchMetricsEnabled": True,
        "bytesScannedCutoffPerQuery": 100 * 1024**3,
        "engineVersion": {"selectedEngineVersion": "AUTO"},
        "resultConfiguration": {
            "outputLocation": f"s3://emr-dev-curated-{ACCOUNT}-us-east-1/athena-results/",
            "encryptionConfiguration": {
                "encryptionOption": "SSE_KMS",
                "kmsKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/curated",
            },
        },
    }


def test_settings_move_the_limit_and_pin_the_engine() -> None:
    made, _ = run(catalog={"scan_limit_gib_per_query": 5, "engine_version": "3"})
    assert configuration(made)["bytesScannedCutoffPerQuery"] == 5 * 1024**3
    assert configuration(made)["engineVersion"] == {"selectedEngineVersion": "Athena engine version 3"}


def test_an_adopted_bucket_is_where_the_tables_and_the_results_are() -> None:
    made, _ = run(
        storage={"zones": {"curated": {"adopt": "acme-curated"}}}, encryption={"adopt": {"curated": KEY}}
    )
    results = configuration(made)["resultConfiguration"]
    assert results["outputLocation"] == "s3://acme-curated/athena-results/"
    assert results["encryptionConfiguration"]["kmsKeyArn"] == KEY
    assert made.one("CatalogDatabase", "curated").inputs["locationUri"] == "s3://acme-curated/"


@pytest.mark.parametrize("both", [False, True])
def test_saved_queries_go_with_the_workgroup_only_when_data_may_go(both: bool) -> None:
    made, _ = run(protection={"allow_data_deletion": True}, storage={"deletable": both})
    assert made.one("Workgroup", "analysts").inputs["forceDestroy"] is both


def test_the_analyst_s_policy_names_what_the_program_makes(dev: Run) -> None:
    made, platform = dev
    names = Names(stack="dev", region="us-east-1", account_id=ACCOUNT)
    keys = KeyArns(**{name: str(arn) for name, arn in platform["keys"].items()})
    statements = json.loads(policy(people_policies.analyst_needs(names), keys))["Statement"]
    reached = {arn for each in statements for arn in each["Resource"]}
    assert names.arn("athena", f"workgroup/{made.one('Workgroup', 'analysts').inputs['name']}") in reached
    assert names.arn("glue", f"database/{made.one('CatalogDatabase', 'curated').inputs['name']}") in reached
    keeps = platform["catalog"]["query_results_uri"].replace("s3://", "arn:aws:s3:::")
    assert f"{keeps}*" in reached


def test_the_least_limit_is_one_that_athena_takes() -> None:
    least = CatalogSettings(scan_limit_gib_per_query=1)
    # Athena's least, and the provider's: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
    assert least.scan_limit_bytes >= max(10_000_000, 10_485_760)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"scan_limit_gib_per_query": 0}, r"scan_limit_gib_per_query: is 0; must be at least 1"),
        (
            {"scan_limit_gib_per_query": 2_000_000},
            r"scan_limit_gib_per_query: is 2000000; must be at most 1048576",
        ),
        (
            {"scan_limit_gib_per_query": "much"},
            r'scan_limit_gib_per_query: is "much"; must be a whole number',
        ),
        ({"engine_version": "2"}, r"engine_version: is \"2\"; allowed are: 'auto' or '3'"),
        (
            {"scan_limit": 5},
            r"scan_limit: is no setting; allowed here are: engine_version, scan_limit_gib_per_query",
        ),
    ],
)
def test_a_wrong_setting_is_one_line(said: dict[str, Any], told: str) -> None:
    tree = from_config(wire_config({**stack_config("dev"), "emr:catalog": said}))
    with pytest.raises(UserError, match=rf"emr:catalog\.{told}"):
        parse(tree)
