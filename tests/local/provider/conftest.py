"""One local AWS and one provider for the tests of this folder, and a peer that talks to it as an engine
does."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from local.cloud.server import CloudServer
from local.provider import serve_provider, values
from local.provider.clients import Clients
from local.provider.known import Known
from local.provider.types import RESOURCES
from tests.local.provider.examples import EXAMPLES

REGION = "us-east-1"
ACCOUNT = "123456789012"
SESSION = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
KNOWN = {token: Known(row, Clients("http://127.0.0.1:1")) for token, row in RESOURCES.items()}  # calls nobody
_NAMES = itertools.count()


class NoRunner:
    """Clusters here run nothing, so YARN has nothing to say of them."""

    def metrics(self, _cluster_id: str) -> None:
        """As a runner answers whose cluster is not up."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_kwargs: []


@dataclass
class Made:
    """A resource as the engine would remember it."""

    urn: str
    name: str
    id: str
    inputs: Any
    state: Any

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs as plain values."""
        return values.read(self.state).props


class _Deadline(grpc.UnaryUnaryClientInterceptor):
    """No call of a test waits for ever."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(details._replace(timeout=60), request)


class Peer:
    """One connection of an engine: `Configure` once, then resources."""

    def __init__(self, port: int, **config: Any) -> None:
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)])
        self.stub = provider_pb2_grpc.ResourceProviderStub(grpc.intercept_channel(channel, _Deadline()))
        self._config = {"region": REGION, **config}

    def configure(self) -> Peer:
        """Say who we are."""
        self.stub.Configure(pb.ConfigureRequest(args=values.write(self._config), acceptSecrets=True))
        return self

    def check(self, type_: str, props: Mapping[str, Any] | Struct, name: str = "it", old: Any = None) -> Any:
        """What Check says; `old` are the inputs before."""
        struct = props if isinstance(props, Struct) else values.write(props)
        request = pb.CheckRequest(urn=urn(type_, name), news=struct, olds=old, randomSeed=name.encode())
        return self.stub.Check(request)

    def inputs(self, type_: str, props: Mapping[str, Any], name: str = "it", old: Any = None) -> Any:
        """Checked inputs; fails the test when something is wrong with them."""
        checked = self.check(type_, props, name, old)
        assert not checked.failures, [(one.property, one.reason) for one in checked.failures]
        return checked.inputs

    def create(self, type_: str, props: Mapping[str, Any], name: str) -> Made:
        """Check and create."""
        inputs = self.inputs(type_, props, name)
        answer = self.stub.Create(pb.CreateRequest(urn=urn(type_, name), properties=inputs))
        return Made(urn(type_, name), name, answer.id, inputs, answer.properties)

    def preview(self, type_: str, props: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The outputs that a preview would show."""
        inputs = self.inputs(type_, props, name)
        request = pb.CreateRequest(urn=urn(type_, name), properties=inputs, preview=True)
        return values.read(self.stub.Create(request).properties).props

    def diff(self, made: Made, inputs: Any, ignore: tuple[str, ...] = ()) -> Any:
        """Compare new inputs with what was made."""
        request = pb.DiffRequest(
            id=made.id,
            urn=made.urn,
            olds=made.state,
            old_inputs=made.inputs,
            news=inputs,
            ignoreChanges=ignore,
        )
        return self.stub.Diff(request)

    def update(self, made: Made, inputs: Any, *, preview: bool = False) -> Made:
        """Update in place."""
        request = pb.UpdateRequest(
            id=made.id, urn=made.urn, olds=made.state, old_inputs=made.inputs, news=inputs, preview=preview
        )
        return Made(made.urn, made.name, made.id, inputs, self.stub.Update(request).properties)

    def read(self, made: Made) -> Any:
        """What a refresh finds."""
        return self.stub.Read(
            pb.ReadRequest(id=made.id, urn=made.urn, properties=made.state, inputs=made.inputs)
        )

    def delete(self, made: Made) -> None:
        """Delete it."""
        request = pb.DeleteRequest(id=made.id, urn=made.urn, properties=made.state, old_inputs=made.inputs)
        self.stub.Delete(request)


def urn(type_: str, name: str) -> str:
    """The URN of a resource of the stack `test`."""
    return f"urn:pulumi:test::provider::{type_}::{name}"


class World:
    """Makes examples with everything they refer to, once each."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.prefix = f"w{next(_NAMES)}"
        self.made: dict[str, Made] = {}

    def make(self, key: str) -> Made:
        """The example `key`, and what it refers to, in an AWS that has them."""
        if key not in self.made:
            example = EXAMPLES[key]
            self.made[key] = self.peer.create(example.type, self.resolve(example.props), self.name(key))
        return self.made[key]

    def name(self, key: str) -> str:
        """The example's name: another one in each world."""
        return f"{self.prefix}-{key}"

    def resolve(self, value: Any) -> Any:
        """The value with `${…}` replaced by what it refers to."""
        if isinstance(value, Mapping):
            return {key: self.resolve(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.resolve(one) for one in value]
        if isinstance(value, str):
            return re.sub(r"\$\{([\w.-]+)}", lambda match: self._look_up(match[1]), value)
        return value

    def end(self) -> None:
        """Delete everything, last made first."""
        for made in reversed(list(self.made.values())):
            self.peer.delete(made)

    def _look_up(self, reference: str) -> str:
        key, _, prop = reference.partition(".")
        made = self.make(key)
        return str(made.outputs[prop] if prop else made.id)


def make_eks_cluster(endpoint: str) -> None:
    """The EKS cluster that the example of a virtual cluster lives in."""
    eks = SESSION.client("eks", endpoint_url=endpoint)
    if "example" not in eks.list_clusters()["clusters"]:
        role = f"arn:aws:iam::{ACCOUNT}:role/eks"
        eks.create_cluster(name="example", roleArn=role, resourcesVpcConfig={"subnetIds": []})


@pytest.fixture(autouse=True)
def _the_eks_cluster_of_the_examples(request: pytest.FixtureRequest) -> None:
    """Anew for each test that needs it: others of this process have emptied moto."""
    if "cloud" in request.fixturenames:
        make_eks_cluster(request.getfixturevalue("cloud").endpoint)


@pytest.fixture(scope="session")
def cloud() -> Iterator[CloudServer]:
    """A local AWS."""
    with CloudServer(NoRunner()) as server:
        yield server


@pytest.fixture(scope="session")
def port(cloud: CloudServer) -> Iterator[int]:
    """The port of a provider for it."""
    server = serve_provider(cloud.endpoint)
    yield server.port
    server.stop()


@pytest.fixture(scope="session")
def peer(port: int) -> Peer:
    """A configured connection."""
    return Peer(port).configure()


@pytest.fixture(scope="module")
def gallery(peer: Peer) -> Iterator[World]:
    """Examples to look at: made once each, changed by no test. Other modules of this process may empty moto."""
    place = World(peer)
    yield place
    place.end()


@pytest.fixture
def world(peer: Peer) -> Iterator[World]:
    """A place to make examples in; what is left of them afterwards is deleted."""
    place = World(peer)
    yield place
    place.end()


@pytest.fixture(scope="session")
def aws(cloud: CloudServer) -> Any:
    """A maker of clients that go behind the provider's back."""
    make: Any = SESSION.client
    return lambda service: make(service, endpoint_url=cloud.endpoint)
