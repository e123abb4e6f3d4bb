"""The worked example of docs/provider.md does what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local.cloud.server import CloudServer
from local.provider import make_types_page, serve_provider
from local.provider import schema as schemas
from local.provider.make_schema import schema
from local.provider.types import RESOURCES
from tests.local.provider.conftest import Peer
from tests.local.provider.examples import Example

PAGE = Path(__file__).parents[3] / "docs" / "provider.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Example:
    """The page's row in the table, with its flags and arguments; its example."""
    _, row_text, example_text = _blocks("python")
    names: dict[str, Any] = {}
    exec(row_text, names)
    row = names["ROWS"][0]
    read = schemas._read
    added = {
        "schema.json": schema([row.type]),
        "documented.json": {row.terraform: json.loads(_blocks("json")[0])},
    }
    monkeypatch.setattr(schemas, "_read", lambda name: {**read(name), **added.get(name, {})})
    monkeypatch.setitem(RESOURCES, row.type, row)
    found = eval("{" + example_text + "}", {"Example": Example})
    one: Example = found["repository"]
    return one


def test_the_types_page_is_what_the_table_says() -> None:
    assert make_types_page.PAGE.read_text() == make_types_page.render(), (
        "run `python -m local.provider.make_types_page`"
    )


def test_the_worked_example_works(example: Example, cloud: CloudServer) -> None:
    server = serve_provider(cloud.endpoint)
    try:
        peer = Peer(server.port).configure()
        made = peer.create(example.type, example.props, "repository")
        assert made.outputs["repositoryUrl"].endswith(made.id)
        assert not peer.diff(made, made.inputs).detailedDiff
        wanted = peer.inputs(
            example.type, {**example.props, **(example.change or {})}, "repository", made.inputs
        )
        assert not peer.diff(made, wanted).replaces
        changed = peer.update(made, wanted)
        assert changed.outputs["imageTagMutability"] == "IMMUTABLE"
        assert changed.outputs["tagsAll"] == {"team": "other"}
        replaced = peer.inputs(
            example.type, {**example.props, **(example.replace or {})}, "repository", made.inputs
        )
        assert list(peer.diff(changed, replaced).replaces) == ["name"]
        peer.delete(changed)
        assert peer.read(changed).id == ""
    finally:
        server.stop()
