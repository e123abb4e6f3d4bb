"""What holds for every type of the table, under the real engine: one life of all examples, a few engine runs in all.

A new type needs no test here: its example (examples/) comes along. Each test looks at one example in the life's record,
so that a failure names the type and the promise that it broke.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.cloud.server import CloudServer
from local.provider.diff import alike
from local.provider.types import RESOURCES
from tests.local.provider.conftest import KNOWN, make_eks_cluster
from tests.local.provider.examples import EXAMPLES
from tests.local.provider.project import SECRET, Done, Project

pytestmark = [pytest.mark.xdist_group("invariants"), pytest.mark.timeout(900)]

PROGRAM = Path(__file__).with_name("invariants_program.py")
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how the engine writes an unknown value
NAME = re.compile(r"\$([A-Za-z0-9]+)")  # in the table's templates
REPLACED = {"create-replacement", "delete-replaced"}
CHANGED = [key for key, example in EXAMPLES.items() if example.change]
IMPORTED = {key: example for key, example in EXAMPLES.items() if example.found}
REPLACING = [key for key, example in EXAMPLES.items() if example.replace]
State = Mapping[str, Mapping[str, Any]]


class Life:
    """All examples from their first preview to their second destruction: what the engine did, and its states."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.done: dict[str, Done] = {}
        self.states: dict[str, State] = {}
        self.exports: dict[str, str] = {}
        project.run("stack", "init", "test")
        self.planned = self._first_preview()
        project.run("config", "set", "secret", "true")
        self._update("made")
        self._update("changed", lambda key: EXAMPLES[key].change)
        self._drift()
        self._update("replaced", lambda key: EXAMPLES[key].replace)
        self._adopt()
        self._end()

    def _plan(self, extra: Callable[[str], Mapping[str, Any] | None] = lambda _: None) -> None:
        plan = {
            key: {"type": one.type, "props": {**one.props, **(extra(key) or {})}}
            for key, one in EXAMPLES.items()
        }
        self._write(plan)

    def _write(self, plan: Mapping[str, Any]) -> None:
        (self._project.folder / "plan.json").write_text(json.dumps(plan))

    def _first_preview(self) -> dict[str, dict[str, Any]]:
        self._plan()
        shown = json.loads(self._project.run("preview", "--json"))
        return {step["urn"].split("::")[-1]: step["newState"].get("outputs", {}) for step in shown["steps"]}

    def _update(self, phase: str, extra: Callable[[str], Mapping[str, Any] | None] = lambda _: None) -> None:
        """The update, and that nothing is left to do after it, neither for an update nor for a refresh."""
        self._plan(extra)
        self.done[phase] = self._project.watch("up")
        self.done[f"{phase}, again"] = self._project.watch("up")
        self.done[f"{phase}, refreshed"] = self._project.watch("refresh")
        self._remember(phase)

    def _remember(self, phase: str) -> None:
        self.states[phase] = _plain(self._project.resources(secrets=True))
        self.exports[phase] = json.dumps(self._project.state())

    def _go_back(self, phase: str) -> None:
        """The state of an earlier phase over the AWS of today: all that happened since is a change behind its back."""
        file = self._project.folder / "earlier.json"
        file.write_text(self.exports[phase])
        self._project.run("stack", "import", "--file", str(file))

    def _drift(self) -> None:
        self._go_back("made")
        self.done["drift"] = self._project.watch("refresh")
        self._remember("drift")
        self._update("mended")

    def _adopt(self) -> None:
        """The same resources in another stack, by their import ids, every reference spelled out."""
        state = self.states["replaced"]
        plan = {}
        for key, one in IMPORTED.items():
            row, said = RESOURCES[one.type], {**one.props, **(one.replace or {})}
            # What no API gives back an import cannot find, unless its id says it.
            lost = row.keep - set(NAME.findall(row.import_id or row.id))
            props = {prop: value for prop, value in said.items() if prop not in lost}
            if row.name:  # a program that imports says the name, as the code that `pulumi import` writes does
                props[row.name.prop] = state[key]["outputs"][row.name.prop]
            plan[key] = {
                "type": one.type,
                "props": _spelled_out(props, state),
                "import": _import_id(key, state),
            }
        self._write(plan)
        self._project.run("stack", "init", "other")
        self.done["adopted"] = self._project.watch("up")
        self.done["adopted, again"] = self._project.watch("up")
        self._project.run("stack", "rm", "other", "--force", "--yes")
        self._project.run("stack", "select", "test")

    def _end(self) -> None:
        self.done["destroyed"] = self._project.watch("destroy")
        self.done["destroyed, again"] = self._project.watch("destroy")
        for phase in ("made", "replaced"):
            self._go_back(phase)
            self._project.watch("refresh")
            self._remember(f"{phase}, gone")


