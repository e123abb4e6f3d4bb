"""Specs from files: every mistake at once, each with its file, line and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from facts.errors import UserError
from facts.texts import WORDS
from jobs import yamlfile
from jobs.spec.checks import DisagreementsError, KeyPath
from jobs.spec.environments import MAY_DIFFER, laid_over
from jobs.spec.job import JobSpec
from jobs.spec.sizes import SETTINGS
from jobs.spec.targets import KINDS
from jobs.yamlfile import Mistake

CATALOG = Path(__file__).resolve().parents[1] / "catalog"
# What stands for the keys that are wrong or missing while the others are held against each other.
_STAND_IN: Mapping[str, Any] = {
    "name": "a",
    "description": "a",
    "owner": "a",
    "release": "emr-7.0.0",
    "package": ["a.a"],
    "entry_point": "a.a",
    "runtime": {"kind": "ec2", "cluster": "a"},
    "outputs": [{"name": "a", "zone": "curated", "prefix": "a/"}],
}


def load(path: Path) -> JobSpec:
    """The spec in one file. Raises UserError with every mistake in it, each with line and key path."""
    spec, mistakes = parse(Path(path))
    if spec is None:
        raise _refusal(mistakes)
    return spec


def load_catalog(folder: Path | None = None) -> tuple[JobSpec, ...]:
    """The specs of every *.yaml in `folder` (default: the catalog of this package), by name.

    Raises UserError with the mistakes of all files at once.
    """
    specs: list[JobSpec] = []
    mistakes: list[Mistake] = []
    for file in files(folder):
        spec, found = parse(file)
        mistakes += found
        if spec is not None:
            specs.append(spec)
    if mistakes:
        raise _refusal(mistakes)
    return tuple(sorted(specs, key=lambda spec: spec.name))


def files(folder: Path | None = None) -> list[Path]:
    """The files of a catalog. Raises UserError when `folder` is none."""
    folder = CATALOG if folder is None else Path(folder)
    if not folder.is_dir():
        raise UserError(f"the job catalog {folder} is no folder")
    return sorted(folder.glob("*.yaml"))


def find(name: str, folder: Path | None = None) -> JobSpec:
    """The spec called `name`. Raises UserError that lists the names there are."""
    specs = {spec.name: spec for spec in load_catalog(folder)}
    if name not in specs:
        raise UserError(f"there is no job {name[:80]!r}; the catalog has: {', '.join(specs) or 'none'}")
    return specs[name]


def parse(file: Path) -> tuple[JobSpec | None, list[Mistake]]:
    """The spec in `file`, None when there are mistakes; and the mistakes, in the order of their lines."""
    try:
        document = yamlfile.read(file)
    except yamlfile.UnreadableError as error:
        return None, [error.mistake]
    data = document.data
    if not isinstance(data, dict):
        what = "is no mapping of keys; see jobs/catalog/ for examples"
        return None, [Mistake(file=file, line=1, key="", what=what)]
    found = [*problems(data), *_of_environments(data), *_outdone(data)]
    if isinstance(name := data.get("name"), str) and name != file.stem:
        found.append((("name",), f"is '{name}' in a file called '{file.name}'; make them agree"))
    mistakes = [*document.mistakes]
    for path, what in found:
        mistakes.append(Mistake(file=file, line=document.line(path), key=yamlfile.dotted(path), what=what))
    mistakes.sort(key=lambda one: one.line)
    return (None if mistakes else JobSpec.model_validate(data)), mistakes


def problems(data: Mapping[str, Any]) -> list[tuple[KeyPath, str]]:
    """Key path and what is wrong with it, of one spec without its environments."""
    try:
        JobSpec.model_validate(data)
    except ValidationError as error:
        problems: list[dict[str, Any]] = [
            dict(problem)
            for problem in error.errors(include_url=False)
            if not _only_seems_short(dict(problem))
        ]
    else:
        return []
    wrong = {str(problem["loc"][0]) for problem in problems if problem["loc"]}
    if not wrong:
        return list(_disagreements(problems, wrong))
    told = [_told(data, problem) for problem in problems]
    known = {key: data[key] for key in JobSpec.model_fields if key in data and key not in wrong}
    try:
        JobSpec.model_validate({**_STAND_IN, **known})
    except ValidationError as error:
        told += _disagreements([dict(problem) for problem in error.errors(include_url=False)], wrong)
    return told


def _of_environments(data: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with the spec as each environment has it, and is not wrong without it."""
    environments = data.get("environments")
    if not isinstance(environments, dict):
        return
    base = {key: value for key, value in data.items() if key != "environments"}
    known = set(problems(base))
    for name, over in environments.items():
        if not isinstance(over, dict):
            continue
        for key in over:
            if key not in MAY_DIFFER:
                what = f"cannot differ by environment; allowed are: {', '.join(MAY_DIFFER)}"
                yield ("environments", str(name), str(key)), what
        effective = laid_over(base, {key: over[key] for key in MAY_DIFFER if key in over})
        for path, what in problems(effective):
            if (path, what) not in known:
                yield ("environments", str(name), *path), what


def _outdone(data: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Settings that would change nothing. A file's mistake only: versions that were deployed with them still run."""
    environments = data.get("environments")
    named = environments.items() if isinstance(environments, dict) else ()
    for path, part in [((), data), *((("environments", str(name)), each) for name, each in named)]:
        conf = part.get("conf") if isinstance(part, dict) else None
        for key in SETTINGS.keys() & conf.keys() if isinstance(conf, dict) else ():
            size = ".".join(("resources", *SETTINGS[key]))
            yield (*path, "conf", key), f"changes nothing, for {size} outdoes it; say it there"


def _disagreements(problems: list[dict[str, Any]], wrong: set[str]) -> Iterator[tuple[KeyPath, str]]:
    for problem in problems:
        error = problem.get("ctx", {}).get("error")
        if isinstance(error, DisagreementsError):
            yield from ((one.path, one.what) for one in error.found if not one.of & wrong)


def _told(data: Mapping[str, Any], problem: dict[str, Any]) -> tuple[KeyPath, str]:
    """One pydantic problem as key path and what is wrong."""
    path = _in_file(data, problem["loc"])
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
    elif "secrets" in path:  # whatever stands there may be the secret itself
        message = "is no ARN of a secret, arn:aws:secretsmanager:<region>:<account>:secret:<name>"
    elif problem["type"] == "string_pattern_mismatch" and problem["ctx"]["pattern"] in WORDS:
        message = f"is {_shown(problem['input'])}; must be {WORDS[problem['ctx']['pattern']]}"
    elif not isinstance(problem["input"], dict | list):
        message = f"is {_shown(problem['input'])}; {message}"
    return path, message


def _only_seems_short(problem: dict[str, Any]) -> bool:
    """Whether a list is called too short that is not: pydantic counts its good entries, and tells of the others."""
    return problem["type"] == "too_short" and len(problem["input"]) >= int(problem["ctx"]["min_length"])


def _in_file(data: Any, path: KeyPath) -> KeyPath:
    """Without what pydantic adds: the tag of a union's branch is no key of the file."""
    found: list[str | int] = []
    for part in path:
        if part == "[key]" or (part in KINDS and isinstance(data, dict) and data.get("kind") == part):
            continue
        found.append(part)
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
    return tuple(found)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]}…'"


def _refusal(mistakes: list[Mistake]) -> UserError:
    lines = [str(mistake) for mistake in mistakes]
    return UserError(
        "\n".join([f"{len(lines)} mistakes in the job specs:", *lines]) if len(lines) > 1 else lines[0]
    )
