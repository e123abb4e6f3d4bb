"""A job as data: what it is, what it reads and writes, what it needs. No AWS, no Spark in here.

`infra` reads the specs too: a job's own role, schedule and alarms follow from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from facts.errors import UserError
from jobs import yamlfile

CATALOG = Path(__file__).parent / "catalog"

Zone = Literal["landing", "curated", "checkpoints"]
# 40 characters leave room for the attempt's token in a step's name (256) and for a role's name (64).
JobName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
DatasetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Prefix = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._=-]*/)+$", max_length=512)]
Memory = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*[mg]$")]
ModuleName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+$")]
Release = Annotated[str, StringConstraints(pattern=r"^emr-(spark-)?[0-9]+\.[0-9]+\.[0-9]+$")]
# AWS' own limits on tags: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
TagKey = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]+$", max_length=128)]
TagValue = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]*$", max_length=256)]

# EMR takes at most 10,280 characters of arguments in a step; the rest of the command line needs its share.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-commandrunner.html
MAX_ARGUMENTS = 6_000
# What `jobs.attempts` sets itself: a spec that could change these could hide its own run.
RESERVED_CONF = (
    "spark.eventLog.",
    "spark.app.name",
    "spark.master",
    "spark.submit.deployMode",
    "spark.yarn.tags",
)
RUN_VALUES = ("run.id", "run.date", "run.report")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False, validate_default=True)


class Dataset(_Model):
    """A place that a job reads or writes: a prefix in one of the platform's zones."""

    name: DatasetName
    zone: Zone
    prefix: Prefix  # "nycflights13/flights/": relative, ends with a slash


class Driver(_Model):
    """The Spark driver: vCPUs and heap (Spark's own notation, 512m or 4g)."""

    cores: int = Field(default=1, ge=1, le=64)
    memory: Memory = "1g"


class Executors(_Model):
    """The Spark executors: vCPUs and heap of each, and how many."""

    cores: int = Field(default=2, ge=1, le=64)
    memory: Memory = "2g"
    count: int = Field(default=2, ge=1, le=1000)


class Resources(_Model):
    """What a run asks of the cluster."""

    driver: Driver = Driver()
    executors: Executors = Executors()


class Ec2Target(_Model):
    """Steps of a persistent cluster on EC2, found by its name in the stack's outputs."""

    kind: Literal["ec2"]
    cluster: DatasetName
    deploy_mode: Literal["cluster", "client"] = "cluster"


class Retry(_Model):
    """How often a run is tried in all; a cancelled or timed-out run is never tried again by itself."""

    max_attempts: int = Field(default=1, ge=1, le=5)


class Schedule(_Model):
    """When the job runs by itself, as EventBridge Scheduler reads it."""

    expression: Annotated[str, StringConstraints(pattern=r"^(cron|rate)\([^()]+\)$", max_length=256)]
    timezone: str = "UTC"


class Slo(_Model):
    """What the job's users may count on."""

    success_rate: float = Field(default=0.99, gt=0, le=1)  # share of runs, a day
    p95_minutes: float = Field(gt=0)  # duration
    freshness_hours: float = Field(gt=0)  # age of the newest good output


