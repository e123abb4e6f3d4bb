"""Pictures of a stack: for each of its components, what it makes, as Mermaid in Markdown. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_NAMED = 4  # so many names of one type stand in its box; of more, the first ones and an ellipsis


@dataclass(kw_only=True)
class Node:
    """A component and what stands below it: names of resources by type, and components of its own."""

    type: str
    name: str
    resources: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    parts: list[Node] = field(default_factory=list)


def components(planned: Iterable[Mapping[str, Any]]) -> list[Node]:
    """The components of a stack, from its resources as a preview's or a state's JSON has them.

    In the order of their names: an engine registers what does not depend on each other as it comes.
    """
    resources = sorted(planned, key=lambda one: (_name(one["urn"]), one["urn"]))
    nodes = {
        one["urn"]: Node(type=one["type"], name=_name(one["urn"]))
        for one in resources
        if not one.get("custom", True) and one["type"] != "pulumi:pulumi:Stack"
    }
    top: list[Node] = []
    for one in resources:
        above = nodes.get(one.get("parent", ""))
        if one["urn"] in nodes:
            (top if above is None else above.parts).append(nodes[one["urn"]])
        elif above is not None:
            above.resources[one["type"].rpartition(":")[2]].append(_name(one["urn"]))
    return top


def planned(preview: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The resources that there are when what a preview's JSON document says has come true."""
    there = {step["urn"]: step["newState"] for step in preview["steps"] if "newState" in step}
    return list(there.values())  # a replacement has several steps


def page(stack: str, preview: Mapping[str, Any]) -> str:
    """Markdown with a picture of each component of the stack that `preview` plans."""
    found = components(planned(preview))
    parts = [
        f"# What stack `{stack}` makes",
        f"Written by `emrctl stack picture {stack}` from a preview: a picture a component, with the resources that it "
        "makes, how many of each type, and their names.",
    ]
    for node in found:
        parts.append(f"## {node.name} (`{node.type}`)\n\n```mermaid\n{mermaid(node)}\n```")
    return "\n\n".join(parts) + "\n"


def mermaid(node: Node) -> str:
    """One component as a Mermaid flow chart."""
    lines = ["flowchart LR"]
    _draw(node, "c", lines)
    return "\n".join(lines)


def _draw(node: Node, key: str, lines: list[str]) -> None:
    lines.append(f'  {key}(["<b>{node.name}</b><br/>{node.type}"])')
    for number, (kind, names) in enumerate(sorted(node.resources.items())):
        shown = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        times = f" × {len(names)}" if len(names) > 1 else ""
        lines.append(f'  {key} --> {key}r{number}["{kind}{times}<br/><small>{shown}</small>"]')
    for number, part in enumerate(node.parts):
        lines.append(f"  {key} --> {key}p{number}")
        _draw(part, f"{key}p{number}", lines)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
