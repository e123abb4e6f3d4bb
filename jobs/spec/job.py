"""A job as data: what it is, what it reads and writes, what it needs. No AWS, no Spark in here.

`infra` reads the specs too: a job's own role, schedule and alarms follow from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, model_validator

from facts.errors import UserError
from jobs.spec import checks, plaintext, templates
from jobs.spec.data import Canary, Dataset
from jobs.spec.dependencies import Dependencies
from jobs.spec.environments import MAY_DIFFER, laid_over
from jobs.spec.running import Breaker, Concurrency, Fallback, Mitigate, Retry, Schedule, Slo
from jobs.spec.sizes import Resources
from jobs.spec.targets import Target
from jobs.spec.values import (
    DatasetName,
    EnvironmentName,
    JobName,
    ModuleName,
    ParameterValue,
    Part,
    Release,
    SecretArn,
    TagKey,
    TagValue,
)


class JobSpec(Part):
    """One job of the catalog. Arguments are templates; see `render`."""

    name: JobName
    description: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    owner: JobName
    tags: Mapping[TagKey, TagValue] = {}
    release: Release
    entry_point: ModuleName  # a module of `package` with a `main(argv)`
    package: tuple[ModuleName, ...] = Field(min_length=1)  # the packages that go into the job's wheel
    dependencies: Dependencies | None = None  # packages of others that go with it
    arguments: tuple[str, ...] = ()
    resources: Resources = Resources()
    conf: Mapping[str, str] = {}
    parameters: Mapping[
        DatasetName, ParameterValue
    ] = {}  # values of `${param.name}`, unless a run says others; dates may stand in them
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
    # What differs by environment, laid over the rest; see `for_environment`.
    environments: Mapping[EnvironmentName, Mapping[str, Any]] = {}

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> JobSpec:
        if found := checks.all_of(self):
            raise checks.DisagreementsError(found)
        return self

    def for_environment(self, name: str) -> JobSpec:
        """The spec as it holds in the environment `name`; one that it does not name has the spec as it is.

        Raises UserError when the two do not go together, which no spec that was read from a file does.
        """
        plain = self.model_dump(mode="json", exclude={"environments"})
        over = {key: value for key, value in self.environments.get(name, {}).items() if key in MAY_DIFFER}
        try:
            return JobSpec.model_validate(laid_over(plain, over))
        except ValidationError as error:
            said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            raise UserError(
                f"job '{self.name}' is wrong in environment '{name}': {said}; run 'emrctl jobs validate'"
            ) from None

    @property
    def timezone(self) -> str:
        """In which the run's dates are told: its schedule's, or UTC."""
        return self.schedule.timezone if self.schedule else "UTC"

    def template_names(self) -> tuple[str, ...]:
        """Every name that an argument may hold as `${name}`, apart from dates."""
        inputs = (f"inputs.{dataset.name}" for dataset in self.inputs)
        outputs = (f"outputs.{dataset.name}" for dataset in self.outputs)
        contracts = (f"contracts.{dataset.name}" for dataset in self.outputs if dataset.contract)
        parameters = (f"param.{name}" for name in self.parameters)
        secrets = (f"secrets.{name}" for name in self.secrets)
        return (*inputs, *outputs, *contracts, *parameters, *secrets, *templates.RUN_VALUES)

    def require_parameters(self, said: Mapping[str, str]) -> None:
        """Raises UserError when a run may not say `said` instead of the spec's parameters."""
        for name, value in said.items():
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise UserError(f"job '{self.name}' has no parameter '{name[:40]}'; it has: {known}")
            if len(value) > 1024 or any(ord(character) < 32 or ord(character) == 127 for character in value):
                raise UserError(
                    f"parameter '{name}' has {len(value)} characters; at most 1024 are allowed, and no control "
                    "characters"
                )
            if told := plaintext.within(value):
                raise UserError(f"parameter '{name}' holds what looks like {told}; {plaintext.ADVICE}")

    def render(
        self, values: Mapping[str, str], at: datetime, parameters: Mapping[str, str] | None = None
    ) -> tuple[str, ...]:
        """The arguments with a value in place of each `${name}`.

        `values` are those of inputs, outputs and the run; `at` is its logical time, `parameters` what it says
        instead of the spec, taken as it is.
        """
        known = {
            name: templates.render(value, {}, at, self.timezone) for name, value in self.parameters.items()
        }
        every = {
            **values,
            **{f"param.{name}": value for name, value in {**known, **(parameters or {})}.items()},
            **{f"secrets.{name}": arn for name, arn in self.secrets.items()},
            **{
                f"contracts.{dataset.name}": dataset.contract.as_argument()
                for dataset in self.outputs
                if dataset.contract
            },
        }
        return tuple(templates.render(argument, every, at, self.timezone) for argument in self.arguments)
