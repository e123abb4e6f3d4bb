"""Pulumi's own forms as resources of the pack: a YAML program, a list of resources, a state, a preview's document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from policies.corpus.declared import CorpusError, Declared
from policies.corpus.shapes import snake
from policies.corpus.terraform_documents import document
from policies.corpus.values import ACCOUNT, PARTITION, REGION, UNKNOWN, arn, holds_unknown, joined

REFERENCE = re.compile(r"(?<!\$)\$\{([^}]+)\}")


def read(files: Iterable[Path]) -> list[Declared]:
    """Every resource of the files. Raises CorpusError for a file of none of the forms."""
    found: list[Declared] = []
    for file in files:
        try:
            program = yaml.load(file.read_text(), _Loader)  # noqa: S506  # a SafeLoader that leaves dates text
        except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
            raise CorpusError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
        found += _resources(program, file)
    return found


class _Loader(yaml.SafeLoader):
    """YAML whose dates stay text."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _loader, node: node.value)


def _resources(document: Any, file: Path) -> list[Declared]:
    if isinstance(document, list):
        return _distinct(_listed(document))
    if isinstance(document, dict):
        if isinstance(document.get("resources"), dict):
            return list(Program(document).resources())
        if isinstance(document.get("resources"), list):
            return _distinct(_listed(document["resources"]))
        if isinstance(document.get("deployment"), dict):
            return _distinct(_state(document["deployment"].get("resources") or []))
        if isinstance(document.get("steps"), list):
            states = (step.get("newState") for step in document["steps"])
            return _distinct(_state([state for state in states if state]))
    raise CorpusError(
        f"{file}: neither a Pulumi program nor a list of resources, a state or a preview's document"
    )


def _listed(entries: list[Any]) -> Iterator[Declared]:
    """Entries with `type`, `name`, `properties` (or `props`) and, as in the pack's fixtures, `flows` and `provider`."""
    for entry in entries:
        if not isinstance(entry, dict) or "urn" in entry:
            yield from _state([entry] if isinstance(entry, dict) else [])
            continue
        props = entry.get("properties", entry.get("props")) or {}
        yield Declared(
            str(entry["name"]),
            str(entry["type"]),
            _unwrapped(props),
            entry.get("flows") or {},
            entry.get("provider"),
            entry.get("parent"),
        )


def _state(entries: list[dict[str, Any]]) -> Iterator[Declared]:
    """Resources as the engine keeps them: URN, inputs, and by property the URNs that they come from."""
    names = {entry["urn"]: entry["urn"].rsplit("::", 1)[-1] for entry in entries}
    providers = {
        entry["urn"]: _unwrapped(entry.get("inputs") or {})
        for entry in entries
        if entry["type"] == "pulumi:providers:aws"
    }
    for entry in entries:
        if entry["type"].startswith("pulumi:"):
            continue
        flows = {
            prop: [names[urn] for urn in urns or () if urn in names]
            for prop, urns in (entry.get("propertyDependencies") or {}).items()
        }
        provider = providers.get(entry.get("provider", "").rsplit("::", 1)[0])
        parent = names.get(entry.get("parent", ""))
        inputs = {k: v for k, v in (entry.get("inputs") or {}).items() if not k.startswith("__")}
        name = names[entry["urn"]]
        yield Declared(
            name, entry["type"], _unwrapped(inputs), flows, provider, parent, names=(entry["urn"],)
        )


