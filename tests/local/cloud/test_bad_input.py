"""Requests that no SDK would send: the error of AWS, never a failure of the server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.local.cloud.conftest import Cloud
from tests.local.cloud.containers import DRIVER, RELEASE, Containers
from tests.local.cloud.serverless import Serverless

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**12) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = {
    "emr-serverless": ("name", "releaseLabel", "type", "clientToken", "initialCapacity", "maximumCapacity", "tags",
                       "autoStopConfiguration", "networkConfiguration", "runtimeConfiguration"),
    "emr-containers": ("name", "containerProvider", "clientToken", "tags", "schedulerConfiguration"),
    "elasticmapreduce": ("Name", "Instances", "ReleaseLabel", "Steps", "Applications", "Tags", "Configurations"),
}  # fmt: skip
PATHS = {"emr-serverless": "/applications", "emr-containers": "/virtualclusters", "elasticmapreduce": "/"}
REQUESTS = st.sampled_from(sorted(MEMBERS)).flatmap(
    lambda service: st.tuples(
        st.just(service), JSON | st.dictionaries(st.sampled_from(MEMBERS[service]), JSON, max_size=6)
    )
)


ROLE = "arn:aws:iam::123456789012:role/job"
RUN: dict[str, dict[str, Any]] = {
    "emr-serverless": {
        "executionRoleArn": ROLE, "jobDriver": {"sparkSubmit": {"entryPoint": "s3://a/b.py"}},
    },
    "emr-containers": {
        "executionRoleArn": ROLE, "releaseLabel": RELEASE, "jobDriver": DRIVER,
    },
}  # fmt: skip
RUN_MEMBERS = (
    "clientToken", "executionRoleArn", "jobDriver", "name", "mode", "retryPolicy", "executionTimeoutMinutes", "tags",
    "configurationOverrides", "releaseLabel", "jobTemplateId", "retryPolicyConfiguration",
)  # fmt: skip


def post(cloud: Cloud, service: str, body: bytes, path: str | None = None) -> tuple[int, Any]:
    """Status and body of a creating call."""
    scope = f"AKIA2222222222222222/20250101/{cloud.region}/{service}/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
    if service == "elasticmapreduce":
        headers |= {
            "X-Amz-Target": "ElasticMapReduce.RunJobFlow",
            "Content-Type": "application/x-amz-json-1.1",
        }
    else:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(
        cloud.server.endpoint + (path or PATHS[service]), data=body, headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(REQUESTS)
def test_whatever_is_sent_the_answer_is_the_apis(cloud: Cloud, sent: tuple[str, Any]) -> None:
    service, body = sent
    status, answer = post(cloud, service, json.dumps(body).encode())
    assert status < 500, (service, body, answer)
    if status >= 400:
        assert answer.get("message") or answer.get("Message"), answer


@pytest.fixture(params=["emr-serverless", "emr-containers"])
def taker(request: pytest.FixtureRequest, cloud: Cloud) -> tuple[str, str]:
    """A service and the path under which it takes job runs."""
    if request.param == "emr-serverless":
        return request.param, f"/applications/{Serverless(cloud).create()}/jobruns"
    return request.param, f"/virtualclusters/{Containers(cloud).create()}/jobruns"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(
        st.sampled_from(RUN_MEMBERS), JSON | st.text(min_size=20, max_size=60), max_size=4
    )
)
def test_whatever_a_run_is_asked_with_the_answer_is_the_apis(
    cloud: Cloud, taker: tuple[str, str], caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    service, path = taker
    status, answer = post(
        cloud, service, json.dumps({**RUN[service], "clientToken": uuid4().hex, **changes}).encode(), path
    )
    assert status < 500, (changes, answer)
    cloud.pass_time(1)
    assert not [r for r in caplog.records if r.levelname == "ERROR"], changes


@pytest.mark.parametrize("service", sorted(MEMBERS))
@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"nothing"])
def test_a_body_that_is_no_object_is_a_serialization_error(cloud: Cloud, service: str, body: bytes) -> None:
    status, answer = post(cloud, service, body)
    assert (status, answer["__type"]) == (400, "SerializationException"), answer


def test_a_member_of_another_type_is_named(cloud: Cloud) -> None:
    sent = {"releaseLabel": 7, "type": "SPARK", "clientToken": "t"}
    status, answer = post(cloud, "emr-serverless", json.dumps(sent).encode())
    assert (status, answer["Message"]) == (400, "Value at 'releaseLabel' is not a string.")
