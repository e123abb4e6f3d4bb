"""Requests that no SDK would send: the error of AWS, never a failure of the server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.local.cloud.conftest import Cloud

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


def post(cloud: Cloud, service: str, body: bytes) -> tuple[int, Any]:
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
    request = urllib.request.Request(cloud.server.endpoint + PATHS[service], data=body, headers=headers)
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


@pytest.mark.parametrize("service", sorted(MEMBERS))
@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"nothing"])
def test_a_body_that_is_no_object_is_a_serialization_error(cloud: Cloud, service: str, body: bytes) -> None:
    status, answer = post(cloud, service, body)
    assert (status, answer["__type"]) == (400, "SerializationException"), answer


def test_a_member_of_another_type_is_named(cloud: Cloud) -> None:
    sent = {"releaseLabel": 7, "type": "SPARK", "clientToken": "t"}
    status, answer = post(cloud, "emr-serverless", json.dumps(sent).encode())
    assert (status, answer["Message"]) == (400, "Value at 'releaseLabel' is not a string.")
