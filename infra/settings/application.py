"""The settings of one EMR Serverless application, and what in them contradicts itself or the service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, field_validator, model_validator

from facts import instances, releases
from facts.workers import WORKER_MEMORY
from infra.settings.image import Image
from infra.settings.model import SettingsModel, known_release, refuse

Role = Literal["driver", "executor"]


class WorkerSettings(SettingsModel):
    """Workers that wait for jobs, and are paid for while the application runs."""

    count: int = Field(ge=1, le=1000)
    """How many."""
    vcpus: Literal[1, 2, 4, 8, 16] = 4
    """vCPUs of each."""
    memory_gb: int = Field(default=16, ge=2, le=120)
    """Memory of each, in GB; what is allowed follows from vcpus."""
    disk_gb: int = Field(default=20, ge=20, le=200)
    """Disk of each, in GB; the first 20 are free."""

    @model_validator(mode="after")
    def _exists(self) -> WorkerSettings:
        allowed = WORKER_MEMORY[self.vcpus]
        if self.memory_gb not in allowed:
            step = allowed[1] - allowed[0]
            refuse(
                [
                    f"memory_gb: is {self.memory_gb}; a worker of {self.vcpus} vCPUs has {allowed[0]} to "
                    f"{allowed[-1]}, in steps of {step}"
                ]
            )
        return self


class CeilingSettings(SettingsModel):
    """What all workers of an application together never exceed."""

    vcpus: int = Field(ge=1, le=4000)
    """vCPUs of all workers."""
    memory_gb: int = Field(ge=2, le=30_000)
    """Memory of all workers, in GB."""
    disk_gb: int = Field(ge=20, le=200_000)
    """Disks of all workers, in GB."""


class ApplicationSettings(SettingsModel):
    """An EMR Serverless application: it starts with its first job and stops when it idles."""

    release: str = releases.DEFAULT_LABEL
    """The EMR release: one that the facts know."""
    engine: Literal["Spark", "Hive"] = "Spark"
    """What it runs."""
    architecture: instances.Architecture = "x86_64"
    """The processors: arm64 is Graviton."""
    ceiling: CeilingSettings
    """What all jobs of the application together may use at most."""
    ready: dict[Role, WorkerSettings] = Field(default_factory=dict)
    """Workers that are started before any job asks for them."""
    idle_minutes: int = Field(default=15, ge=1, le=10_080)
    """An application that idles so long stops, and its ready workers with it."""
    concurrent_runs: int = Field(default=15, ge=1, le=1000)
    """Runs at once; more wait in its queue."""
    queue_minutes: int = Field(default=360, ge=15, le=720)
    """How long a run waits in the queue before it fails."""
    image: Image | None = None
    """A container image in ECR, by digest; none: EMR's own."""

    _known = field_validator("release")(known_release)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ApplicationSettings:
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterable[str]:
        known = releases.release(self.release)
        if self.engine not in known.engines:
            able = [label for label in releases.labels() if self.engine in releases.release(label).engines]
            yield (
                f"engine: is '{self.engine}', which {self.release} has not; releases that have it: {', '.join(able)}"
            )
        for key, most in (
            ("vcpus", self.ceiling.vcpus),
            ("memory_gb", self.ceiling.memory_gb),
            ("disk_gb", self.ceiling.disk_gb),
        ):
            needed = sum(worker.count * getattr(worker, key) for worker in self.ready.values())
            if needed > most:
                yield (
                    f"ceiling.{key}: is {most}, less than the ready workers have together ({needed}); "
                    "raise it or have fewer ready"
                )
