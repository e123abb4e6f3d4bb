"""A job as data, and how it is read from its file. No AWS, no Spark in here; `infra` reads the specs too."""

from jobs.spec.asked import with_conf
from jobs.spec.data import Canary, Contract, Dataset
from jobs.spec.dependencies import Dependencies
from jobs.spec.environments import MAY_DIFFER
from jobs.spec.job import JobSpec
from jobs.spec.reading import CATALOG, find, load, load_catalog
from jobs.spec.running import Breaker, Concurrency, Fallback, Mitigate, Mitigation, Retry, Schedule, Slo
from jobs.spec.sizes import SIZES, Driver, Executors, Resources
from jobs.spec.targets import KINDS, Ec2Target, EksTarget, Kind, ServerlessTarget, Target
from jobs.spec.values import SHADOW, Zone

__all__ = [
    "CATALOG",
    "KINDS",
    "MAY_DIFFER",
    "SHADOW",
    "SIZES",
    "Breaker",
    "Canary",
    "Concurrency",
    "Contract",
    "Dataset",
    "Dependencies",
    "Driver",
    "Ec2Target",
    "EksTarget",
    "Executors",
    "Fallback",
    "JobSpec",
    "Kind",
    "Mitigate",
    "Mitigation",
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
    "with_conf",
]