def _plain(value: Any) -> Any:
    """The value with its secrets opened."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    return (
        json.loads(value["plaintext"])
        if SECRET in value
        else {key: _plain(one) for key, one in value.items()}
    )


def _spelled_out(value: Any, state: State) -> Any:
    if isinstance(value, Mapping):
        return {key: _spelled_out(one, state) for key, one in value.items()}
    if isinstance(value, list):
        return [_spelled_out(one, state) for one in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"\$\{([\w-]+)\.?(\w*)}", lambda at: _of(state[at[1]], at[2]), value)


def _of(resource: Mapping[str, Any], prop: str) -> str:
    return str(resource["outputs"][prop] if prop else resource["id"])


def _import_id(key: str, state: State) -> str:
    template = RESOURCES[EXAMPLES[key].type].import_id
    resource = state[key]
    return NAME.sub(lambda at: _of(resource, "" if at[1] == "id" else at[1]), template) or resource["id"]


def _deleted_first(life: Life, key: str) -> bool:
    """Whether two cannot stand side by side: by their nature, or because the program gives both one name."""
    row = RESOURCES[EXAMPLES[key].type]
    old, new = (life.states[phase][key]["inputs"] for phase in ("mended", "replaced"))
    name = row.name
    if row.delete_first or name is None or not name.random or name.prop in new.get("__defaults", []):
        return row.delete_first
    return bool(old[name.prop] == new[name.prop])


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, cloud: CloudServer, port: int) -> Life:
    make_eks_cluster(cloud.endpoint)
    return Life(Project(tmp_path_factory.mktemp("life"), PROGRAM, port))


@pytest.mark.parametrize("key", EXAMPLES)
def test_it_is_created_once(life: Life, key: str) -> None:
    assert life.done["made"].ops()[key] == {"create"}


@pytest.mark.parametrize("key", EXAMPLES)
def test_what_the_preview_knew_came_true_and_the_rest_was_unknown(life: Life, key: str) -> None:
    outputs = life.states["made"][key]["outputs"]
    for prop, value in life.planned[key].items():
        if UNKNOWN not in json.dumps(value):
            assert prop in outputs, prop


@pytest.mark.parametrize("key", EXAMPLES)
@pytest.mark.parametrize("phase", ["made", "changed", "mended", "replaced"])
def test_after_an_update_nothing_is_left_to_do(life: Life, phase: str, key: str) -> None:
    assert key not in life.done[f"{phase}, again"].ops()
    assert key not in life.done[f"{phase}, refreshed"].ops()


@pytest.mark.parametrize("key", EXAMPLES)
def test_secrets_are_sealed_in_the_state(life: Life, key: str) -> None:
    resources = json.loads(life.exports["replaced"])["deployment"]["resources"]
    found = next(one for one in resources if one["urn"].endswith(f"::{key}"))
    for prop in EXAMPLES[key].props:
        for place in ("inputs", "outputs"):
            assert SECRET in found[place].get(prop, {SECRET: ""}), f"{place} {prop}: {found[place][prop]}"


@pytest.mark.parametrize("key", CHANGED)
def test_a_change_is_made_in_place(life: Life, key: str) -> None:
    assert life.done["changed"].ops()[key] == {"update"}
    assert life.states["changed"][key]["id"] == life.states["made"][key]["id"]


@pytest.mark.parametrize("key", CHANGED)
def test_a_change_behind_the_state_is_seen_and_mended(life: Life, key: str) -> None:
    assert life.done["drift"].ops()[key] == {"update"}
    known, seen, real = KNOWN[EXAMPLES[key].type], life.states["drift"][key], life.states["changed"][key]
    for prop in set(EXAMPLES[key].change or {}) & known.readable():  # of the others AWS cannot be asked
        assert alike(known, prop, seen["outputs"].get(prop), real["outputs"].get(prop)), prop
    assert life.done["mended"].ops()[key] == {"update"}


@pytest.mark.parametrize("key", REPLACING)
def test_a_change_that_cannot_be_made_in_place_replaces(life: Life, key: str) -> None:
    assert life.done["replaced"].ops()[key] >= REPLACED
    assert set(EXAMPLES[key].replace or {}) & {
        prop for step in life.done["replaced"].steps if step.name == key for prop in step.keys
    }
    assert life.states["replaced"][key]["id"] != life.states["mended"][key]["id"]


@pytest.mark.parametrize("key", REPLACING)
def test_the_new_one_is_there_before_the_old_one_goes(life: Life, key: str) -> None:
    made_first = ["create-replacement", "delete-replaced"]
    order = [step.op for step in life.done["replaced"].steps if step.name == key and step.op in REPLACED]
    assert order == (made_first[::-1] if _deleted_first(life, key) else made_first)


@pytest.mark.parametrize("key", IMPORTED)
def test_an_import_finds_what_the_program_says(life: Life, key: str) -> None:
    assert life.done["adopted"].ops()[key] == {"import"}
    assert key not in life.done["adopted, again"].ops()


@pytest.mark.parametrize("key", EXAMPLES)
def test_destroyed_it_is_gone(life: Life, key: str) -> None:
    assert life.done["destroyed"].ops()[key] == {"delete"}
    assert life.done["destroyed, again"].ops() == {}
    for phase in ("made, gone", "replaced, gone"):
        assert EXAMPLES[key].stays or key not in life.states[phase]
