"""Which arguments and outputs each type has: asked of the installed pulumi_aws, written to data/schema.json.

Importing pulumi_aws takes seconds, so what its signatures say is kept as data; a test asks again and
compares. Run `python -m local.provider.make_schema` after a change of the table or of pulumi_aws.
"""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import json
import sys
import typing
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "data" / "schema.json"
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema(tokens: collections.abc.Iterable[str]) -> dict[str, Any]:
    """For each type token: its inputs and further outputs by wire name, and which inputs are required.

    A kind is "string", "integer", "number", "boolean", "asset", ["list", kind], ["map", kind] or {field:
    kind}.
    """
    return {token: _type(token) for token in sorted(tokens)}


def _type(token: str) -> dict[str, Any]:
    from pulumi._types import resource_types

    module, name = token.removeprefix("aws:").split("/")[0], token.split(":")[-1]
    package = importlib.import_module(f"pulumi_aws.{module}")
    resource = getattr(package, name)
    # BucketVersioningArgs is the block of that name inside s3.Bucket; the resource's own are then the
    # InitArgs.
    module_of = sys.modules[resource.__module__]
    args = getattr(module_of, f"{name}InitArgs", None) or getattr(module_of, f"{name}Args")
    assert resource.pulumi_type == token, f"{resource} is {resource.pulumi_type}"
    inputs = _fields(args)
    outputs = {key: _kind(kind) for key, kind in resource_types(resource).items() if key not in inputs}
    return {"inputs": inputs, "outputs": dict(sorted(outputs.items())), "required": _required(args)}


def _required(args: type) -> list[str]:
    from pulumi._types import input_type_py_to_pulumi_names

    names = input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args).parameters
    return sorted(names[name] for name, one in parameters.items() if one.default is inspect.Parameter.empty)


def _fields(cls: type) -> dict[str, Any]:
    from pulumi._types import input_type_types, is_input_type, output_type_types

    types = input_type_types(cls) if is_input_type(cls) else output_type_types(cls)
    return {name: _kind(kind) for name, kind in sorted(types.items())}


def _kind(kind: Any) -> Any:
    import pulumi
    from pulumi._types import is_input_type, is_output_type

    if kind in _SCALARS:
        return _SCALARS[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return _of_union(arguments)
    if origin is collections.abc.Sequence:
        return ["list", _kind(arguments[0])]
    if origin is collections.abc.Mapping:
        return ["map", _kind(arguments[1])]
    if inspect.isclass(kind) and issubclass(kind, pulumi.Asset | pulumi.Archive):
        return "asset"
    if is_input_type(kind) or is_output_type(kind):
        return _fields(kind)
    raise TypeError(f"pulumi_aws has a kind of property that make_schema does not know: {kind!r}")


def _of_union(arguments: tuple[Any, ...]) -> Any:
    """`Input[T]` is a union of T, Awaitable[T] and Output[T]; an argument may also take an enum or a
    resource."""
    import pulumi

    for one in arguments:
        wrapped = typing.get_origin(one) in (collections.abc.Awaitable, pulumi.Output)
        if one is not type(None) and not wrapped and not isinstance(one, typing.ForwardRef):
            return _kind(one)
    raise TypeError(f"pulumi_aws has a union that make_schema does not know: {arguments!r}")


def main() -> None:
    """Write the data file for every type of the table."""
    from local.provider.types import RESOURCES

    FILE.write_text(render(schema(RESOURCES)))


def render(data: dict[str, Any]) -> str:
    """The file's text: one line a property, so that a change of pulumi_aws reads as a diff."""
    lines = []
    for token, entry in data.items():
        parts = [f'  "required": {json.dumps(entry["required"])}']
        for group in ("inputs", "outputs"):
            rows = [f"   {json.dumps(name)}: {json.dumps(kind)}" for name, kind in entry[group].items()]
            parts.append(f'  "{group}": {{\n' + ",\n".join(rows) + "\n  }")
        lines.append(f" {json.dumps(token)}: {{\n" + ",\n".join(parts) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
