"""What values our Check takes and refuses, against the real provider's answers; and the judge of values by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest

import local.provider
from facts.errors import UserError
from local.provider.check import Failure, check
from local.provider.limits import with_also, wrong
from local.provider.schema import wire_path
from local.provider.types import RESOURCES
from local.provider.witness.__main__ import answers
from tests.local.provider.conftest import KNOWN

DATA = Path(local.provider.__file__).parent / "data"
LIMITS = json.loads((DATA / "limits.json").read_text())
SINCE = json.loads((DATA / "limits_since.json").read_text())


def _asked() -> Iterator[Any]:
    """Each argument that refuses something and that ours serves: token, path, the real provider's row."""
    for token, row in RESOURCES.items():
        for name, answer in LIMITS.get(row.terraform, {}).items():
            path = None if name == "conflicts" else wire_path(name, KNOWN[token].schema.inputs)
            if path and not _served_otherwise(token, path):
                since = SINCE.get(row.terraform, {}).get(name, {}).get("also")
                yield pytest.param(token, path, answer, since, id=f"{row.terraform}.{name}")


def _served_otherwise(token: str, path: str) -> bool:
    steps = path.split(".")
    return any(".".join(steps[: length + 1]) in RESOURCES[token].unsupported for length in range(len(steps)))


def _failures(token: str, props: dict[str, Any]) -> list[Failure]:
    return check(KNOWN[token], name="it", old={}, new=props, seed=b"it", default_tags={})[1]


def _said(kind: Any, path: str, value: Any) -> dict[str, Any]:
    """A program that says only this argument, in the blocks that it is in."""
    step, _, rest = path.partition(".")
    inner, said, wrapped = kind[step], value, 0
    while isinstance(inner, list):
        inner, wrapped = inner[1], wrapped + 1
    if rest:
        said = _said(inner, rest, value)
    for _ in range(wrapped):
        said = [said]
    return {step: said}


def _refuses(token: str, path: str, value: Any) -> bool:
    """Whether Check names the argument as wrong: an empty word is no absent one."""
    found = _failures(token, _said(KNOWN[token].schema.inputs, path, value))
    return any(".".join(step.split("[")[0] for step in one.prop.split(".")) == path for one in found)


def _whole(value: Any) -> Any:
    return value[0] * value[1] if isinstance(value, list) else value


@pytest.mark.parametrize(("token", "path", "row", "since"), list(_asked()))
def test_a_value_is_refused_where_the_real_provider_refuses_it(
    token: str, path: str, row: dict[str, Any], since: dict[str, Any] | None
) -> None:
    accepted, refused = ([_whole(value) for value in row[side]] for side in ("accepts", "refuses"))
    since_then = [value for value in refused if since is not None and wrong(since, value) is None]
    assert [value for value in [*accepted, *since_then] if _refuses(token, path, value)] == []
    assert [value for value in refused if value not in since_then and not _refuses(token, path, value)] == []


@pytest.mark.parametrize("token", [token for token, known in KNOWN.items() if known.schema.conflicts])
def test_arguments_that_exclude_each_other_are_refused_together(token: str) -> None:
    known = KNOWN[token]
    for one, other in known.schema.conflicts:
        both = {name: _sample(known.schema.inputs[name]) for name in (one, other)}
        found = {failure.prop: failure.reason for failure in _failures(token, both)}
        assert repr(other) in found.get(one, "") or _served_otherwise(token, one), (one, other)


def _sample(kind: Any) -> Any:
    if isinstance(kind, str):
        return {"string": "one", "boolean": True}.get(kind, 1)
    return {"key": "one"} if isinstance(kind, dict) or kind[0] == "map" else [_sample(kind[1])]


def test_enough_was_asked() -> None:
    paths = [param.values[1] for param in _asked()]
    assert len(paths) > 120
    assert sum("." in str(path) for path in paths) > 40
    assert sum(len(KNOWN[token].schema.conflicts) for token in RESOURCES) > 30


def test_what_is_allowed_since_is_no_word_of_ours() -> None:
    session = botocore.session.get_session()
    for rows in (rows for kind, rows in SINCE.items() if kind != "source"):
        for row in rows.values():
            source, _, where = row["source"].partition(" ")
            if source == "botocore":
                service, _, shape = where.partition(".")
                known = session.get_service_model(service).shape_for(shape).metadata["enum"]
                assert set(row["also"]["one_of"]) <= set(known)


def test_what_is_allowed_since_was_not_allowed_before() -> None:
    for kind, rows in SINCE.items():
        for name, row in rows.items() if kind != "source" else ():
            before = LIMITS[kind][name]
            if name == "conflicts":
                assert [pair for pair in row["also"] if pair not in before] == []
            else:
                assert [one for one in row["also"].get("one_of", ()) if not wrong(before["limit"], one)] == []


def test_the_reason_says_what_is_allowed_and_what_was_said() -> None:
    key, group = "aws:kms/key:Key", "aws:cloudwatch/logGroup:LogGroup"
    assert _failures(key, {"deletionWindowInDays": 5}) == [
        Failure("deletionWindowInDays", "deletionWindowInDays of aws:kms/key:Key must be from 7 to 30, not 5")
    ]
    (found,) = _failures(group, {"retentionInDays": 8})
    assert "must be one of 0, 1, 3, 5, 7, 14" in found.reason
    assert found.reason.endswith("not 8")


def test_a_long_value_is_cut_in_the_reason() -> None:
    (found,) = _failures("aws:kms/key:Key", {"policy": "x" * 10_000})
    assert len(found.reason) < 200


def test_two_limits_are_one_or_the_other() -> None:
    assert with_also({"one_of": ["a"]}, {"one_of": ["b"]}) == {"one_of": ["a", "b"]}
    either = with_also({"between": [1, 2]}, {"one_of": [7]})
    assert [value for value in range(9) if wrong(either, value) is None] == [1, 2, 7]
    assert wrong(either, 3) == "must be from 1 to 2 or be one of 7"


@pytest.mark.slow
def test_asked_anew_the_real_provider_refuses_the_same() -> None:
    try:
        told = answers("limits.json")
    except UserError as error:
        pytest.skip(f"the real provider is not to be had here: {error}")
    assert told == {kind: rows for kind, rows in LIMITS.items() if kind != "source"}, (
        "run `python -m local.provider.witness`"
    )
