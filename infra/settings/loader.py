"""Reads the stack's settings and words every mistake in them: which key, what it was, what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from facts.errors import UserError
from facts.texts import WORDS
from infra.naming import MAX_STACK_LENGTH, STACK_NAME, Names
from infra.settings.documents import document_mistakes
from infra.settings.expansion import expanded
from infra.settings.jobs import job_mistakes
from infra.settings.model import printable
from infra.settings.stack import Settings
from jobs.spec import JobSpec, load_catalog

# The namespace of our own keys in a stack's configuration.
PROJECT = "emr"
Read = TypeVar("Read")
Model = TypeVar("Model", bound=BaseModel)

# pydantic's error type -> what the value must be, with the error's own context filled in.
RULES = {
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "dict_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
    "tuple_type": "must be a list",
    "literal_error": "allowed are: {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be above {gt:g}",
    "less_than": "must be below {lt:g}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must be {words}",
}


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Everything that the program is told: the stack's settings and the job specs beside them."""

    settings: Settings
    names: Names
    jobs: tuple[JobSpec, ...]


def load() -> Declared:
    """What the stack that is being deployed declares.

    Raises `pulumi.RunError`, which the engine prints without a traceback, before any resource is registered.
    """
    return in_program(lambda tree, stack: declared(tree, stack, load_catalog()))


def in_program(read: Callable[[Mapping[str, Any], str], Read]) -> Read:
    """What `read` makes of the settings tree and the name of the stack that is being deployed.

    Raises `pulumi.RunError`, which the engine prints without a traceback, for what it raises as UserError.
    """
    import pulumi
    from pulumi.runtime.config import CONFIG

    try:
        return read(from_config(CONFIG.get()), pulumi.get_stack())
    except UserError as error:
        raise pulumi.RunError(str(error)) from None


def declared(tree: Mapping[str, Any], stack: str, jobs: tuple[JobSpec, ...]) -> Declared:
    """The settings of `tree` for `stack`, and the jobs that run in it. Raises UserError."""
    settings = parse(tree)
    if len(stack) > MAX_STACK_LENGTH:
        raise UserError(
            f"the stack's name '{stack}' has {len(stack)} characters; at most {MAX_STACK_LENGTH}, "
            "or the names of its roles and buckets would be too long for AWS"
        )
    if not STACK_NAME.fullmatch(stack):
        raise UserError(
            f"the stack's name '{stack}' must have small letters, digits and hyphens alone, the last one inside: it is "
            "part of the names of buckets; take another, as 'dev-2'"
        )
    # As they hold in this environment: roles, places and schedules follow from it.
    jobs = tuple(spec.for_environment(settings.environment) for spec in jobs)
    names = Names(
        stack=stack,
        region=settings.aws.region,
        account_id=settings.aws.account_id,
        adopted=settings.storage.zones.adopted(),
    )
    misfits = [mistake for spec in jobs for mistake in job_mistakes(spec, settings, names)]
    _refuse("the stack's jobs have", misfits)
    _refuse("the stack's IAM documents have", list(document_mistakes(settings, names, jobs)))
    return Declared(settings=settings, names=names, jobs=jobs)


def _refuse(heading: str, lines: Sequence[str]) -> None:
    if len(lines) > 1:
        raise UserError("\n  ".join([f"{heading} {len(lines)} mistakes:", *lines]))
    if lines:
        raise UserError(lines[0])


def from_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings tree in a stack's flat configuration ("emr:network" -> JSON text)."""
    tree = {
        key.removeprefix(f"{PROJECT}:"): _decoded(value)
        for key, value in config.items()
        if key.startswith(f"{PROJECT}:")
    }
    accounts = _decoded(config.get("aws:allowedAccountIds"))
    # A stack lives in one account, and says which: with other credentials the provider then refuses to start.
    account = accounts[0] if isinstance(accounts, list) and len(accounts) == 1 else accounts
    where = {"region": config.get("aws:region"), "account_id": account}
    return {**tree, "aws": {key: value for key, value in where.items() if value is not None}}


def parse(tree: Mapping[str, Any]) -> Settings:
    """The settings in a plain tree. Raises UserError with every mistake, one a line."""
    written, wrong = expanded(tree)
    lines = {_line(("clusters", name), mistake) for name, mistakes in wrong.items() for mistake in mistakes}
    # Of a cluster that could not be written out, the rest is told when it can.
    return parse_as(written, Settings, lines, [("clusters", name) for name in wrong])


