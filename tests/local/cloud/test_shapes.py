"""Random requests in the form of the API's own shapes: the answer is the API's, whatever is asked.

What no client would serialise (members of another type, bodies that are no JSON) is sent by test_bad_input.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.cloud.emr.responses import OPERATIONS
from local.cloud.emr_containers import backend as containers
from local.cloud.emr_serverless import backend as serverless
from tests.local.cloud.conftest import CORE, PRIMARY, Cloud
from tests.local.cloud.containers import Containers
from tests.local.cloud.serverless import Serverless

SERVICES = {
    "emr": OPERATIONS,
    "emr-serverless": serverless.OPERATIONS,
    "emr-containers": containers.OPERATIONS,
}
DEEPEST = 5
# Words that lead somewhere, so that not every request ends at its first look-up.
WORDS = [
    "emr-spark-8.0.0", "emr-7.13.0", "emr-7.13.0-latest", "SPARK", "HIVE", "service", "nodes", "m5.xlarge", "Spark",
    "arn:aws:iam::123456789012:role/service", "s3://a/b.py", "command-runner.jar", "us-east-1a", "", "0", "a",
    "\N{SNOWMAN}", "x" * 300,
]  # fmt: skip
NUMBERS = st.sampled_from([0, 1, 2, 60, -1, 2**31 - 1]) | st.integers(-(2**40), 2**40)


def values(shape: Shape, known: tuple[str, ...], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape: in its type, not always in its bounds."""
    if isinstance(shape, StructureShape):
        return structure(shape, known, depth)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member, known, depth + 1), max_size=2)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.sampled_from(WORDS), values(shape.value, known, depth + 1), max_size=2)
    if shape.type_name == "string":
        return st.sampled_from([*(getattr(shape, "enum", None) or ()), *known, *WORDS]) | st.text(max_size=5)
    plain: dict[str, st.SearchStrategy[Any]] = {
        "boolean": st.booleans(), "integer": NUMBERS, "long": NUMBERS, "timestamp": st.integers(0, 2**33),
        "blob": st.binary(max_size=5),
    }  # fmt: skip
    return plain.get(shape.type_name, st.floats(-1e9, 1e9))


def structure(shape: StructureShape, known: tuple[str, ...], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """A structure with some of its members; those in the address of a request are there always."""
    members = shape.members
    fixed = {name for name, member in members.items() if member.serialization.get("location") == "uri"}
    if depth >= DEEPEST:
        members = {name: member for name, member in members.items() if name in shape.required_members}
    return st.fixed_dictionaries(
        {name: values(members[name], known, depth + 1).filter(bool) for name in fixed},
        optional={name: values(m, known, depth + 1) for name, m in members.items() if name not in fixed},
    )


@pytest.fixture
def known(cloud: Cloud) -> tuple[str, ...]:
    """The ids of what is there to be asked about."""
    cluster = cloud.ready(instances={"InstanceFleets": [PRIMARY, CORE]})
    fleets = cloud.client("emr").list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
    application = Serverless(cloud).create()
    virtual = Containers(cloud).create()
    return (cluster, *cloud.add_steps(cluster, "one"), *(f["Id"] for f in fleets), application, virtual)


@pytest.mark.parametrize("service", SERVICES)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_asked_the_answer_is_the_apis(
    cloud: Cloud, known: tuple[str, ...], caplog: pytest.LogCaptureFixture, service: str, data: st.DataObject
) -> None:
    client = cloud.client(service, parameter_validation=False, read_timeout=20)
    operation = data.draw(st.sampled_from(sorted(SERVICES[service])))
    shape = client.meta.service_model.operation_model(operation).input_shape
    asked = data.draw(structure(shape, known, 0)) if shape else {}
    try:
        client._make_api_call(operation, asked)
    except ClientError as refused:
        told = refused.response
        assert told["ResponseMetadata"]["HTTPStatusCode"] < 500, (operation, asked, told)
        assert told["Error"]["Code"].isalnum(), told
        assert told["Error"]["Message"], told
    cloud.pass_time(1)
    assert not [r for r in caplog.records if r.levelname == "ERROR"], (operation, asked)


@pytest.mark.parametrize("arn", ["\n", "?"])
@pytest.mark.parametrize("service", ["emr-containers", "emr-serverless"])
def test_an_arn_that_is_none_is_refused_as_any_other(cloud: Cloud, service: str, arn: str) -> None:
    client = cloud.client(service, parameter_validation=False)
    with pytest.raises(ClientError) as refused:
        client._make_api_call("TagResource", {"resourceArn": arn, "tags": {"a": "b"}})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500
