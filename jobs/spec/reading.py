"""Specs from files: every mistake at once, each with its file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from facts.errors import UserError
from jobs import yamlfile
from jobs.spec.job import JobSpec
from jobs.spec.targets import KINDS

CATALOG = Path(__file__).resolve().parents[1] / "catalog"


def load(path: Path) -> JobSpec:
    """The spec in one file. Raises UserError with every mistake in it, each with line and key path."""
    spec, mistakes = _parse(Path(path))
    if spec is None:
        raise _refusal(mistakes)
    return spec


def load_catalog(folder: Path | None = None) -> tuple[JobSpec, ...]:
    """The specs of every *.yaml in `folder` (default: the catalog of this package), by name.

    Raises UserError with the mistakes of all files at once.
    """
    folder = CATALOG if folder is None else Path(folder)
    if not folder.is_dir():
        raise UserError(f"the job catalog {folder} is no folder")
    specs: list[JobSpec] = []
    mistakes: list[str] = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            spec, found = _parse(file)
        except UserError as error:
            mistakes.append(str(error))
            continue
        mistakes += found
        if spec is not None:
            specs.append(spec)
    if mistakes:
        raise _refusal(mistakes)
    return tuple(sorted(specs, key=lambda spec: spec.name))


def find(name: str, folder: Path | None = None) -> JobSpec:
    """The spec called `name`. Raises UserError that lists the names there are."""
    specs = {spec.name: spec for spec in load_catalog(folder)}
    if name not in specs:
        raise UserError(f"there is no job '{name}'; the catalog has: {', '.join(specs) or 'none'}")
    return specs[name]


def _parse(file: Path) -> tuple[JobSpec | None, list[str]]:
    document = yamlfile.read(file)
    mistakes = list(document.mistakes)
    if not isinstance(document.data, dict):
        return None, [f"{file}: is no mapping of keys; see jobs/catalog/ for examples"]
    spec: JobSpec | None = None
    try:
        spec = JobSpec.model_validate(document.data)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            mistakes += _told(document, dict(problem))
    if spec is not None and spec.name != file.stem:
        line = document.line(("name",))
        mistakes.append(
            f"{file}:{line}: name: is '{spec.name}' in a file called '{file.name}'; make them agree"
        )
    return (None if mistakes else spec), mistakes


def _told(document: yamlfile.Document, problem: dict[str, Any]) -> list[str]:
    """One pydantic problem as lines `file:line: key.path: what is wrong`."""
    path = _in_file(document, problem["loc"])
    if not path:  # JobSpec's own validator: its lines start with their key
        lines = str(problem["ctx"]["error"]).splitlines()
        keys = [line.split(":")[0].split("[")[0].split(".")[0] for line in lines]
        return [
            f"{document.file}:{document.line((key,))}: {line}" for key, line in zip(keys, lines, strict=True)
        ]
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if problem["type"] == "missing":
        message = "is missing"
    elif problem["type"] == "union_tag_not_found":
        path, message = (*path, "kind"), f"is missing; allowed are: {', '.join(KINDS)}"
    elif problem["type"] == "union_tag_invalid":
        path, message = (*path, "kind"), f"is '{problem['ctx']['tag']}'; allowed are: {', '.join(KINDS)}"
    elif problem["type"] == "extra_forbidden":
        message = "is not a key of a job spec"
    elif not isinstance(problem["input"], dict | list):
        message = f"is {problem['input']!r}; {message}"
    return [f"{document.file}:{document.line(path)}: {yamlfile.dotted(path)}: {message}"]


def _in_file(document: yamlfile.Document, path: yamlfile.KeyPath) -> yamlfile.KeyPath:
    """Without what pydantic adds: the tag of a union's branch is no key of the file."""
    found: list[str | int] = []
    data = document.data
    for part in path:
        if part == "[key]" or (part in KINDS and isinstance(data, dict) and data.get("kind") == part):
            continue
        found.append(part)
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
    return tuple(found)


def _refusal(mistakes: list[str]) -> UserError:
    return UserError(
        "\n".join([f"{len(mistakes)} mistakes in the job specs:", *mistakes])
        if len(mistakes) > 1
        else mistakes[0]
    )
