"""Spark in a container image: what the cluster is told, and what its nodes may pull."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from facts.errors import UserError
from infra.compute.configurations import configurations
from infra.settings.loader import declared, from_config, parse
from policies.cases import Judgement
from tests.infra.recording import run_program, stack_config, wire_config
from tests.infra.security.test_grants_are_needed import judged

REGISTRY = "222222222222.dkr.ecr.us-east-1.amazonaws.com"
IMAGE = f"{REGISTRY}/team/spark@sha256:{'0123456789abcdef' * 4}"


def with_image() -> dict[str, Any]:
    """dev with Spark in an image of another account's registry."""
    config = copy.deepcopy(stack_config("dev"))
    config["emr:clusters"]["main"].update(release="emr-7.13.0", image=IMAGE)
    config["emr:network"]["interface_endpoints"] = ["kms", "sts", "ecr.api", "ecr.dkr"]
    return config


def test_masters_and_executors_run_in_it_and_in_nothing_from_elsewhere() -> None:
    cluster = parse(from_config(wire_config(with_image()))).clusters["main"]
    by_class = {one["Classification"]: one for one in configurations(cluster)}
    spark = by_class["spark-defaults"]["Properties"]
    for of in ("spark.executorEnv", "spark.yarn.appMasterEnv"):
        assert spark[f"{of}.YARN_CONTAINER_RUNTIME_TYPE"] == "docker"
        assert spark[f"{of}.YARN_CONTAINER_RUNTIME_DOCKER_IMAGE"] == IMAGE
    (docker,) = by_class["container-executor"]["Configurations"]
    assert docker["Properties"] == {
        "docker.trusted.registries": REGISTRY,
        "docker.privileged-containers.registries": REGISTRY,
        "docker.privileged-containers.enabled": "false",
    }


def test_without_an_image_nothing_is_said_of_containers() -> None:
    cluster = parse(from_config(wire_config(stack_config("dev")))).clusters["main"]
    assert "CONTAINER_RUNTIME" not in json.dumps(configurations(cluster))
    assert "container-executor" not in json.dumps(configurations(cluster))


def test_more_repositories_than_iam_takes_are_told_before_anything_is_made() -> None:
    config = with_image()
    for number in range(30):
        other = copy.deepcopy(config["emr:clusters"]["main"])
        other["image"] = IMAGE.replace("team/spark", f"team-{number}/{'long' * 12}")
        config["emr:clusters"][f"c{number}"] = other
    del config["emr:cost"]
    with pytest.raises(
        UserError, match=r"^the boundary .* would have \d,\d+ characters, of which IAM takes 6,144; "
    ):
        declared(from_config(wire_config(config)), "dev", ())


def test_the_nodes_role_the_boundary_and_the_way_to_s3_let_it_be_pulled() -> None:
    made, _ = run_program("dev", with_image())
    repository = "arn:aws:ecr:us-east-1:222222222222:repository/team/spark"
    for kind, name in (("RolePolicy", "node"), ("Policy", "boundary")):
        assert repository in made.one(kind, name).inputs["policy"]
    assert "starport-layer-bucket" in made.one("VpcEndpoint", "s3").inputs["policy"]
    (node,) = (one for one in made.components if one.name == "node")
    assert {"LogInToEcr", "PullImages"} <= {need["name"] for need in node.inputs["needs"]}
    assert judged(made) == Judgement((), ())
