"""A module of Terraform: its blocks, and what references between them mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from policies.corpus.declared import Declared
from policies.corpus.hcl import Evaluator, Reference
from policies.corpus.shapes import by_terraform_name, property_of, shapes, wired
from policies.corpus.terraform_blocks import Block, parse
from policies.corpus.terraform_data import OF_THE_PROVIDER, TOLD, datum
from policies.corpus.terraform_documents import bearer, document
from policies.corpus.values import UNKNOWN, arn, holds_unknown, member

META = {"count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection", "timeouts"}
# Arguments that the bridge named otherwise: https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go
RENAMED = {"aws_cloudwatch_metric_alarm": {"alarm_name": "name"}}
# As what a policy that is looked up is judged.
ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"
NAMES = ("name", "bucket", "function_name", "cluster_name", "identifier")
INSTANCES = 20  # as many are told apart; more stand for one another
Asked = Callable[[], tuple[Any, list[str]]]


class Module:
    """The blocks of a folder, and what references between them mean.

    `given` are the values of its variables, `prefix` what its addresses begin with, `above` the folders that call it.
    """

    def __init__(
        self, blocks: list[Block], folder: Path, prefix: str = "", above: tuple[Path, ...] = ()
    ) -> None:
        self.given: dict[str, Asked] = {}
        self._folder, self._prefix, self._above = folder, prefix, (*above, folder.resolve())
        self._evaluator = Evaluator(self._resolve, folder)
        self._resources = _named(blocks, "resource", 2)
        self._data = _named(blocks, "data", 2)
        self._variables = _named(blocks, "variable", 1)
        self._outputs = _named(blocks, "output", 1)
        self._locals = {key: node for b in blocks if b.kind == "locals" for key, node in b.attributes.items()}
        self._providers = [b for b in blocks if b.kind == "provider" and b.labels == ["aws"]]
        self._under_way: list[str] = []
        self._seen: list[str] = []
        self._calls = _named(blocks, "module", 1)
        self._modules = {
            name: called for name, block in self._calls.items() if (called := self._called(name, block))
        }

    def _called(self, name: str, block: Block) -> Module | None:
        """A module below the folder that is called; one from elsewhere, or of count 0, is not seen."""
        source = self._evaluator.value(block.attributes["source"]) if "source" in block.attributes else None
        if not isinstance(source, str) or not source.startswith("."):
            return None
        folder = (self._folder / source).resolve()
        if not folder.is_relative_to(self._above[0]) or folder in self._above or not self._instances(block):
            return None
        _, blocks = parse(sorted([*folder.glob("*.tf"), *folder.glob("*.tf.json")]))
        found = Module(blocks, folder, f"{self._prefix}module.{name}.", self._above)
        found.given = {key: partial(self.apart, node) for key, node in block.attributes.items()}
        return found

    def resources(self, tags: dict[str, Any] | None = None) -> Iterator[Declared]:
        """The resources, with those of the modules below, and the documents of IAM, which labels may name."""
        tags = self._default_tags() or tags
        for address, block in self._resources.items():
            instances = self._instances(block)
            for index, scope in instances or [("", {})]:
                self._evaluator.scopes.append(scope)
                found = self._declared(self._prefix + address, index, block, tags)
                self._evaluator.scopes.pop()
                found.aside = not instances
                yield found
        for name, block in self._calls.items():
            if name in self._modules:
                yield from self._modules[name].resources(tags)
            elif self._instances(block):  # a module from elsewhere counts for what it is given
                yield self._declared(f"{self._prefix}module.{name}", "", block, tags)
        for address, block in self._data.items():
            self._seen = []
            if block.labels[0] == "aws_iam_policy_document":
                kind, props = bearer(document(self._values(block)))
            elif block.labels[0] == "aws_iam_policy":
                kind, props = ATTACHMENT, {"policyArn": self._datum([*block.labels, "arn"])}
            else:
                continue
            flows, names = dict.fromkeys(props, self._seen), (self._prefix + address,)
            yield Declared(f"{self._prefix}data.{address}", kind, props, flows, names=names, aside=True)

    def _instances(self, block: Block) -> list[tuple[str, dict[str, Any]]]:
        """The instances of a block, by index, with what `each` and `count` are there."""
        nodes = block.attributes
        count = self._evaluator.value(nodes["count"]) if "count" in nodes else None
        over = self._over(nodes["for_each"]) if "for_each" in nodes else None
        if isinstance(count, bool | float):
            count = int(count)
        told = block.mentions("each", "count")
        several: list[tuple[str, dict[str, Any]]]
        if isinstance(count, int):
            several = [
                (f"[{number}]", {"count": {"index": number}}) for number in range(min(count, INSTANCES + 1))
            ]
        elif isinstance(over, dict | list):
            pairs = over.items() if isinstance(over, dict) else ((one, one) for one in over)
            several = [(f'["{key}"]', {"each": {"key": key, "value": value}}) for key, value in pairs]
        else:
            return [("", {})]
        if told and len(several) <= INSTANCES:
            return several
        return [("", {})] if several else []

    def _over(self, node: Any) -> Any:
        """What a `for_each` goes over: a value, or the instances of another resource by their keys."""
        steps = self._evaluator.steps(node) or []
        other = self._resources.get(".".join(map(str, steps)))
        if other is None or "for_each" not in other.attributes:
            return self._evaluator.value(node)
        keys = self._once(".".join(map(str, steps)), lambda: self._over(other.attributes["for_each"]))
        return {key: Reference([*steps, key]) for key in keys} if isinstance(keys, dict | list) else keys

    def apart(self, node: Any) -> tuple[Any, list[str]]:
        """The value of an expression that another module asks for, and what flows into it."""
        seen, scopes = self._seen, self._evaluator.scopes
        self._seen, self._evaluator.scopes = [], []
        try:
            return self._once(f"node {id(node)}", lambda: self._evaluator.value(node)), self._seen
        finally:
            self._seen, self._evaluator.scopes = seen, scopes

    def _default_tags(self) -> dict[str, Any] | None:
        for provider in self._providers:
            for block in provider.blocks:
                if block.kind == "default_tags" and "alias" not in provider.attributes:
                    tags = self._values(block)
                    return {"defaultTags": UNKNOWN if holds_unknown(tags) else json.dumps(tags)}
        return None

    def _declared(self, base: str, index: str, block: Block, tags: dict[str, Any] | None) -> Declared:
        kind = block.labels[0] if block.kind == "resource" else block.kind
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
        props = wired(shape, values) if shape else values
        return Declared(base + index, token, props, flows, tags, names=(base,) if index else ())

    def _parts(self, block: Block) -> Iterator[tuple[str, Any]]:
        for key, node in block.attributes.items():
            yield key, lambda node=node: self._evaluator.value(node)
        kinds = dict.fromkeys(inner.makes for inner in block.blocks)
        for kind in kinds:
            yield kind, lambda kind=kind: self._nested(block, kind)

    def _nested(self, block: Block, kind: str) -> Any:
        found: list[Any] = []
        for inner in block.blocks:
            if inner.makes != kind:
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
        node = block.attributes.get("for_each")
        over = UNKNOWN if node is None else self._evaluator.toggled(node)
        content = next((inner for inner in block.blocks if inner.kind == "content"), None)
        if content is None or not isinstance(over, dict | list):
            return None
        iterator = block.attributes.get("iterator")
        name = block.labels[0] if iterator is None else str(next(iterator.scan_values(lambda _: True)))
        pairs = over.items() if isinstance(over, dict) else enumerate(over)
        made = []
        for key, value in pairs:
            self._evaluator.scopes.append({name: {"key": key, "value": value}})
            made.append(self._values(content))
            self._evaluator.scopes.pop()
        return made

    def _resolve(self, steps: list[Any], in_text: bool) -> Any:
        head, *rest = steps
        if head == "local" and rest and rest[0] in self._locals:
            return self._once(
                f"local.{rest[0]}", lambda: member(self._evaluator.value(self._locals[rest[0]]), rest[1:])
            )
        if head == "var" and rest:
            return member(self._variable(str(rest[0])), rest[1:])
        if head == "module" and len(rest) > 1 and rest[0] in self._modules:
            return self._of_module(rest)
        if head == "path":
            return "."
        if head == "data" and len(rest) >= 2:
            return self._datum(rest)
        if rest and f"{head}.{rest[0]}" in self._resources:
            return self._output(f"{head}.{rest[0]}", rest[1:], in_text)
        return UNKNOWN

    def _variable(self, name: str) -> Any:
        if name in self.given:
            value, seen = self.given[name]()
            self._seen += seen
            return value
        default = self._variables[name].attributes.get("default") if name in self._variables else None
        return UNKNOWN if default is None else self._evaluator.value(default)

    def _of_module(self, rest: list[Any]) -> Any:
        """What a module that is called gives: the value of one of its outputs."""
        called = self._modules[rest[0]]
        name, *steps = [step for step in rest[1:] if not isinstance(step, int)] or [""]
        block = called._outputs.get(name)
        if block is None or "value" not in block.attributes:
            return UNKNOWN
        value, seen = called.apart(block.attributes["value"])
        self._seen += seen
        return member(value, steps)

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
        if block is not None and (kind, attribute) in TOLD:
            return self._once(f"data.{kind}.{name}", lambda: datum(kind, self._values(block)))
        return OF_THE_PROVIDER.get((kind, attribute), UNKNOWN)

    def _output(self, address: str, steps: list[Any], in_text: bool) -> Any:
        """What a resource will have: its own argument where it says so, else a likely text."""
        block = self._resources[address]
        indexed = bool(steps) and (
            isinstance(steps[0], int) or ("for_each" in block.attributes and len(steps) > 1)
        )
        index, steps = (steps[0], steps[1:]) if indexed else (None, steps)
        written = "" if index is None else f"[{index}]" if isinstance(index, int) else f'["{index}"]'
        self._seen.append(f"{self._prefix}{address}{written}")
        attribute = str(steps[0]) if steps else ""
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


def _named(blocks: list[Block], kind: str, labels: int) -> dict[str, Block]:
    return {".".join(b.labels): b for b in blocks if b.kind == kind and len(b.labels) == labels}
