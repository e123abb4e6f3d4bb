"""The provider, asked as an engine asks: what it takes of its own for each resource."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import botocore.httpsession
import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from local.provider import serve_provider

SIZES = (300, 1000, 3000)  # resources
# What a platform has most of; by type, the arguments of one.
MIX: dict[str, dict[str, Any]] = {
    "aws:cloudwatch/logGroup:LogGroup": {"retentionInDays": 30, "tags": {"team": "data"}},
    "aws:sqs/queue:Queue": {"visibilityTimeoutSeconds": 60, "tags": {"team": "data"}},
    "aws:iam/role:Role": {
        "assumeRolePolicy": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Principal":{"Service":"elasticmapreduce.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    },
}


def measure(endpoint: str, runs: int) -> dict[str, Any]:
    """Its own time for each resource that is checked, made, compared and deleted: all but what waits for AWS."""
    own = {size: statistics.median(_own(endpoint, size) for _ in range(runs)) for size in SIZES}
    smallest, largest = SIZES[0], SIZES[-1]
    return {
        **{f"provider's own time, {size} resources, ms each (aim 15)": round(own[size], 2) for size in own},
        f"  {largest} / {smallest} resources, each (1 is linear)": round(own[largest] / own[smallest], 2),
    }


def _own(endpoint: str, count: int) -> float:
    """Milliseconds a resource outside of requests to AWS."""
    provider = serve_provider(endpoint)
    try:
        with _requests() as waited, grpc.insecure_channel(f"127.0.0.1:{provider.port}") as channel:
            engine = provider_pb2_grpc.ResourceProviderStub(channel)
            arguments = _struct({"region": "us-east-1", "skipCredentialsValidation": "true"})
            engine.Configure(provider_pb2.ConfigureRequest(args=arguments, acceptSecrets=True))
            _life(engine, min(count, len(MIX)))  # models are read once, whatever the number of resources
            waited.clear()
            began = time.perf_counter()
            _life(engine, count)
            return 1000 * (time.perf_counter() - began - sum(waited)) / count
    finally:
        provider.stop()


def _life(engine: Any, count: int) -> None:
    """`count` resources: all made, then all compared with a change, then all gone."""
    types = list(MIX)
    made = []
    for number in range(count):
        type_ = types[number % len(types)]
        urn = f"urn:pulumi:bench::bench::{type_}::bench-{number}"
        seed = number.to_bytes(16, "big")
        news = engine.Check(
            provider_pb2.CheckRequest(
                urn=urn, news=_struct(MIX[type_]), randomSeed=seed, name=f"bench-{number}"
            )
        ).inputs
        answer = engine.Create(provider_pb2.CreateRequest(urn=urn, properties=news))
        made.append((urn, news, answer))
    for urn, news, answer in made:
        later = struct_pb2.Struct()
        later.CopyFrom(news)
        later.update({"tags": {"team": "another"}, "tagsAll": {"team": "another"}})
        engine.Diff(
            provider_pb2.DiffRequest(
                urn=urn, id=answer.id, olds=answer.properties, old_inputs=news, news=later
            )
        )
    for urn, news, answer in made:
        engine.Delete(
            provider_pb2.DeleteRequest(urn=urn, id=answer.id, properties=answer.properties, old_inputs=news)
        )


@contextmanager
def _requests() -> Iterator[list[float]]:
    """The seconds of each request that this process sends to AWS meanwhile."""
    seconds: list[float] = []
    send = botocore.httpsession.URLLib3Session.send

    def timed(self: Any, request: Any) -> Any:
        began = time.perf_counter()
        try:
            return send(self, request)
        finally:
            seconds.append(time.perf_counter() - began)

    with mock.patch.object(botocore.httpsession.URLLib3Session, "send", timed):
        yield seconds


def _struct(values: dict[str, Any]) -> struct_pb2.Struct:
    found = struct_pb2.Struct()
    found.update(values)
    return found
