"""Checks what really went over the wire: every member of an answer is one that the API has, of its type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "long": (int,), "boolean": (bool,), "double": (int, float),
    "timestamp": (int, float),
}  # fmt: skip


def check_answer(operation_model: OperationModel, response_dict: dict[str, Any], **_: object) -> None:
    """A handler of botocore's event `before-parse`: fails the test that gets a malformed answer."""
    shape = operation_model.output_shape
    if response_dict["status_code"] >= 300 or shape is None:
        return
    problems = list(_problems(shape, json.loads(response_dict["body"] or b"{}"), operation_model.name))
    assert not problems, problems


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, member in value.items():
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
        if not isinstance(value, TYPES[shape.type_name]):
            yield f"{path} is {value!r}, not a {shape.type_name}"
        elif allowed and value not in allowed:
            yield f"{path} is {value!r}, not one of {allowed}"
