"""A job as data: what it is, what it reads and writes, what it needs. No AWS, no Spark in here.

`infra` reads the specs too: a job's own role, schedule and alarms follow from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Template
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from jobs.spec.data import Canary, Dataset
from jobs.spec.running import Breaker, Concurrency, Fallback, Mitigate, Retry, Schedule, Slo
from jobs.spec.targets import Target
from jobs.spec.values import (
    DatasetName,
    JobName,
    Memory,
    ModuleName,
    Part,
    Release,
    SecretArn,
    TagKey,
    TagValue,
)

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


class Driver(Part):
    """The Spark driver: vCPUs and heap (Spark's own notation, 512m or 4g)."""

    cores: int = Field(default=1, ge=1, le=64)
    memory: Memory = "1g"


class Executors(Part):
    """The Spark executors: vCPUs and heap of each, and how many."""

    cores: int = Field(default=2, ge=1, le=64)
    memory: Memory = "2g"
    count: int = Field(default=2, ge=1, le=1000)


class Resources(Part):
    """What a run asks of the cluster."""

    driver: Driver = Driver()
    executors: Executors = Executors()


class JobSpec(Part):
    """One job of the catalog. Arguments are templates; see `render`."""

    name: JobName
    description: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    owner: JobName
    tags: Mapping[TagKey, TagValue] = {}
    release: Release
    entry_point: ModuleName  # a module of `package` with a `main(argv)`
    package: tuple[ModuleName, ...] = Field(min_length=1)  # the packages that go into the job's wheel
    arguments: tuple[str, ...] = ()
    resources: Resources = Resources()
    conf: Mapping[str, str] = {}
    parameters: Mapping[DatasetName, str] = {}  # values of `${param.name}`, unless a run says others
    secrets: Mapping[
        DatasetName, SecretArn
    ] = {}  # `${secrets.name}` is the ARN; the job itself asks for the value
    runtime: Target
    fallback: Fallback | None = None
    retry: Retry = Retry()
    mitigate: Mitigate = Mitigate()
    concurrency: Concurrency = Concurrency()
    breaker: Breaker = Breaker()
    timeout_minutes: int = Field(default=60, ge=1, le=7 * 24 * 60)  # of one attempt
    inputs: tuple[Dataset, ...] = ()
    outputs: tuple[Dataset, ...] = Field(min_length=1)
    schedule: Schedule | None = None
    slo: Slo | None = None
    canary: Canary = Canary()

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
        parameters = (f"param.{name}" for name in self.parameters)
        secrets = (f"secrets.{name}" for name in self.secrets)
        return (*inputs, *outputs, *parameters, *secrets, *RUN_VALUES)

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
