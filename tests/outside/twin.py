"""What the real provider was told, told to ours: the same resources, in the same order, on the same AWS."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.provider.schema import wire_path
from local.provider.shapes import Kind
from local.provider.types import RESOURCES
from tests.local.provider.conftest import KNOWN, Made, Peer
from tests.outside.conftest import Endpoint
from tests.outside.recorder import Calls, Change, Of, Seen

_TOKENS = {row.terraform: token for token, row in RESOURCES.items()}
_RULES = {
    side: f"aws:vpc/securityGroup{word}Rule:SecurityGroup{word}Rule"
    for side, word in (("ingress", "Ingress"), ("egress", "Egress"))
}
_SIDE_BY_SIDE = 16
_SHORTEST = 6  # of what is taken for a name or an id that AWS has made


class Twin:
    """Our provider, repeating changes.

    `calls` is what they took. `left_out` are the arguments of each type that ours has in other types, `replaced` the
    types of which it made another one where the real provider changed what there was.
    """

    def __init__(self, aws: Endpoint) -> None:
        self.calls: defaultdict[Of, Calls] = defaultdict(Calls)
        self.left_out: defaultdict[str, set[str]] = defaultdict(set)
        self.replaced: set[str] = set()
        self._peer = Peer(aws.state.provider_port).configure()
        self._seen = Seen(aws, "emr-platform-provider")
        self._numbers = itertools.count()
        self._made: dict[tuple[str, str], Made] = {}
        self._names: dict[str, str] = {}  # the real provider's ids → ours

    def repeat(self, changes: Iterable[Change]) -> None:
        """Make the same changes, those of one type and phase side by side."""
        self._seen.add_to(Calls())  # whatever else this provider was used for
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            for of, turn in itertools.groupby(changes, key=lambda change: change.of):
                list(pool.map(self._repeat, turn))
                self._seen.add_to(self.calls[of])

    def _repeat(self, change: Change) -> None:
        if change.before is None:
            made = self._peer.create(_token(change), self._props(change), f"twin-{next(self._numbers)}")
        else:
            made = self._made.pop((change.kind, change.before["id"]))
            if change.config is None:
                self._peer.delete(made)
            else:
                made = self._changed(made, change)
        if change.after is not None:
            self._made[change.kind, change.after["id"]] = made
            self._learn(change, made)

    def _changed(self, made: Made, change: Change) -> Made:
        props = self._props(change)
        inputs = self._peer.inputs(_token(change), props, made.name, made.inputs)
        if not self._peer.diff(made, inputs).replaces:
            return self._peer.update(made, inputs)
        self.replaced.add(change.kind)
        again = self._peer.create(_token(change), props, f"{made.name}-again")
        self._peer.delete(made)
        return again

    def _props(self, change: Change) -> dict[str, Any]:
        """A configuration of Terraform's as a program of Pulumi's, with our ids in it."""
        assert change.config is not None
        assert change.after is not None
        said = dict(change.config)
        if change.kind == "aws_security_group_rule":
            return dict(self._ours(_rule(said)))
        if "tags_all" in change.after:  # the provider's default tags among them
            said["tags"] = change.after["tags_all"]
        known = KNOWN[_token(change)]
        props = {}
        for name, value in said.items():
            prop = wire_path(name, known.schema.inputs)
            if value in (None, [], {}) or name in ("id", "tags_all"):
                continue
            if prop is None or prop in known.row.unsupported:
                self.left_out[change.kind].add(name)
            else:
                props[prop] = self._ours(_wire(value, known.schema.inputs[prop]))
        return props

    def _learn(self, change: Change, made: Made) -> None:
        """Remember under which names ours are what the real provider's are under theirs."""
        known = KNOWN[_token(change)]
        outputs = {**made.outputs, "id": made.id}
        for name, value in (change.after or {}).items():
            prop = "id" if name == "id" else wire_path(name, {**known.schema.inputs, **known.schema.outputs})
            mine = outputs.get(prop or "")
            if isinstance(value, str) and isinstance(mine, str) and len(value) >= _SHORTEST and value != mine:
                self._names[value] = mine

    def _ours(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._ours(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._ours(one) for one in value]
        if isinstance(value, str):
            for theirs in sorted(list(self._names), key=len, reverse=True):
                value = value.replace(theirs, self._names[theirs])
        return value


def _token(change: Change) -> str:
    if change.kind == "aws_security_group_rule":
        return _RULES[(change.after or change.before or {})["type"]]
    return _TOKENS[change.kind]


def _wire(value: Any, kind: Kind) -> Any:
    """A value in Pulumi's form: its names, and the only block of a list as a block."""
    if isinstance(kind, dict):
        block = value[0] if isinstance(value, list) else value
        return {
            str(wire_path(name, kind)): _wire(one, kind[str(wire_path(name, kind))])
            for name, one in block.items()
            if one not in (None, [], {})
        }
    if isinstance(kind, list) and kind[0] == "list":
        return [_wire(one, kind[1]) for one in value]
    return value


def _rule(said: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of a security group, in the words of the types that have replaced it."""
    every = said["protocol"] == "-1"
    return {
        "securityGroupId": said["security_group_id"],
        "referencedSecurityGroupId": said["source_security_group_id"],
        "ipProtocol": said["protocol"],
        "description": said["description"],
        **({} if every else {"fromPort": said["from_port"], "toPort": said["to_port"]}),
    }
