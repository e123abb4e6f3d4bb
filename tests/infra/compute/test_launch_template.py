"""The request with which a job starts an ephemeral cluster, held against botocore's own shape."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from facts.errors import UserError
from infra.settings.loader import from_config, parse
from tests.infra.recording import Recorder, run_program, stack_config, wire_config

Run = tuple[Recorder, dict[str, Any]]
SHAPE: Any = get_session().get_service_model("emr").operation_model("RunJobFlow").input_shape


def problems(request: dict[str, Any]) -> str:
    report: Any = ParamValidator().validate(request, SHAPE)
    return str(report.generate_report())


def ephemeral(**changes: Any) -> dict[str, Any]:
    """dev's cluster as an ephemeral one beside it, and its request."""
    config = copy.deepcopy(stack_config("dev"))
    config["emr:clusters"]["nightly"] = {
        **copy.deepcopy(config["emr:clusters"]["main"]),
        "ephemeral": True,
        **changes,
    }
    _, platform = run_program("dev", config)
    request: dict[str, Any] = platform["launch_templates"]["nightly"]
    assert "nightly" not in platform["clusters"]
    return request


def test_research_trains_on_a_cluster_that_is_no_resource(research: Run) -> None:
    made, platform = research
    assert [cluster.name for cluster in made.of("Cluster")] == ["main"]
    assert [alarm.name for alarm in made.of("MetricAlarm") if "training" in alarm.name] == []
    request = platform["launch_templates"]["training"]
    assert problems(request) == ""
    assert request["Instances"]["KeepJobFlowAliveWhenNoSteps"] is False
    assert request["Instances"]["TerminationProtected"] is False
    fleets = {one["InstanceFleetType"]: one for one in request["Instances"]["InstanceFleets"]}
    assert set(fleets) == {"MASTER", "CORE", "TASK"}
    task = fleets["TASK"]
    assert (task["TargetOnDemandCapacity"], task["TargetSpotCapacity"]) == (0, 4)
    assert {one["InstanceType"][:2] for one in task["InstanceTypeConfigs"]} == {"g4", "g5", "g6"}
    assert task["LaunchSpecifications"]["SpotSpecification"]["TimeoutDurationMinutes"] == 5
    assert request["SecurityConfiguration"] == "emr-research-clusters"


def test_the_request_is_one_that_emr_takes() -> None:
    request = ephemeral()
    assert problems(request) == ""
    assert request["ManagedScalingPolicy"]["ComputeLimits"]["MaximumCapacityUnits"] == 4
    tags = {one["Key"]: one["Value"] for one in request["Tags"]}
    assert tags["stack"] == "dev"
    assert tags["for-use-with-amazon-emr-managed-policies"] == "true"
    assert request["Instances"]["Ec2SubnetIds"] == ["private-us-east-1a-id", "private-us-east-1b-id"]


def test_a_request_that_emr_would_not_take_is_told(research: Run) -> None:
    request = copy.deepcopy(research[1]["launch_templates"]["training"])
    request["Instances"]["InstanceFleets"][0]["TargetOnDemandCapacity"] = "one"
    assert "TargetOnDemandCapacity" in problems(request)


def test_scripts_and_images_are_in_the_request() -> None:
    action = {
        "name": "agents",
        "script": "bootstrap/agents.sh",
        "arguments": ["--quiet"],
        "expected_seconds": 40,
    }
    with_scripts = ephemeral(bootstrap={"actions": [action]})
    assert problems(with_scripts) == ""
    (found,) = with_scripts["BootstrapActions"]
    assert found["ScriptBootstrapAction"] == {
        "Path": "s3://emr-dev-artifacts-111111111111-us-east-1/bootstrap/agents.sh",
        "Args": ["--quiet"],
    }
    with_image = ephemeral(bootstrap={"image_id": "ami-0123456789abcdef0"})
    assert problems(with_image) == ""
    assert with_image["CustomAmiId"] == "ami-0123456789abcdef0"
    assert "BootstrapActions" not in with_image


def test_a_standing_cluster_starts_with_them_too_and_says_what_they_cost() -> None:
    config = copy.deepcopy(stack_config("dev"))
    main = config["emr:clusters"]["main"]
    main["bootstrap"] = {
        "actions": [
            {"name": "one", "script": "bootstrap/one.sh", "expected_seconds": 40},
            {"name": "two", "script": "bootstrap/two.sh", "expected_seconds": 20},
        ]
    }
    made, platform = run_program("dev", config)
    names = [one["name"] for one in made.one("Cluster", "main").inputs["bootstrapActions"]]
    assert names == ["one", "two"]
    assert platform["clusters"]["main"]["bootstrap_seconds"] == 60
    main["bootstrap"] = {"image_id": "ami-0123456789abcdef0"}
    made, platform = run_program("dev", config)
    assert made.one("Cluster", "main").inputs["customAmiId"] == "ami-0123456789abcdef0"
    assert platform["clusters"]["main"]["bootstrap_seconds"] == 0


ACTION = {"name": "a", "script": "bootstrap/a.sh", "expected_seconds": 60}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"bootstrap": {}},
            "bootstrap.actions: are missing, as is image_id; choose one, scripts at every start (actions) or an image",
        ),
        (
            {"bootstrap": {"actions": [ACTION], "image_id": "ami-0123456789abcdef0"}},
            "bootstrap.actions: stand beside image_id; choose one",
        ),
        (
            {"bootstrap": {"actions": [{**ACTION, "expected_seconds": 700}]}},
            "bootstrap.actions: add 700 s to the start of every node; at most 600, so bake an image",
        ),
        ({"bootstrap": {"image_id": "latest"}}, 'bootstrap.image_id: is "latest"; must be'),
        (
            {"bootstrap": {"actions": [{**ACTION, "script": "s3://elsewhere/a.sh"}]}},
            'bootstrap.actions[0].script: is "s3://elsewhere/a.sh"; must be',
        ),
        (
            {"bootstrap": {"actions": [{"name": "a", "script": "bootstrap/a.sh"}]}},
            "bootstrap.actions[0].expected",
        ),
        ({"ephemeral": "yes"}, 'ephemeral: is "yes"; must be true or false'),
        (
            {"ephemeral": True, "termination_protection": True},
            "termination_protection: is true, but an ephemeral cluster ends with its last step",
        ),
    ],
)
def test_one_mistake_is_one_clear_line(changes: dict[str, Any], said: str) -> None:
    tree = from_config(wire_config(stack_config("dev")))
    tree["clusters"]["main"].update(changes)
    with pytest.raises(UserError) as refusal:
        parse(tree)
    (line,) = str(refusal.value).splitlines()[1:]
    assert line.strip().startswith(f"emr:clusters.main.{said}"), line


def test_an_ephemeral_cluster_of_a_deadline_is_not_protected_from_its_end() -> None:
    tree = from_config(wire_config(stack_config("prod")))
    tree["clusters"]["main"].update(purchase="sla", ephemeral=True)
    assert not parse(tree).clusters["main"].termination_protection
