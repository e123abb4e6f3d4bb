"""The stack's output as the jobs read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from facts.errors import UserError
from jobs.platform import Platform, parse
from jobs.spec import Ec2Target, EksTarget, ServerlessTarget, Target, find


def test_a_dataset_has_its_place(platform: Platform) -> None:
    job = find("nightly-etl")
    assert platform.uri(job.inputs[0]) == "s3://dev-landing/nycflights13/flights/"
    assert platform.uri(job.outputs[0]) == "s3://dev-curated/nightly-etl/delays/"


@pytest.mark.parametrize(
    ("target", "id_", "log_uri"),
    [
        (Ec2Target(kind="ec2", cluster="main"), "j-1", "s3://dev-logs/elasticmapreduce/"),
        (Ec2Target(kind="ec2", template="once"), "", "s3://dev-logs/elasticmapreduce/"),
        (ServerlessTarget(kind="serverless", application="adhoc"), "app-1", "s3://dev-logs/serverless/"),
    ],
)
def test_a_target_is_found_by_its_name_and_later_by_what_was_kept(
    platform: Platform, target: Target, id_: str, log_uri: str
) -> None:
    place = platform.place(target)
    assert (place.kind, place.name, place.id, place.log_uri) == (target.kind, target.place, id_, log_uri)
    assert platform.known_place(place.kind, place.name, "other") == replace(place, id="other")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (Ec2Target(kind="ec2", template="other"), "has no launch template 'other'; it has: once"),
        (
            ServerlessTarget(kind="serverless", application="other"),
            "has no application 'other'; it has: adhoc",
        ),
        (EksTarget(kind="eks", virtual_cluster="other"), "has no virtual cluster 'other'; it has: none"),
    ],
)
def test_a_place_that_is_not_there_is_named_with_what_is(
    platform: Platform, target: Target, told: str
) -> None:
    with pytest.raises(UserError, match=told):
        platform.place(target)


def test_what_is_not_there_is_named_with_what_is(platform: Platform) -> None:
    with pytest.raises(UserError, match="'dev' has no cluster 'other'; it has: main"):
        platform.cluster("other")
    with pytest.raises(UserError, match="no role for the job 'other'; run 'emrctl stack up'"):
        platform.job_role("other")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema_version": 2}, "platform.schema_version"),
        ({"buckets": {}}, "platform.buckets.landing"),
        ({"clusters": {"main": {"id": "j-1"}}}, "platform.clusters.main.name"),
    ],
)
def test_outputs_of_another_version_are_refused(
    outputs: dict[str, Any], change: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        parse({"platform": {**outputs, **change}})


def test_a_stack_that_is_not_up_says_so() -> None:
    with pytest.raises(UserError, match="is not up; run 'emrctl stack up'"):
        parse({})


def test_a_newer_stack_may_tell_more(outputs: dict[str, Any]) -> None:
    assert parse({"platform": {**outputs, "more": 1}}).environment == "dev"
