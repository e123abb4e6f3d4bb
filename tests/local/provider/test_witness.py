"""Our differences against the real provider's answers, for every argument it was asked for, nested ones included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import local.provider
from facts.errors import UserError
from local.provider.diff import difference
from local.provider.known import Known
from local.provider.schema import wire_path
from local.provider.shapes import Kind
from local.provider.types import RESOURCES
from local.provider.values import Asset
from local.provider.witness.__main__ import answers
from tests.local.provider.conftest import KNOWN

DATA = Path(local.provider.__file__).parent / "data"
FACTS = json.loads((DATA / "facts.json").read_text())
DOCUMENTED = json.loads((DATA / "documented.json").read_text())
SAMPLES: dict[str, tuple[Any, Any]] = {
    "string": ("one", "two"),
    "integer": (1, 2),
    "number": (1, 2),
    "boolean": (True, False),
    "asset": (Asset(text="one", hash="1"), Asset(text="two", hash="2")),
}


# Where our default is not that of 3.39.0, each for a reason.
OTHER_DEFAULTS = {
    "aws_eip.domain": "the provider asks for it in its call; `vpc` is the only domain left",
    "aws_emr_instance_group.instance_count": "the schema of today has none: scaling may move it",
    "aws_nat_gateway.connectivity_type": "came in 3.45: https://github.com/hashicorp/terraform-provider-aws/pull/19758",
    "aws_security_group.description": "pulumi-aws says Pulumi where Terraform says Terraform",
}
# What else a program says beside the argument, where it means nothing alone: a rule is for somebody.
_RULE = {"protocol": "tcp", "fromPort": 1, "toPort": 1, "cidrBlocks": ["10.0.0.0/8"]}
BESIDE: dict[str, dict[str, Any]] = {"ingress": _RULE, "egress": _RULE}


def _asked() -> Iterator[Any]:
    """Each argument that the real provider was asked for and ours serves: token, path, answer."""
    for token, row in RESOURCES.items():
        known = KNOWN[token]
        moved_on = DOCUMENTED.get(row.terraform, {})
        for name, answer in FACTS.get(row.terraform, {}).items():
            path = wire_path(name, known.schema.inputs)
            if path and "replace" in answer and name not in moved_on and not _refused(known, path):
                yield pytest.param(token, path, answer, id=f"{row.terraform}.{name}")


def _refused(known: Known, path: str) -> bool:
    """Whether the local provider does not take the argument, or a block around it."""
    steps = path.split(".")
    around = {".".join(steps[: length + 1]) for length in range(len(steps))}
    return bool(around & set(known.row.unsupported))


def _kind(known: Known, path: str) -> Kind:
    kind: Any = known.schema.inputs
    for step in path.split("."):
        while isinstance(kind, list):
            kind = kind[1]
        kind = kind[step]
    return kind


def _samples(kind: Any) -> tuple[Any, Any]:
    if isinstance(kind, str):
        return SAMPLES[kind]
    if isinstance(kind, dict):
        first = next(iter(kind))
        one, other = _samples(kind[first])
        return {first: one}, {first: other}
    one, other = _samples(kind[1])
    return ([one], [other]) if kind[0] == "list" else ({"key": one}, {"key": other})


def _within(kind: Any, path: str, value: Any) -> dict[str, Any]:
    """A program that says only this; None: the block around it without it."""
    step, _, rest = path.partition(".")
    if not rest:
        return {} if value is None else {step: value}
    inner, wrap = kind[step], 0
    while isinstance(inner, list):
        inner, wrap = inner[1], wrap + 1
    beside = {name: it for name, it in BESIDE.get(step, {}).items() if name != rest}
    said: Any = {**beside, **_within(inner, rest, value)}
    for _ in range(wrap):
        said = [said]
    return {step: said}


def _does(known: Known, before: dict[str, Any], after: dict[str, Any]) -> str:
    before, after = {**known.row.defaults, **before}, {**known.row.defaults, **after}
    found = difference(known, old_inputs=before, old=before, new=after)
    return "replace" if found.replaces else "update" if found.changes else "nothing"


def _answer(row: dict[str, Any], edge: str = "") -> str:
    """What the row says of a change, or of its being taken back."""
    if edge == "unset" and (row.get("computed") or row.get("ignored")):
        return "nothing"
    return "replace" if row["replace"] else "nothing" if row.get("ignored") else "update"


@pytest.mark.parametrize(("token", "path", "row"), list(_asked()))
def test_a_change_does_what_it_does_with_the_real_provider(
    token: str, path: str, row: dict[str, Any]
) -> None:
    known = KNOWN[token]
    inputs = known.schema.inputs
    values = sorted(_samples(_kind(known, path)), key=lambda value: bool(value == row.get("default")))
    one, other = (_within(inputs, path, value) for value in values)
    without = _within(inputs, path, None)
    found, wanted = {}, {}
    if "block" not in row:
        found, wanted = {"change": _does(known, one, other)}, {"change": _answer(row)}
    if not row.get("required"):
        found |= {"set": _does(known, without, one), "unset": _does(known, one, without)}
        wanted |= {"set": _answer(row), "unset": _answer(row, "unset")}
    assert found == wanted


@pytest.mark.parametrize("token", [token for token, row in RESOURCES.items() if row.terraform in FACTS])
def test_defaults_are_the_real_provider_s(token: str) -> None:
    row, known = RESOURCES[token], KNOWN[token]
    asked = {name: answer for name, answer in FACTS[row.terraform].items() if "." not in name}
    for name, answer in asked.items():
        prop = wire_path(name, known.schema.inputs)
        if prop and prop not in row.unsupported and f"{row.terraform}.{name}" not in OTHER_DEFAULTS:
            assert (row.defaults.get(prop) or None) == answer.get("default"), name


@pytest.mark.parametrize("token", [token for token, row in RESOURCES.items() if row.terraform in FACTS])
def test_what_the_real_provider_computes_again_is_unknown_in_a_preview(token: str) -> None:
    row, known = RESOURCES[token], KNOWN[token]
    served = {**known.schema.inputs, **known.schema.outputs}
    for name, answer in FACTS[row.terraform].items():
        path = wire_path(name, known.schema.inputs)
        if path is None or _refused(known, path):
            continue
        again = {wire_path(output, served) for output in answer.get("recomputes", ())} - {None}
        tops = {str(output).split(".")[0] for output in again if "." not in str(output)}
        assert tops - set(row.unsupported) - set(row.absent) <= row.volatile, name


def test_enough_was_asked() -> None:
    paths = [param.values[1] for param in _asked()]
    assert len(paths) > 200
    assert sum("." in path for path in paths) > 50


@pytest.mark.slow
def test_asked_anew_the_real_provider_says_the_same() -> None:
    try:
        told = answers("facts.json")
    except UserError as error:
        pytest.skip(f"the real provider is not to be had here: {error}")
    assert told == {kind: rows for kind, rows in FACTS.items() if kind != "source"}, (
        "run `python -m local.provider.witness`"
    )
