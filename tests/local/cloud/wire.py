"""Checks every answer against the API's shapes: before it is serialised, and as it went over the wire.

Before, because moto's serialiser drops what the shape does not have: a misspelt member would just be missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from moto.core.responses import ActionContext, ActionResult

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "long": (int,), "boolean": (bool,), "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float, datetime),
}  # fmt: skip


def check_answer(operation_model: OperationModel, response_dict: dict[str, Any], **_: object) -> None:
    """A handler of botocore's event `before-parse`: fails the test that gets a malformed answer."""
    shape = operation_model.output_shape
    if response_dict["status_code"] >= 300 or shape is None:
        return
    problems = list(_problems(shape, json.loads(response_dict["body"] or b"{}"), operation_model.name))
    assert not problems, problems


class CheckedResult(ActionResult):
    """A result that fails its request when it does not fit the operation's shape."""

    def execute_result(self, context: ActionContext) -> Any:
        shape = context.operation_model.output_shape
        problems = list(_problems(shape, self.result, context.operation_model.name))
        assert not problems, problems
        return super().execute_result(context)


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            if member is None:
                continue
            if name in shape.members:
                yield from _problems(shape.members[name], member, f"{path}.{name}")
            else:
                yield f"{path}.{name} is no member of {shape.name}"
    elif isinstance(shape, ListShape):
        for item in value:
            yield from _problems(shape.member, item, f"{path}[]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _problems(shape.value, item, f"{path}.{key}")
    else:
        allowed = shape.metadata.get("enum")
        as_text = shape.serialization.get("timestampFormat") == "iso8601"
        if not isinstance(value, TYPES[shape.type_name]) and not (as_text and isinstance(value, str)):
            yield f"{path} is {value!r}, not a {shape.type_name}"
        elif allowed and value not in allowed:
            yield f"{path} is {value!r}, not one of {allowed}"