def _unwrapped(value: Any) -> Any:
    """A value without the engine's marks of secrets: https://www.pulumi.com/docs/iac/concepts/secrets/."""
    if isinstance(value, dict):
        if "4dabf18193072939515e22adb298388d" in value:
            inner = value.get("value", value.get("plaintext"))
            return UNKNOWN if inner is None else _unwrapped(inner)
        return {key: _unwrapped(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_unwrapped(member) for member in value]
    return value


def _distinct(found: Iterable[Declared]) -> list[Declared]:
    """The resources, one whose name another type has under type and name."""
    taken: set[str] = set()
    resources = list(found)
    for one in resources:
        if one.address in taken:
            one.address = f"{one.type}::{one.address}"
        taken.add(one.address)
    return resources


class Program:
    """A program of https://www.pulumi.com/docs/iac/languages-sdks/yaml/yaml-language-reference/."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._resources: dict[str, dict[str, Any]] = document["resources"]
        self._variables = document.get("variables") or {}
        self._config = document.get("config") or document.get("configuration") or {}
        self._seen: list[str] = []
        self._under_way: list[str] = []

    def resources(self) -> Iterator[Declared]:
        """The resources; those with a provider of their own bear its properties."""
        for name, body in self._resources.items():
            if body["type"].startswith("pulumi:"):
                continue
            props: dict[str, Any] = {}
            flows: dict[str, list[str]] = {}
            for key, node in (body.get("properties") or {}).items():
                self._seen = []
                props[key], flows[key] = self._value(node), self._seen
            self._seen = []
            provider = self._value((body.get("options") or {}).get("provider"))
            of = self._resources[self._seen[0]].get("properties") if self._seen else None
            parent = re.fullmatch(r"\$\{(\w[\w-]*)\}", str((body.get("options") or {}).get("parent")))
            yield Declared(
                name,
                _token(body["type"]),
                props,
                flows,
                None if provider is None or of is None else self._provider(of),
                parent.group(1) if parent else None,
            )

    def _provider(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Nested properties of a provider travel as JSON text."""
        values = {key: self._value(node) for key, node in properties.items()}
        return {k: v if isinstance(v, str) or holds_unknown(v) else json.dumps(v) for k, v in values.items()}

    def _value(self, node: Any) -> Any:
        if isinstance(node, str):
            return self._text(node)
        if isinstance(node, list):
            return [self._value(member) for member in node]
        if isinstance(node, dict):
            if len(node) == 1:
                ((name, argument),) = node.items()
                if isinstance(name, str) and name.startswith("fn::"):
                    return self._function(name, argument)
            return {key: self._value(member) for key, member in node.items()}
        return node

    def _function(self, name: str, argument: Any) -> Any:
        value = self._value(argument)
        match name:
            case "fn::toJSON":
                return value if holds_unknown(value) else json.dumps(value)
            case "fn::secret":
                return value
            case "fn::invoke" if isinstance(value, dict):
                found = _invoked(str(value.get("function")), value.get("arguments"))
                wanted = value.get("return")
                return found if wanted is None else found.get(wanted, UNKNOWN)
            case _ if name.startswith("fn::aws:"):
                return _invoked(name.removeprefix("fn::"), value)
            case "fn::join" if isinstance(value, list) and len(value) == 2 and isinstance(value[1], list):
                parts: list[Any] = []
                for member in value[1]:
                    parts += [value[0], member] if parts else [member]
                return joined(parts)
        return UNKNOWN

    def _text(self, text: str) -> Any:
        pieces = REFERENCE.split(text)
        if len(pieces) == 1:
            return text.replace("$${", "${")
        alone = pieces[0] == pieces[-1] == "" and len(pieces) == 3
        parts = [self._reference(p, not alone) if i % 2 else p for i, p in enumerate(pieces)]
        return parts[1] if alone else joined(parts)

    def _reference(self, path: str, in_text: bool) -> Any:
        name, *steps = re.split(r"[.\[]", path.replace("]", ""))
        if name in self._resources:
            self._seen.append(name)
            return self._output(name, steps, in_text)
        if name in self._variables and name not in self._under_way:
            self._under_way.append(name)
            value = self._value(self._variables[name])
            self._under_way.pop()
            for step in steps:
                value = value.get(step, UNKNOWN) if isinstance(value, dict) else UNKNOWN
            return value
        given = self._config.get(name)
        if isinstance(given, dict):
            given = given.get("default", given.get("value"))
        return UNKNOWN if given is None else given

    def _output(self, name: str, steps: list[str], in_text: bool) -> Any:
        body = self._resources[name]
        given = (body.get("properties") or {}).get(steps[0] if steps else "")
        if isinstance(given, str) and not REFERENCE.search(given):
            return given
        _, place, kind = _token(body["type"]).split(":")
        if steps == ["arn"]:
            return arn(place.split("/")[0], kind.lower(), name)
        return name if in_text and steps in (["id"], ["name"], ["bucket"]) else UNKNOWN


def _token(kind: str) -> str:
    """`aws:s3:Bucket`, as programs may say, as `aws:s3/bucket:Bucket`."""
    parts = kind.split(":")
    if parts[0] == "aws" and len(parts) == 3 and "/" not in parts[1]:
        return f"aws:{parts[1]}/{parts[2][:1].lower()}{parts[2][1:]}:{parts[2]}"
    return kind


def _invoked(function: str, arguments: Any) -> dict[str, Any]:
    """What a function of the provider gives, as far as a file alone tells."""
    given = arguments if isinstance(arguments, dict) else {}
    match function.rsplit(":", 1)[-1]:
        case "getPolicyDocument":
            return {"json": document(_blocks(given))}
        case "getCallerIdentity":
            return {"accountId": ACCOUNT}
        case "getRegion":
            return {"name": REGION, "region": REGION, "id": REGION}
        case "getPartition":
            return {"partition": PARTITION, "dnsSuffix": "amazonaws.com"}
    return {}


def _blocks(value: Any) -> Any:
    """The arguments of a document under the names of Terraform's blocks, of which the provider makes it."""
    renamed = {"statements": "statement", "conditions": "condition"}
    if isinstance(value, dict):
        return {renamed.get(key, snake(key)): _blocks(member) for key, member in value.items()}
    return [_blocks(member) for member in value] if isinstance(value, list) else value
