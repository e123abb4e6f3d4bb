"""The IAM documents that follow from a stack's settings and jobs, held against the characters that IAM takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.naming import KEYS, Names
from infra.security import boundary_policy, cluster_policies, job_policies, needs, people_policies
from infra.security.needs import KeyArns, Need
from infra.settings.stack import Settings
from jobs.spec import JobSpec

# Without white space; all inline policies of a role together, of which ours have one:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_OF_A_TRUST = 2048
MOST_OF_A_ROLE = 10_240


def document_mistakes(settings: Settings, names: Names, jobs: Sequence[JobSpec]) -> Iterator[str]:
    """The documents that IAM would refuse for their length, and what makes them long: a line each."""
    keys = KeyArns(
        **dict.fromkeys(KEYS, names.arn("kms", f"key/{'0' * 36}"))
    )  # ids of keys are of one length
    yield from _boundary(settings, names, keys)
    yield from _trusts(settings, names)
    yield from _of_all_jobs(settings, names, keys, jobs)
    for spec in jobs:
        length = _policy_length(job_policies.runtime_needs(spec, names), keys)
        if length > MOST_OF_A_ROLE:
            yield (
                f"job '{spec.name}': the policy of its role would have {length:,} characters, of which IAM takes "
                f"{MOST_OF_A_ROLE:,}; let inputs and outputs have fewer or shorter prefixes, and the job fewer secrets"
            )


def _boundary(settings: Settings, names: Names, keys: KeyArns) -> Iterator[str]:
    """Images may come from any number of repositories."""
    length = _length(boundary_policy.boundary(names, keys, settings.images()))
    if length > boundary_policy.MAX_CHARACTERS:
        yield (
            f"the boundary of the stack's roles would have {length:,} characters, of which IAM takes "
            f"{boundary_policy.MAX_CHARACTERS:,}; give clusters the same image, or images from fewer repositories with "
            "shorter names (emr:clusters, image)"
        )


def _trusts(settings: Settings, names: Names) -> Iterator[str]:
    who = settings.identity
    trusts = {
        "trusted_arns": people_policies.people_trust(names, who.trusted_arns),
        "analyst_arns": people_policies.people_trust(names, who.analyst_arns),
        "engineer_arns": people_policies.people_trust(names, who.engineer_arns),
        "break_glass_arns": people_policies.break_glass_trust(names, who.break_glass_arns),
    }
    for key, trust in trusts.items():
        if _length(trust) > MOST_OF_A_TRUST:
            yield (
                f"emr:identity.{key}: name {len(getattr(who, key))} principals, with which a role's trust would have "
                f"{_length(trust):,} characters, of which IAM takes {MOST_OF_A_TRUST:,}; name a role that they take"
            )


def _of_all_jobs(settings: Settings, names: Names, keys: KeyArns, jobs: Sequence[JobSpec]) -> Iterator[str]:
    """The roles whose policies name each job of the stack."""
    roles = {
        "submitter": job_policies.submitter_needs(
            names,
            jobs,
            applications=bool(settings.applications),
            ephemeral=any(cluster.ephemeral for cluster in settings.clusters.values()),
            virtual_clusters=settings.virtual_clusters,
        ),
        "deployer": job_policies.deployer_needs(names, [spec.name for spec in jobs]),
        "node": cluster_policies.instance_needs(
            names,
            job_policies.cluster_jobs(jobs),
            settings.encryption.certificates_object,
            settings.images(),
        ),
    }
    for role, wanted in roles.items():
        length = _policy_length(wanted, keys)
        if length > MOST_OF_A_ROLE:
            yield (
                f"the policy of the role '{role}' would have {length:,} characters, of which IAM takes "
                f"{MOST_OF_A_ROLE:,}: it names each of the stack's {len(jobs)} jobs, and its places; let jobs run in a "
                "second stack (their specs, environments), or give them shorter names"
            )


def _policy_length(wanted: Sequence[Need], keys: KeyArns) -> int:
    return _length(needs.policy(wanted, keys))


def _length(document: str) -> int:
    return len("".join(document.split()))