class JobSpec(_Model):
    """One job of the catalog. Arguments are templates; see `render`."""

    name: JobName
    description: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    owner: JobName
    tags: dict[TagKey, TagValue] = {}
    release: Release
    entry_point: ModuleName  # a module of `package` with a `main(argv)`
    package: tuple[ModuleName, ...] = Field(min_length=1)  # the packages that go into the job's wheel
    arguments: tuple[str, ...] = ()
    resources: Resources = Resources()
    conf: dict[str, str] = {}
    runtime: Ec2Target
    retry: Retry = Retry()
    timeout_minutes: int = Field(default=60, ge=1, le=7 * 24 * 60)  # of one attempt
    inputs: tuple[Dataset, ...] = ()
    outputs: tuple[Dataset, ...] = Field(min_length=1)
    schedule: Schedule | None = None
    slo: Slo | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> JobSpec:
        mistakes = [*self._dataset_mistakes(), *self._argument_mistakes(), *self._conf_mistakes()]
        mistakes += [
            f"tags.{key}: names that start with 'aws:' are AWS' own"
            for key in self.tags
            if key.startswith("aws:")
        ]
        if not any(f"{self.entry_point}.".startswith(f"{package}.") for package in self.package):
            mistakes.append(
                f"entry_point: '{self.entry_point}' is in none of package: {', '.join(self.package)}"
            )
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    def template_names(self) -> tuple[str, ...]:
        """Every name that an argument may hold as `${name}`."""
        inputs = (f"inputs.{dataset.name}" for dataset in self.inputs)
        outputs = (f"outputs.{dataset.name}" for dataset in self.outputs)
        return (*inputs, *outputs, *RUN_VALUES)

    def render(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The arguments with `values` (one for each of `template_names`) in place of `${name}`."""
        return tuple(_Argument(argument).substitute(values) for argument in self.arguments)

    def _dataset_mistakes(self) -> Iterable[str]:
        for key, datasets in (("inputs", self.inputs), ("outputs", self.outputs)):
            names = [dataset.name for dataset in datasets]
            for name in sorted({name for name in names if names.count(name) > 1}):
                yield f"{key}: the name '{name}' stands twice"
        for output in self.outputs:
            for other in self.inputs:
                # A job that overwrites what it reads cannot be run twice.
                if other.zone == output.zone and _overlap(other.prefix, output.prefix):
                    yield f"outputs: '{output.name}' overlaps the input '{other.name}' in {other.zone}"

    def _argument_mistakes(self) -> Iterable[str]:
        allowed = self.template_names()
        for index, argument in enumerate(self.arguments):
            template = _Argument(argument)
            if not template.is_valid():
                yield f"arguments[{index}]: '{argument}' has a '$' that starts no ${{name}}; a dollar is $$"
                continue
            for name in template.get_identifiers():
                if name not in allowed:
                    yield f"arguments[{index}]: '${{{name}}}' is unknown; allowed are: {', '.join(allowed)}"
            if any(ord(character) < 32 for character in argument):
                yield f"arguments[{index}]: holds a control character"
        if (size := sum(map(len, self.arguments))) > MAX_ARGUMENTS:
            yield f"arguments: {size} characters; at most {MAX_ARGUMENTS}: put data into an input"

    def _conf_mistakes(self) -> Iterable[str]:
        for key in self.conf:
            if not key.startswith("spark."):
                yield f"conf.{key}: is no Spark setting; its name must start with 'spark.'"
            elif key.startswith(RESERVED_CONF):
                yield f"conf.{key}: is set for every run by the platform; remove it"


class _Argument(Template):
    idpattern = r"(?a:[a-z][a-z0-9_.]*)"


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


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
    # Of a union's branch pydantic adds the tag to the path; what is no key of the file is no help to a user.
    path: yamlfile.KeyPath = tuple(part for part in problem["loc"] if part != "[key]")
    if not path:  # JobSpec's own validator: its lines start with their key
        lines = str(problem["ctx"]["error"]).splitlines()
        keys = [line.split(":")[0].split("[")[0].split(".")[0] for line in lines]
        return [
            f"{document.file}:{document.line((key,))}: {line}" for key, line in zip(keys, lines, strict=True)
        ]
    message = problem["msg"][0].lower() + problem["msg"][1:]
    if problem["type"] == "missing":
        message = "is missing"
    elif problem["type"] == "extra_forbidden":
        message = "is not a key of a job spec"
    elif not isinstance(problem["input"], dict | list):
        message = f"is {problem['input']!r}; {message}"
    return [f"{document.file}:{document.line(path)}: {yamlfile.dotted(path)}: {message}"]


def _refusal(mistakes: list[str]) -> UserError:
    return UserError(
        "\n".join([f"{len(mistakes)} mistakes in the job specs:", *mistakes])
        if len(mistakes) > 1
        else mistakes[0]
    )
