"""The resources of a case as the engine sends them to an analyzer, for tests and benchmarks of what is served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as proto

from policies.cases import Given


def on_resource(one: Given) -> Any:
    """The call that judges a resource by itself."""
    return proto.AnalyzeRequest(**_common(one))


def on_stack(resources: Sequence[Given]) -> Any:
    """The call that judges a whole stack, what flows between its resources included."""
    urns = {one.name: one.urn for one in resources}
    return proto.AnalyzeStackRequest(resources=[_in_stack(one, urns) for one in resources])


def _in_stack(one: Given, urns: dict[str, str]) -> Any:
    flows = {
        prop: proto.AnalyzerPropertyDependencies(urns=[urns[name] for name in names if name in urns])
        for prop, names in one.flows.items()
    }
    return proto.AnalyzerResource(
        **_common(one), parent=urns.get(one.parent or "", ""), propertyDependencies=flows
    )


def _common(one: Given) -> dict[str, Any]:
    provider = one.provider and proto.AnalyzerProviderResource(
        type="pulumi:providers:aws", urn="urn:provider", name="aws", properties=_struct(one.provider)
    )
    return {
        "type": one.type,
        "urn": one.urn,
        "name": one.name,
        "properties": _struct(one.props),
        "options": proto.AnalyzerResourceOptions(ignoreChanges=one.ignored),
        "provider": provider or None,
    }


def _struct(props: dict[str, Any]) -> Any:
    return json_format.ParseDict(props, struct_pb2.Struct())
