"""Requests that are no requests: a body that is not JSON, a member of another type than the API's.

moto's parser takes what comes and fails somewhere. AWS answers SerializationException before it looks at anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from moto.core.exceptions import ServiceException
from moto.core.utils import get_service_model

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "structure": dict, "map": dict, "list": list, "string": str, "boolean": bool, "integer": int, "long": int,
    "float": (int, float), "double": (int, float),
}  # fmt: skip


class SerializationError(ServiceException):
    """The request is not in the form of its protocol."""

    code = "SerializationException"


class StrictResponse:
    """Mixed in before a response class of moto's whose protocol is JSON: its operations begin with `well_formed`."""

    _malformed: SerializationError | None = None

    def parse_parameters(self, request: Any) -> None:
        """moto's, for a body that it can parse; the error waits, for here moto would not answer with it."""
        try:
            model = get_service_model(self.boto3_service_name)  # type: ignore[attr-defined]
            check_body(model.operation_model(self._get_action()), request.data)  # type: ignore[attr-defined]
            super().parse_parameters(request)  # type: ignore[misc]
        except SerializationError as error:
            self._malformed = error
        except (ValueError, TypeError) as error:  # of the query: a number that is none, a time that is none
            self._malformed = SerializationError(str(error))

    def well_formed(self) -> None:
        """Raise SerializationError when the request was not."""
        if self._malformed is not None:
            raise self._malformed


def check_body(operation: OperationModel, body: bytes) -> None:
    """Raise SerializationError when `body` is no JSON object of the members that `operation` takes."""
    if not body:
        return
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise SerializationError(f"The body is not valid JSON: {error}") from None
    if not isinstance(sent, dict):
        raise SerializationError("The body is not a JSON object.")
    if operation.input_shape is not None:
        _check(operation.input_shape, sent, "")


def _check(shape: Shape, value: Any, path: str) -> None:
    expected = _TYPES.get(shape.type_name, object)
    wrong = not isinstance(value, expected)
    if wrong or (isinstance(value, bool) and shape.type_name in ("integer", "long", "float", "double")):
        raise SerializationError(f"Value at '{path}' is not a {shape.type_name}.")
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            if value.get(name) is not None:
                _check(member, value[name], f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        for item in value:
            _check(shape.member, item, f"{path}[]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            _check(shape.value, item, f"{path}.{key}")
