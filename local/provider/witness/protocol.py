"""Terraform's plugin protocol 5, as much of it as the questions need.

The messages are described by a table and not by generated code: field numbers and types of
https://github.com/hashicorp/terraform/blob/v0.14.6/docs/plugin-protocol/tfplugin5.2.proto. On the wire a map is a
list of entries and an enumeration an integer, so they are declared as that. Values travel as msgpack: an object has
every attribute, an unknown one is an extension (https://github.com/zclconf/go-cty/blob/v1.8.0/cty/msgpack/doc.go).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import msgpack
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from local.provider.values import UNKNOWN
from local.provider.witness.values import Attribute, Block, Nested, Value, build

_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "DynamicValue": {"msgpack": (1, "bytes")},
    "Step": {"attribute_name": (1, "string"), "key": (2, "string"), "index": (3, "int64")},
    "AttributePath": {"steps": (1, "[Step]")},
    "Diagnostic": {
        "severity": (1, "int32"),
        "summary": (2, "string"),
        "detail": (3, "string"),
        "attribute": (4, "AttributePath"),
    },
    "Attribute": {
        "name": (1, "string"),
        "type": (2, "bytes"),
        "required": (4, "bool"),
        "optional": (5, "bool"),
        "computed": (6, "bool"),
        "sensitive": (7, "bool"),
    },
    "NestedBlock": {
        "type_name": (1, "string"),
        "block": (2, "Block"),
        "nesting": (3, "int32"),
        "min_items": (4, "int64"),
        "max_items": (5, "int64"),
    },
    "Block": {"attributes": (2, "[Attribute]"), "block_types": (3, "[NestedBlock]")},
    "Schema": {"version": (1, "int64"), "block": (2, "Block")},
    "SchemaEntry": {"key": (1, "string"), "value": (2, "Schema")},
    "GetSchemaRequest": {},
    "GetSchemaResponse": {
        "provider": (1, "Schema"),
        "resource_schemas": (2, "[SchemaEntry]"),
        "diagnostics": (4, "[Diagnostic]"),
    },
    "ConfigureRequest": {"terraform_version": (1, "string"), "config": (2, "DynamicValue")},
    "ConfigureResponse": {"diagnostics": (1, "[Diagnostic]")},
    "ValidateResourceTypeConfigRequest": {"type_name": (1, "string"), "config": (2, "DynamicValue")},
    "ValidateResourceTypeConfigResponse": {"diagnostics": (1, "[Diagnostic]")},
    "PlanResourceChangeRequest": {
        "type_name": (1, "string"),
        "prior_state": (2, "DynamicValue"),
        "proposed_new_state": (3, "DynamicValue"),
        "config": (4, "DynamicValue"),
    },
    "PlanResourceChangeResponse": {
        "planned_state": (1, "DynamicValue"),
        "requires_replace": (2, "[AttributePath]"),
        "diagnostics": (4, "[Diagnostic]"),
    },
    "ApplyResourceChangeRequest": {
        "type_name": (1, "string"),
        "prior_state": (2, "DynamicValue"),
        "planned_state": (3, "DynamicValue"),
        "config": (4, "DynamicValue"),
    },
    "ApplyResourceChangeResponse": {
        "new_state": (1, "DynamicValue"),
        "diagnostics": (4, "[Diagnostic]"),
    },
}
_NESTING = {1: "single", 2: "list", 3: "set"}
_ERROR = 1
# The schema of all types is 5 MB, above gRPC's own limit.
_OPTIONS = [("grpc.max_receive_message_length", -1)]
_SECONDS = 60.0
# Nothing is called: the account is nobody's, and what would look it up is switched off.
_CONFIG = {
    "access_key": "witness",
    "region": "us-east-1",
    "secret_key": "witness",
    "skip_credentials_validation": True,
    "skip_get_ec2_platforms": True,
    "skip_metadata_api_check": True,
    "skip_region_validation": True,
    "skip_requesting_account_id": True,
}


class RefusedError(Exception):
    """The provider answered with errors: its own words, all of them together and each by itself."""

    def __init__(self, each: Sequence[str]) -> None:
        super().__init__("; ".join(each))
        self.each = tuple(each)


@dataclass(frozen=True)
class Plan:
    """What the provider would do: the state it would arrive at, and whether by a new resource."""

    planned: Value
    replaces: bool


class Witness:
    """A running provider, to be asked."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        answer = self._call("GetSchema")
        self.types: dict[str, Block] = {one.key: _block(one.value.block) for one in answer.resource_schemas}
        config = build(_block(answer.provider.block), _CONFIG)
        self._call("Configure", terraform_version="0.14.6", config=encode(config))

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def plan(self, kind: str, prior: Value, proposed: Value, config: Value) -> Plan:
        """PlanResourceChange: `prior` is None for a creation. Raises RefusedError."""
        answer = self._call(
            "PlanResourceChange",
            type_name=kind,
            prior_state=encode(prior),
            proposed_new_state=encode(proposed),
            config=encode(config),
        )
        return Plan(decode(answer.planned_state.msgpack), bool(answer.requires_replace))

    def validate(self, kind: str, config: Value) -> None:
        """ValidateResourceTypeConfig. Raises RefusedError."""
        self._call("ValidateResourceTypeConfig", type_name=kind, config=encode(config))

    def _call(self, method: str, **fields: Any) -> Any:
        call: Callable[..., Any] = self._channel.unary_unary(
            f"/tfplugin5.Provider/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=_CLASSES[f"{method}Response"].FromString,
        )
        answer = call(_CLASSES[f"{method}Request"](**fields), timeout=_SECONDS, wait_for_ready=True)
        errors = [one for one in answer.diagnostics if one.severity == _ERROR]
        if errors:
            raise RefusedError([_text(one) for one in errors])
        return answer


