"""A job as data, and how it is read from its file. No AWS, no Spark in here; `infra` reads the specs too."""

from jobs.spec.job import (
    Dataset,
    Driver,
    Executors,
    JobSpec,
    Resources,
    Retry,
    Schedule,
    Slo,
)
from jobs.spec.reading import CATALOG, find, load, load_catalog
from jobs.spec.targets import KINDS, Ec2Target, EksTarget, Kind, ServerlessTarget, Target
from jobs.spec.values import Zone

__all__ = [
    "CATALOG",
    "KINDS",
    "Dataset",
    "Driver",
    "Ec2Target",
    "EksTarget",
    "Executors",
    "JobSpec",
    "Kind",
    "Resources",
    "Retry",
    "Schedule",
    "ServerlessTarget",
    "Slo",
    "Target",
    "Zone",
    "find",
    "load",
    "load_catalog",
]
