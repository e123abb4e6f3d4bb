"""The policy pack on what a program registered: each resource by itself, then the whole stack, as the engine does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import analyzer_pb2 as proto

from policies.pack import EXEMPT, OPEN
from policies.serving import Servicer, servicer
from tests.infra.recording import Recorder


@cache
def _pack() -> Servicer:
    return servicer()


def findings(made: Recorder, trusted_subnets: Iterable[str] = ()) -> list[str]:
    """What the rules of the pack say, whatever their level: `rule: message`, a line each.

    `trusted_subnets` are those of an adopted VPC, which the pack cannot know (docs/platform.md).
    """
    pack = _pack()
    trusted = _struct({"trustedSubnets": list(trusted_subnets)})
    pack.Configure(
        proto.ConfigureAnalyzerRequest(
            policyConfig={"emr-private-subnet": proto.PolicyConfig(properties=trusted)}
        ),
        None,
    )
    answers = [pack.Analyze(proto.AnalyzeRequest(**one), None) for one, _ in _resources(made)]
    answers.append(
        pack.AnalyzeStack(
            proto.AnalyzeStackRequest(
                resources=[proto.AnalyzerResource(**one, **more) for one, more in _resources(made)]
            ),
            None,
        )
    )
    return sorted(
        {
            f"{said.policyName}: {said.message}"
            for answer in answers
            for said in answer.diagnostics
            if said.policyName not in (OPEN, EXEMPT)
        }
    )


def _resources(made: Recorder) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What every call says of a resource, and what only that about the whole stack does."""
    (provider,) = [
        proto.AnalyzerProviderResource(
            type=asked.type, urn=answer.urn, name=asked.name, properties=_plain(asked.object)
        )
        for asked, answer in made.requests
        if asked.type == "pulumi:providers:aws"
    ]
    for asked, answer in made.requests:
        if asked.type == "pulumi:pulumi:Stack":
            continue
        flows = {
            prop: proto.AnalyzerPropertyDependencies(urns=list(sources.urns))
            for prop, sources in asked.propertyDependencies.items()
        }
        yield (
            {
                "type": asked.type,
                "urn": answer.urn,
                "name": asked.name,
                "properties": _plain(answer.object),
                "options": proto.AnalyzerResourceOptions(ignoreChanges=list(asked.ignoreChanges)),
                "provider": provider if asked.type.startswith("aws:") else None,
            },
            {"parent": asked.parent, "dependencies": list(asked.dependencies), "propertyDependencies": flows},
        )


def _plain(wire: Any) -> Any:
    """Properties without the wrappers of secrets."""
    return _struct(json.loads(json.dumps(_unwrapped(rpc.deserialize_properties(wire)))))


def _unwrapped(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        return _unwrapped(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _unwrapped(one) for key, one in value.items()}
    return [_unwrapped(one) for one in value] if isinstance(value, list) else value


def _struct(props: dict[str, Any]) -> Any:
    return json_format.ParseDict(props, struct_pb2.Struct())
