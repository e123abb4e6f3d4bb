"""Terraform modules: the `.tf` files of a folder as resources of the pack.

Resources of count 0 are left out, others stand for all their instances. Modules that the files call are not followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError

from policies.corpus.declared import CorpusError, Declared
from policies.corpus.hcl import Evaluator, member
from policies.corpus.shapes import by_terraform_name, property_of, shapes, wired
from policies.corpus.terraform_documents import document
from policies.corpus.values import ACCOUNT, PARTITION, REGION, UNKNOWN, arn, holds_unknown

META = {"count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection", "timeouts"}
DATA: dict[tuple[str, str], str] = {
    ("aws_caller_identity", "account_id"): ACCOUNT,
    ("aws_region", "name"): REGION,
    ("aws_region", "region"): REGION,
    ("aws_region", "id"): REGION,
    ("aws_partition", "partition"): PARTITION,
    ("aws_partition", "dns_suffix"): "amazonaws.com",
}
# Arguments that the bridge named otherwise: https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go
RENAMED = {"aws_cloudwatch_metric_alarm": {"alarm_name": "name"}}
NAMES = ("name", "bucket", "function_name", "cluster_name", "identifier")


@dataclass
class Block:
    """A block of a file: its labels, and its attributes and blocks not evaluated yet."""

    kind: str
    labels: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


def read(files: Iterable[Path]) -> list[Declared]:
    """Every resource that the files declare together. Raises CorpusError for a file that is not Terraform's."""
    blocks: list[Block] = []
    folder = Path()
    for file in files:
        folder = file.parent
        text = file.read_text()
        try:
            tree = hcl2.parses_to_tree(text if text.endswith("\n") else f"{text}\n")
        except LarkError as error:
            raise CorpusError(f"{file}: not Terraform: {str(error).splitlines()[0]}") from None
        blocks += _body(tree.children[0])[1]
    return list(Module(blocks, folder).resources())


def _body(body: Tree[Any]) -> tuple[dict[str, Any], list[Block]]:
    attributes: dict[str, Any] = {}
    blocks = []
    for child in body.children:
        if not isinstance(child, Tree):
            continue
        if child.data == "attribute":
            attributes[_word(child.children[0])] = child.children[-1]
        elif child.data == "block":
            heads = [
                c
                for c in child.children
                if isinstance(c, Tree) and c.data not in ("body", "new_line_or_comment")
            ]
            inner = next(c for c in child.children if isinstance(c, Tree) and c.data == "body")
            kind, *labels = map(_word, heads)
            blocks.append(Block(kind, labels, *_body(inner)))
    return attributes, blocks


def _word(node: Tree[Any]) -> str:
    if node.data == "string":
        return "".join(str(c.children[0]) for c in node.children if isinstance(c, Tree))
    return str(next(c for c in node.children if isinstance(c, Token)))