def message(name: str, wire: bytes) -> Any:
    """A message of the protocol, from what travels."""
    return _CLASSES[name].FromString(wire)


def encode(value: Value) -> Any:
    """A value as a DynamicValue."""
    return _CLASSES["DynamicValue"](msgpack=msgpack.packb(value, default=_unknown))


def decode(packed: bytes) -> Value:
    """The value of a DynamicValue."""
    return msgpack.unpackb(packed, ext_hook=lambda _code, _data: UNKNOWN, strict_map_key=False)


def _unknown(value: object) -> msgpack.ExtType:
    if value is not UNKNOWN:
        raise TypeError(f"{value!r} is no value of Terraform's")
    return msgpack.ExtType(0, b"\0")


def _text(diagnostic: Any) -> str:
    path = ".".join(step.attribute_name for step in diagnostic.attribute.steps if step.attribute_name)
    return ": ".join(part for part in (path, diagnostic.summary, diagnostic.detail) if part)


def _block(message: Any) -> Block:
    return Block(
        attributes={
            one.name: Attribute(
                json.loads(one.type),
                required=one.required,
                optional=one.optional,
                computed=one.computed,
                sensitive=one.sensitive,
            )
            for one in message.attributes
        },
        blocks={
            one.type_name: Nested(_block(one.block), _NESTING[one.nesting], one.min_items, one.max_items)
            for one in message.block_types
        },
    )


def _classes(messages: Mapping[str, Mapping[str, tuple[int, str]]]) -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="tfplugin5.proto", package="tfplugin5", syntax="proto3")
    for name, fields in messages.items():
        file.message_type.add(name=name).field.extend(_fields(fields))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tfplugin5.{name}"))
        for name in messages
    }


def _fields(fields: Mapping[str, tuple[int, str]]) -> Iterable[descriptor_pb2.FieldDescriptorProto]:
    """Fields of a message: "[X]" is repeated, what begins with a capital another message."""
    of = descriptor_pb2.FieldDescriptorProto
    for name, (number, kind) in fields.items():
        label = of.LABEL_REPEATED if kind[0] == "[" else of.LABEL_OPTIONAL
        field, bare = of(name=name, number=number, label=label), kind.strip("[]")
        if bare[0].isupper():
            field.type, field.type_name = of.TYPE_MESSAGE, f".tfplugin5.{bare}"
        else:
            field.type = of.Type.Value(f"TYPE_{bare.upper()}")
        yield field


_CLASSES = _classes(_MESSAGES)
