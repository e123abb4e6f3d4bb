"""Workgroups and databases as on AWS, where moto has them otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeRunner

ARN = "arn:aws:athena:us-east-1:123456789012:workgroup/"
RESULTS = {
    "OutputLocation": "s3://results/mine/",
    "EncryptionConfiguration": {
        "EncryptionOption": "SSE_KMS",
        "KmsKey": "arn:aws:kms:us-east-1:123456789012:key/1",
    },
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with CloudServer(FakeRunner()) as server:
        yield server.endpoint


def _client(endpoint: str, service: str, **config: Any) -> Any:
    make: Any = boto3.client
    return make(service, endpoint_url=endpoint, region_name="us-east-1", config=Config(**config))


@pytest.fixture
def athena(endpoint: str) -> Any:
    return _client(endpoint, "athena")


@pytest.fixture
def glue(endpoint: str) -> Any:
    return _client(endpoint, "glue")


@pytest.fixture
def group(athena: Any, request: pytest.FixtureRequest) -> str:
    """A workgroup of the test's own, with results and a cutoff."""
    name = str(request.node.name)
    configuration = {"ResultConfiguration": RESULTS, "BytesScannedCutoffPerQuery": 10**9}
    athena.create_work_group(Name=name, Configuration=configuration, Tags=[{"Key": "team", "Value": "data"}])
    return name


def refused(call: Callable[..., Any], **given: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"
    return str(error.value.response["Error"]["Message"])


def ask(athena: Any, group: str, **more: Any) -> dict[str, Any]:
    query = athena.start_query_execution(QueryString="SELECT 1", WorkGroup=group, **more)["QueryExecutionId"]
    found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
    return found


def test_updates_of_a_configuration_set_keep_and_remove(athena: Any, group: str) -> None:
    updates = {
        "RemoveBytesScannedCutoffPerQuery": True,
        "EngineVersion": {"SelectedEngineVersion": "AUTO"},
        "ResultConfigurationUpdates": {
            "OutputLocation": "s3://results/others/",
            "RemoveEncryptionConfiguration": True,
        },
    }
    athena.update_work_group(WorkGroup=group, Description="new", ConfigurationUpdates=updates)
    found = athena.get_work_group(WorkGroup=group)["WorkGroup"]
    assert (found["Description"], found["State"]) == ("new", "ENABLED")
    assert found["Configuration"] == {
        "EnableMinimumEncryptionConfiguration": False,
        "EnforceWorkGroupConfiguration": True,
        "EngineVersion": {
            "SelectedEngineVersion": "AUTO",
            "EffectiveEngineVersion": "Athena engine version 3",
        },
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "ResultConfiguration": {"OutputLocation": "s3://results/others/"},
    }


def test_a_cutoff_has_a_least_value(endpoint: str, group: str) -> None:
    athena = _client(endpoint, "athena", parameter_validation=False)
    low = {"BytesScannedCutoffPerQuery": 9_999_999}
    assert "at least 10000000" in refused(athena.create_work_group, Name=f"{group}-low", Configuration=low)
    assert "at least 10000000" in refused(athena.update_work_group, WorkGroup=group, ConfigurationUpdates=low)


def test_what_is_not_there_is_not_found(athena: Any) -> None:
    for call in (athena.get_work_group, athena.update_work_group, athena.delete_work_group):
        assert refused(call, WorkGroup="nowhere") == "WorkGroup is not found."
    assert "not found" in refused(athena.start_query_execution, QueryString="SELECT 1", WorkGroup="nowhere")


def test_a_workgroup_that_is_off_runs_no_query_until_it_is_on_again(athena: Any, group: str) -> None:
    athena.update_work_group(WorkGroup=group, State="DISABLED")
    assert "disabled" in refused(athena.start_query_execution, QueryString="SELECT 1", WorkGroup=group)
    athena.update_work_group(WorkGroup=group, State="ENABLED")
    assert ask(athena, group)["WorkGroup"] == group


def test_an_enforced_workgroup_says_where_results_go_and_how_they_are_sealed(athena: Any, group: str) -> None:
    mine = {"ResultConfiguration": {"OutputLocation": "s3://client/"}}
    enforced = ask(athena, group, **mine)
    location = f"s3://results/mine/{enforced['QueryExecutionId']}.csv"
    assert enforced["ResultConfiguration"] == {**RESULTS, "OutputLocation": location}
    athena.update_work_group(WorkGroup=group, ConfigurationUpdates={"EnforceWorkGroupConfiguration": False})
    assert ask(athena, group, **mine)["ResultConfiguration"]["OutputLocation"].startswith("s3://client/")
    assert ask(athena, group)["ResultConfiguration"]["OutputLocation"].startswith("s3://results/mine/")


def test_a_workgroup_goes_with_what_is_in_it_only_when_asked_to(athena: Any, group: str) -> None:
    query = athena.create_named_query(Name="q", Database="d", QueryString="SELECT 1", WorkGroup=group)
    ask(athena, group)
    assert refused(athena.delete_work_group, WorkGroup=group) == f"WorkGroup {group} is not empty"
    athena.delete_work_group(WorkGroup=group, RecursiveDeleteOption=True)
    assert query["NamedQueryId"] not in athena.list_named_queries(WorkGroup=group)["NamedQueryIds"]
    assert athena.list_query_executions(WorkGroup=group)["QueryExecutionIds"] == []
    athena.create_work_group(Name=group)
    assert athena.list_tags_for_resource(ResourceARN=ARN + group)["Tags"] == []
    athena.delete_work_group(WorkGroup=group)  # empty


def test_the_primary_workgroup_stays(athena: Any) -> None:
    assert "cannot be deleted" in refused(
        athena.delete_work_group, WorkGroup="primary", RecursiveDeleteOption=True
    )


def test_a_workgroup_is_tagged_and_untagged(athena: Any, group: str) -> None:
    athena.tag_resource(ResourceARN=ARN + group, Tags=[{"Key": "owner", "Value": "me"}])
    athena.untag_resource(ResourceARN=ARN + group, TagKeys=["team"])
    assert athena.list_tags_for_resource(ResourceARN=ARN + group)["Tags"] == [{"Key": "owner", "Value": "me"}]


def test_when_a_workgroup_was_made_does_not_change(athena: Any, group: str) -> None:
    first, again = (athena.get_work_group(WorkGroup=group)["WorkGroup"]["CreationTime"] for _ in range(2))
    assert first == again


def test_a_database_that_comes_again_has_not_the_tags_of_the_one_that_was(glue: Any) -> None:
    arn = "arn:aws:glue:us-east-1:123456789012:database/again"
    glue.create_database(DatabaseInput={"Name": "again"}, Tags={"team": "data"})
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "data"}
    glue.delete_database(Name="again")
    glue.create_database(DatabaseInput={"Name": "again"})
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {}


def test_a_database_says_who_may_use_its_new_tables(glue: Any) -> None:
    glue.create_database(DatabaseInput={"Name": "silent"})
    glue.create_database(DatabaseInput={"Name": "closed", "CreateTableDefaultPermissions": []})
    said = [
        glue.get_database(Name=n)["Database"]["CreateTableDefaultPermissions"] for n in ("silent", "closed")
    ]
    by_iam = {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}
    assert said == [[by_iam], []]