def parse_as(
    tree: Mapping[str, Any],
    model: type[Model],
    known: Iterable[str] = (),
    left_out: Sequence[tuple[str, str]] = (),
) -> Model:
    """The settings of `model` in a plain tree. Raises UserError with every mistake, one a line.

    `known` are mistakes that were found before; what is wrong below `left_out` is not told.
    """
    lines = set(known)
    try:
        # By way of JSON: in strict mode only then may a list stand for a tuple, and "3" never for 3.
        settings = model.model_validate_json(json.dumps(tree), strict=True)
        if not lines:
            return settings
    except ValidationError as error:
        problems = [one for one in error.errors() if one["loc"][:2] not in left_out]
        lines |= {line for problem in problems for line in _told(dict(problem), model)}
    count = "a mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    raise UserError(
        "\n".join(
            [f"the stack's configuration has {count}:", *(f"  {printable(line)}" for line in sorted(lines))]
        )
    )


def without_ceiling(tree: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
    """The tree without the ceiling that its estimate is held against, and the ceiling, where it is a number at all."""
    cost = tree.get("cost")
    if not isinstance(cost, Mapping):
        return dict(tree), None
    rest = {key: value for key, value in cost.items() if key != "monthly_ceiling_usd"}
    ceiling = cost.get("monthly_ceiling_usd")
    return {**tree, "cost": rest}, ceiling if isinstance(ceiling, int) else None


def _decoded(value: Any) -> Any:
    """A configuration value: a mapping or a list is JSON text, anything else is taken as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _told(problem: dict[str, Any], model: type[BaseModel]) -> Iterator[str]:
    path = tuple(part for part in problem["loc"] if part != "[key]")
    kind, value = problem["type"], problem["input"]
    if kind == "value_error" and isinstance(value, dict):  # a model's own check: `key: what is wrong` a line
        for line in str(problem["ctx"]["error"]).splitlines():
            yield _line(path, line)
    elif kind == "value_error":
        yield f"{_dotted(path)}: is {_shown(value)}; {problem['ctx']['error']}"
    elif kind == "too_short" and len(value) >= problem["ctx"]["min_length"]:
        return  # its entries are wrong, which is told of each: pydantic counts only the good ones
    elif kind == "missing":
        yield f"{_dotted(path)}: is missing; {_wanted(path)}"
    elif kind == "extra_forbidden":
        yield f"{_dotted(path)}: is no setting{_siblings(path, model)}"
    else:
        rule = RULES.get(kind, problem["msg"][:1].lower() + problem["msg"][1:])
        yield f"{_dotted(path)}: is {_shown(value)}; {rule.format(**_context(problem))}"


def _context(problem: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = problem.get("ctx", {})
    pattern = context.get("pattern")
    return context if pattern is None else {**context, "words": WORDS[pattern]}


def _line(path: tuple[str | int, ...], mistake: str) -> str:
    """A mistake, `key: what is wrong`, of the mapping at `path`."""
    key, _, rest = mistake.partition(": ")
    return f"{_dotted(path, key)}: {rest}"


def _dotted(path: tuple[str | int, ...], key: str = "") -> str:
    """The key as the stack file has it: `emr:clusters.main.core.types[0].units`."""
    if path == ("aws", "region"):
        return "aws:region"
    if path == ("aws", "account_id"):
        return "aws:allowedAccountIds"
    text = ""
    for part in (*path, key) if key else path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return f"{PROJECT}:{text}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _wanted(path: tuple[str | int, ...]) -> str:
    if path == ("aws", "account_id"):
        return "name the one account that the stack lives in"
    return f"set it in the stack's file, Pulumi.<stack>.yaml, as {_dotted(path)}"


def _siblings(path: tuple[str | int, ...], model: type[BaseModel]) -> str:
    """What may stand where the unknown key of `path` stands."""
    allowed = sorted(_model_at(path[:-1], model).model_fields.keys() - {"aws"})
    near = get_close_matches(str(path[-1]), allowed, n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return f"{hint}; allowed here are: {', '.join(allowed)}"


def _model_at(path: tuple[str | int, ...], model: type[BaseModel]) -> type[BaseModel]:
    """The model that a mapping at `path` of a tree of `model` is read into."""
    for part in path:
        field = model.model_fields.get(str(part))
        if field is not None:  # else: a name in a dict, or an index in a list, of the model just found
            model = next(_models_in(field.annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) is None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in get_args(annotation):
        yield from _models_in(argument)