class Module:
    """The blocks of a folder, and what references between them mean."""

    def __init__(self, blocks: list[Block], folder: Path) -> None:
        self._evaluator = Evaluator(self._resolve, folder)
        self._resources = {
            ".".join(b.labels): b for b in blocks if b.kind == "resource" and len(b.labels) == 2
        }
        self._data = {".".join(b.labels): b for b in blocks if b.kind == "data" and len(b.labels) == 2}
        self._variables = {b.labels[0]: b for b in blocks if b.kind == "variable" and b.labels}
        self._locals = {key: node for b in blocks if b.kind == "locals" for key, node in b.attributes.items()}
        self._providers = [b for b in blocks if b.kind == "provider" and b.labels == ["aws"]]
        self._under_way: list[str] = []
        self._scopes: list[dict[str, Any]] = []
        self._seen: list[str] = []

    def resources(self) -> Iterator[Declared]:
        """The resources, those of count 0 left out."""
        provider = self._default_tags()
        for address, block in self._resources.items():
            count = block.attributes.get("count")
            if count is None or self._evaluator.value(count) != 0:
                yield self._declared(address, block, provider)

    def _default_tags(self) -> dict[str, Any] | None:
        for provider in self._providers:
            for block in provider.blocks:
                if block.kind == "default_tags" and "alias" not in provider.attributes:
                    tags = self._values(block)
                    return {"defaultTags": UNKNOWN if holds_unknown(tags) else json.dumps(tags)}
        return None

    def _declared(self, address: str, block: Block, provider: dict[str, Any] | None) -> Declared:
        kind = block.labels[0]
        token = by_terraform_name().get(kind, f"aws:terraform/{kind}:{kind}")
        shape = shapes().get(token, "")
        flows: dict[str, list[str]] = {}
        values: dict[str, Any] = {}
        for key, nodes in self._parts(block):
            if key in META:
                continue
            name = RENAMED.get(kind, {}).get(key, key)
            self._seen = []
            values[name] = nodes()
            flows.setdefault(property_of(shape, name), []).extend(self._seen)
        return Declared(address, token, wired(shape, values) if shape else values, flows, provider)

    def _parts(self, block: Block) -> Iterator[tuple[str, Any]]:
        for key, node in block.attributes.items():
            yield key, lambda node=node: self._evaluator.value(node)
        kinds = dict.fromkeys(_kind(b) for b in block.blocks)
        for kind in kinds:
            yield kind, lambda kind=kind: self._nested(block, kind)

    def _nested(self, block: Block, kind: str) -> Any:
        found: list[Any] = []
        for inner in block.blocks:
            if _kind(inner) != kind:
                continue
            if inner.kind != "dynamic":
                found.append(self._values(inner))
                continue
            made = self._dynamic(inner)
            if made is None:
                return UNKNOWN
            found += made
        return found

    def _values(self, block: Block) -> dict[str, Any]:
        return {key: value() for key, value in self._parts(block) if key not in ("lifecycle", "provisioner")}

    def _dynamic(self, block: Block) -> list[Any] | None:
        """The blocks that a `dynamic` one makes; None when it is not known how many."""
        over = (
            self._evaluator.value(block.attributes["for_each"]) if "for_each" in block.attributes else UNKNOWN
        )
        content = next((inner for inner in block.blocks if inner.kind == "content"), None)
        if content is None or not isinstance(over, dict | list):
            return None
        iterator = block.attributes.get("iterator")
        name = block.labels[0] if iterator is None else str(next(iterator.scan_values(lambda _: True)))
        pairs = over.items() if isinstance(over, dict) else enumerate(over)
        made = []
        for key, value in pairs:
            self._scopes.append({name: {"key": key, "value": value}})
            made.append(self._values(content))
            self._scopes.pop()
        return made

    def _resolve(self, steps: list[Any], in_text: bool) -> Any:
        head, *rest = steps
        for scope in reversed(self._scopes):
            if head in scope:
                return member(scope[head], rest)
        if head == "local" and rest and rest[0] in self._locals:
            return self._once(
                f"local.{rest[0]}", lambda: member(self._evaluator.value(self._locals[rest[0]]), rest[1:])
            )
        if head == "var" and rest and rest[0] in self._variables:
            default = self._variables[rest[0]].attributes.get("default")
            return UNKNOWN if default is None else member(self._evaluator.value(default), rest[1:])
        if head == "path":
            return "."
        if head == "data" and len(rest) >= 2:
            return self._datum(rest)
        if rest and f"{head}.{rest[0]}" in self._resources:
            return self._output(
                f"{head}.{rest[0]}", [step for step in rest[1:] if isinstance(step, str)], in_text
            )
        return UNKNOWN

    def _once(self, name: str, value: Any) -> Any:
        """`value()`, unless it is being asked for already: a program that refers to itself in a circle."""
        if name in self._under_way:
            return UNKNOWN
        self._under_way.append(name)
        try:
            return value()
        finally:
            self._under_way.pop()

    def _datum(self, rest: list[Any]) -> Any:
        kind, name, *steps = rest
        attribute = next((step for step in steps if isinstance(step, str)), "")
        block = self._data.get(f"{kind}.{name}")
        if kind == "aws_iam_policy_document" and block is not None and attribute == "json":
            return self._once(f"data.{kind}.{name}", lambda: document(self._values(block)))
        return DATA.get((kind, attribute), UNKNOWN)

    def _output(self, address: str, steps: list[str], in_text: bool) -> Any:
        """What a resource will have: its own argument where it says so, else a likely text."""
        self._seen.append(address)
        block = self._resources[address]
        attribute = steps[0] if steps else ""
        if attribute in block.attributes and attribute not in META:
            seen, self._seen = self._seen, []
            value = self._once(address, lambda: self._evaluator.value(block.attributes[attribute]))
            self._seen = seen
            return member(value, list(steps[1:]))
        if attribute == "arn":
            return self._arn(address, block)
        return self._name(address, block) if in_text and attribute in ("id", *NAMES) else UNKNOWN

    def _name(self, address: str, block: Block) -> str:
        for key in NAMES:
            if key in block.attributes:
                seen = self._seen
                value = self._once(address, lambda key=key: self._evaluator.value(block.attributes[key]))
                self._seen = seen
                if isinstance(value, str) and value != UNKNOWN:
                    return value
        return address.split(".")[1]

    def _arn(self, address: str, block: Block) -> str:
        service, _, kind = block.labels[0].removeprefix("aws_").partition("_")
        return arn(service, kind or service, self._name(address, block))


def _kind(block: Block) -> str:
    return block.labels[0] if block.kind == "dynamic" and block.labels else block.kind
