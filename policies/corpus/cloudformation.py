"""CloudFormation templates, YAML or JSON, as resources of the pack; cloudformation.yaml says which type is which.

Intrinsic functions are evaluated as far as the template alone tells: parameters with defaults, conditions over them,
references between resources. A nested setting that is a resource of its own here becomes one, owned by the outer one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from policies.corpus.cloudformation_types import resource, settings, table
from policies.corpus.declared import CorpusError, Declared
from policies.corpus.values import ACCOUNT, PARTITION, REGION, UNKNOWN, arn, joined

GONE = object()  # AWS::NoValue: the property is as if it were not written
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": PARTITION,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
    "AWS::NoValue": GONE,
}
NAMED = (
    "BucketName",
    "RoleName",
    "TopicName",
    "QueueName",
    "FunctionName",
    "TableName",
    "LogGroupName",
    "Name",
)


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of intrinsic functions, read as their long forms."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {name: value.split(".", 1) if suffix == "GetAtt" and isinstance(value, str) else value}


_Loader.add_multi_constructor("!", _intrinsic)
# A date stays text: "2012-10-17" is the version of a policy language.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _loader, node: node.value)


def read(files: Iterable[Path]) -> list[Declared]:
    """Every resource of the templates; other files beside them (parameters, build files) are let be.

    Raises CorpusError for a file that cannot be read, and where none is a template.
    """
    found: list[Declared] = []
    others: list[Path] = []
    for file in files:
        template = _load(file)
        if isinstance(template, dict) and isinstance(template.get("Resources"), dict):
            found += Template(template).resources()
        else:
            others.append(file)
    if others and not found:
        raise CorpusError(f"{others[0]}: no CloudFormation template: it has no Resources")
    return found


def _load(file: Path) -> Any:
    try:
        return yaml.load(file.read_text(), _Loader)  # noqa: S506  # a SafeLoader with the short forms
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise CorpusError(f"{file}: not YAML: {' '.join(str(error).split())}") from None


class Template:
    """A template, and what its functions mean."""

    def __init__(self, template: dict[str, Any]) -> None:
        self._resources: dict[str, dict[str, Any]] = {
            name: body for name, body in template["Resources"].items() if isinstance(body, dict)
        }
        self._parameters = template.get("Parameters") or {}
        self._mappings = template.get("Mappings") or {}
        self._conditions = template.get("Conditions") or {}
        self._globals = template.get("Globals") or {}
        self._seen: list[str] = []

    def resources(self) -> Iterator[Declared]:
        """The resources; those whose condition is known to be false are aside."""
        for name, body in self._resources.items():
            row = table().get(body.get("Type", ""))
            made = self._declared(name, body, row) if row is not None else [self._other(name, body)]
            for one in made:
                one.aside = "Condition" in body and self._condition(body["Condition"]) is False
                yield one

    def _other(self, name: str, body: dict[str, Any]) -> Declared:
        """A type that no rule judges: it counts for what it refers to."""
        props, flows = self._values(body.get("Properties") or {})
        return Declared(
            name, f"aws:cloudformation/{body.get('Type')}", props, flows, names=_names(name, body)
        )

    def _values(self, properties: Any) -> tuple[dict[str, Any], dict[str, list[str]]]:
        values: dict[str, Any] = {}
        flows: dict[str, list[str]] = {}
        for key, node in (properties if isinstance(properties, dict) else {}).items():
            self._seen = []
            value = self._value(node)
            if value is not GONE:
                values[key], flows[key] = value, self._seen
        return values, flows

    def _declared(self, name: str, body: dict[str, Any], row: dict[str, Any]) -> Iterator[Declared]:
        values, flows = self._values(self._shared(body) | (body.get("Properties") or {}))
        for above, keys in row.get("lift", {}).items():
            inner = values.get(above)
            moved = [key for key in keys if key in inner] if isinstance(inner, dict) else []
            for key in moved:
                values[key], flows[key] = values[above].pop(key), flows[above]
        for key, (above, name_) in row.get("nest", {}).items():
            if key in values:
                values.setdefault(above, {name_: values.pop(key)})
                flows.setdefault(above, []).extend(flows.pop(key))
        beside = row.get("beside", {})
        for key, setting in beside.items():
            if key in values:
                yield from settings(name, key, setting, values.pop(key), flows.pop(key))
        names = dict(row.get("names", {}))
        for key, choice in row.get("by", {}).items():
            for kind, places in choice.items():
                names[key] = places.get(values.pop(kind, None), key)
        token = next((kind for key, kind in row.get("instead", {}).items() if key in values), row["type"])
        yield resource(name, token, values, flows, names, row, _names(name, body))

    def _shared(self, body: dict[str, Any]) -> dict[str, Any]:
        """What a template of SAM says of all resources of a type."""
        service, _, kind = str(body.get("Type")).removeprefix("AWS::").partition("::")
        shared = (
            self._globals.get(kind) if service == "Serverless" and isinstance(self._globals, dict) else None
        )
        return dict(shared) if isinstance(shared, dict) else {}

    def _value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for value in map(self._member, node) if value is not GONE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                return self._ref(argument, in_text=False)
            if isinstance(name, str) and name.startswith("Fn::"):
                return self._function(name.removeprefix("Fn::"), argument)
        values = {key: self._value(member) for key, member in node.items()}
        return {key: value for key, value in values.items() if value is not GONE}

    def _member(self, node: Any) -> Any:
        """A member of a list; one that a condition may leave out is taken as there where nobody knows (ADR 0183)."""
        match node:
            case {"Fn::If": [str(condition), *choices]} if self._condition(condition) is None:
                there = [value for value in map(self._value, choices) if value not in (GONE, {})]
                if len(there) == 1 < len(choices):
                    return there[0]
        return self._value(node)

    def _function(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "GetAtt", [str(resource), *attribute]:
                return self._attribute(resource, ".".join(map(str, attribute)))
            case "GetAtt", str():
                return self._attribute(*argument.partition(".")[::2])
            case "Sub", str():
                return self._sub(argument, {})
            case "Sub", [str(text), dict(given)]:
                return self._sub(text, given)
            case "Join", [str(mark), list(members)]:
                parts: list[Any] = []
                for member in members:
                    parts += [mark, self._in_text(member)] if parts else [self._in_text(member)]
                return joined(parts)
            case "If", [str(condition), yes, no]:
                holds = self._condition(condition)
                if holds is not None:
                    return self._value(yes if holds else no)
                one, other = self._value(yes), self._value(no)
                return one if one == other else UNKNOWN
            case "FindInMap", [str(name), *keys]:
                found: Any = self._mappings.get(name)
                for key in map(self._value, keys):
                    found = found.get(key) if isinstance(found, dict) and isinstance(key, str) else None
                return UNKNOWN if found is None else found
        self._value(argument)  # for what it refers to
        return UNKNOWN

    def _in_text(self, node: Any) -> Any:
        if isinstance(node, dict) and list(node) == ["Ref"]:
            return self._ref(node["Ref"], in_text=True)
        return self._value(node)

    def _sub(self, text: str, given: dict[str, Any]) -> Any:
        parts: list[Any] = []
        for piece in re.split(r"(\$\{[^}]+\})", text):
            name = piece[2:-1].strip() if piece.startswith("${") else ""
            if not name:
                parts.append(piece)
            elif name.startswith("!"):
                parts.append(f"${{{name[1:]}}}")
            elif name in given:
                parts.append(self._in_text(given[name]))
            elif "." in name:
                parts.append(self._attribute(*name.split(".", 1)))
            else:
                parts.append(self._ref(name, in_text=True))
        return joined(parts)

    def _ref(self, name: Any, *, in_text: bool) -> Any:
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self._parameters:
            return self._parameters[name].get("Default", UNKNOWN)
        if name in self._resources:
            self._seen.append(name)
            return self._name(name) if in_text else UNKNOWN
        return UNKNOWN

    def _attribute(self, resource: str, attribute: str) -> Any:
        if resource not in self._resources:
            return UNKNOWN
        self._seen.append(resource)
        if attribute not in ("Arn", "TopicArn"):
            return UNKNOWN
        _, service, kind = [*str(self._resources[resource].get("Type")).lower().split("::"), "", ""][:3]
        return arn(service, kind, self._name(resource))

    def _name(self, resource: str) -> str:
        properties = self._resources[resource].get("Properties") or {}
        literal = (properties.get(key) for key in NAMED)
        return next((name for name in literal if isinstance(name, str)), resource.lower())

    def _condition(self, node: Any) -> bool | None:
        """Whether a condition holds; None when the template alone does not tell."""
        if isinstance(node, str):
            return self._condition(self._conditions[node]) if node in self._conditions else None
        if isinstance(node, bool):
            return node
        if not isinstance(node, dict) or len(node) != 1:
            return None
        ((name, argument),) = node.items()
        match name:
            case "Condition":
                return self._condition(argument)
            case "Fn::Equals":
                one, other = map(self._value, argument)
                return None if UNKNOWN in (one, other) else str(one) == str(other)
            case "Fn::Not":
                holds = self._condition(argument[0])
                return None if holds is None else not holds
            case "Fn::And" | "Fn::Or":
                found = [self._condition(one) for one in argument]
                decisive = name == "Fn::Or"
                return decisive if decisive in found else None if None in found else not decisive
        return None


def _names(name: str, body: dict[str, Any]) -> tuple[str, ...]:
    return (f"{body.get('Type')}.{name}", f"{body.get('Type')}::{name}")
