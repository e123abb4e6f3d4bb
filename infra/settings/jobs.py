"""Jobs against the stack that they run on: their places, their folders and their secrets."""

from __future__ import annotations

from collections.abc import Iterator

from infra.naming import Names
from infra.settings.bootstrap import PREFIX
from infra.settings.stack import Settings
from jobs.spec import JobSpec, Target


def job_mistakes(spec: JobSpec, settings: Settings, names: Names) -> Iterator[str]:
    """What of a job the stack has not, or cannot let it have: a line each."""
    yield from _place(spec, "runs", spec.runtime, settings)
    if spec.fallback:
        yield from _place(spec, "falls back", spec.fallback.runtime, settings)
    yield from _folder(spec, settings)
    yield from _secrets(spec, names)


def _place(spec: JobSpec, does: str, target: Target, settings: Settings) -> Iterator[str]:
    if target.kind == "eks":
        what, key, there = "virtual cluster", "virtual_clusters", list(settings.virtual_clusters)
    elif target.kind == "serverless":
        what, key, there = "application", "applications", list(settings.applications)
    else:
        what = "launch template" if target.template else "cluster"
        key, ephemeral = "clusters", bool(target.template)
        there = [name for name, one in settings.clusters.items() if one.ephemeral == ephemeral]
    if target.place not in there:
        yield (
            f"job '{spec.name}' {does} on {what} '{target.place}', which emr:{key} does not declare; it declares: "
            f"{', '.join(there) or 'none'}; declare it, or give the job another place in '{settings.environment}' "
            "(its spec, environments)"
        )


def _folder(spec: JobSpec, settings: Settings) -> Iterator[str]:
    """A job's role reads the folder of its name in the artifacts bucket, and the deployer writes it."""
    certificates = settings.encryption.certificates_object
    taken = {
        certificates.rpartition("/")[0] + "/": "the nodes' private keys",
        PREFIX: "what nodes run as they start",
    }
    for folder, holds in taken.items():
        if folder.startswith(f"{spec.name}/"):
            yield (
                f"job '{spec.name}' would have its package in the folder '{spec.name}/' of the artifacts bucket, "
                f"beside {holds}; give the job another name"
            )


def _secrets(spec: JobSpec, names: Names) -> Iterator[str]:
    """The job's secrets are this stack's: the boundary lets no role read others."""
    own = names.arn("secretsmanager", f"secret:{names.secrets}")
    for name, arn in spec.secrets.items():
        if not arn.startswith(own):
            yield (
                f"job '{spec.name}': secrets.{name} is {arn}; the roles of stack '{names.stack}' read those that begin "
                f"with {own}; name one for '{names.stack}' under environments, or rename the secret"
            )
