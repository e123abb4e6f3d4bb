"""Which properties the judged types have, and how other tools' names for them lead there.

data/shapes.json is asked of the installed pulumi_aws for every type that a rule or a fixture names:

    python -m policies.corpus.shapes          writes it (about 20 s)

A shape is "" for a text, "number", "flag", "map" for free keys, [shape] for a list, {property: shape} for an object.
"""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import json
import keyword
import re
import sys
import typing
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from policies.corpus.values import as_text

HERE = Path(__file__).resolve().parent
FILE = HERE.parent / "data" / "shapes.json"
SCALARS = {bool: "flag", int: "number", float: "number"}
TOKEN = re.compile(r"aws:[a-z0-9]+/[A-Za-z0-9]+:[A-Za-z0-9]+")
Shape = Any

# Where the bridge named a type otherwise than by its module and itself:
# https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go
TERRAFORM = {
    "aws:cloudtrail/trail:Trail": "aws_cloudtrail",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "aws_s3_bucket_replication_configuration",
}
BARE = ("ec2",)  # modules that stand in no name: aws_vpc, aws_subnet


@cache
def shapes() -> dict[str, Shape]:
    """The shape of each type, by its token."""
    found: dict[str, Shape] = json.loads(FILE.read_text())["shapes"]
    return found


@cache
def by_terraform_name() -> dict[str, str]:
    """The token of each Terraform type; where Pulumi has two, the one that new programs use."""
    return {terraform_name(token): token for token in sorted(shapes(), key=_is_old, reverse=True)}


def _is_old(token: str) -> bool:
    return token.endswith("V2")


def terraform_name(token: str) -> str:
    """The Terraform type that Pulumi bridges as `token`."""
    module, kind = token.removeprefix("aws:").split(":")[0].split("/")
    return TERRAFORM.get(token) or "_".join(
        ["aws", *([] if module in BARE else [module]), snake(kind.removesuffix("V2"))]
    )


def snake(name: str) -> str:
    """`bucketKeyEnabled` as `bucket_key_enabled`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def camel(name: str) -> str:
    """`bucket_key_enabled` as `bucketKeyEnabled`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def property_of(shape: Shape, name: str) -> str:
    """The property of `shape` that another tool calls `name`; lists have names in the plural here.

    A name that is no property's is kept in our writing, so that nothing is lost.
    """
    wanted = camel(name[:1].lower() + name[1:])
    if not isinstance(shape, dict) or wanted in shape:
        return wanted
    known = {_plain(key): key for key in shape}
    plain = _plain(name)
    for candidate in (plain, f"{plain}s", f"{plain}es", f"{plain[:-1]}ies", plain.removesuffix("s")):
        if candidate in known:
            return str(known[candidate])
    return wanted


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def wired(shape: Shape, value: Any) -> Any:
    """`value`, given under another tool's names, as it goes over the wire.

    A single block may come as a list of one, a number or a flag where a text is due.
    """
    if isinstance(shape, dict) and isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(shape, list) and isinstance(value, list):
        return [wired(shape[0], member) for member in value]
    if isinstance(shape, list) and isinstance(value, dict):
        return [wired(shape[0], value)]
    if isinstance(shape, dict) and isinstance(value, dict):
        named = {property_of(shape, key): member for key, member in value.items()}
        return {key: wired(shape.get(key), member) for key, member in named.items()}
    return as_text(value) if shape == "" and isinstance(value, int | float) else value


def ask(tokens: collections.abc.Iterable[str]) -> dict[str, Shape]:
    """The shapes of `tokens`, from the signatures of pulumi_aws; types that it has no more are left out."""
    found = {}
    for token in sorted(tokens):
        module, name = token.removeprefix("aws:").split("/")[0], token.split(":")[-1]
        package = importlib.import_module(
            f"pulumi_aws.{module}_" if keyword.iskeyword(module) else f"pulumi_aws.{module}"
        )
        resource = getattr(package, name, None)
        if resource is None:
            continue
        types = sys.modules[resource.__module__]
        # BucketVersioningArgs is a block of s3.Bucket; the resource's own arguments are then the InitArgs.
        found[token] = _fields(getattr(types, f"{name}InitArgs", None) or getattr(types, f"{name}Args"))
    return found


def _fields(cls: type) -> dict[str, Shape]:
    from pulumi._types import input_type_types, is_input_type, output_type_types

    types = input_type_types(cls) if is_input_type(cls) else output_type_types(cls)
    return {name: _shape(kind) for name, kind in sorted(types.items())}


def _shape(kind: Any) -> Shape:
    import pulumi
    from pulumi._types import is_input_type, is_output_type

    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        waits = (collections.abc.Awaitable, pulumi.Output)
        plain = [a for a in arguments if a is not type(None) and typing.get_origin(a) not in waits]
        return _shape(next(a for a in plain if not isinstance(a, typing.ForwardRef)))
    if origin is collections.abc.Sequence:
        return [_shape(arguments[0])]
    if origin is collections.abc.Mapping:
        return "map"
    if inspect.isclass(kind) and (is_input_type(kind) or is_output_type(kind)):
        return _fields(kind)
    return SCALARS.get(kind, "")


def named(folder: Path = HERE.parent) -> set[str]:
    """Every type of AWS that the pack's sources name."""
    files = [*folder.rglob("*.py"), *folder.rglob("*.yaml")]
    return {token for file in files for token in TOKEN.findall(file.read_text())}


def render(found: dict[str, Shape]) -> str:
    """The file's text, a type a line."""
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in found.items())
    source = json.dumps(f"pulumi_aws {version('pulumi_aws')}")
    return f'{{\n"source": {source},\n"shapes": {{\n{lines}\n}}\n}}\n'


if __name__ == "__main__":
    FILE.write_text(render(ask(named())))
