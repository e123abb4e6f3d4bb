"""Ranges of addresses, which of them are most of the internet; and protocols."""

from __future__ import annotations

import ipaddress

from policies.view import Node

# A range with a prefix shorter than this is most of the internet, whether or not it is written as one block.
WORLD_V4, WORLD_V6 = 8, 16


def is_world(node: Node) -> bool:
    """Whether a range in CIDR notation is most of the internet."""
    text = node.text()
    return text is not None and prefix_is_short(text)


def prefix_is_short(text: str) -> bool:
    """Whether `text` is a range with a prefix shorter than the least that narrows anything; private ones are not it."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False  # AWS refuses it; not ours to judge
    return not network.is_private and network.prefixlen < (WORLD_V4 if network.version == 4 else WORLD_V6)


def protocol(rule: Node) -> str:
    """A rule's protocol, by name or number, as text; the wire may carry a number as one."""
    node = rule.get("ipProtocol") if rule.get("ipProtocol").present else rule.get("protocol")
    return f"{node.value}" if isinstance(node.value, int) else (node.text() or "").lower()
