"""The names that a stack's resources have, known before anything exists.

Names are given, not generated: so every IAM document is plain data that a test can read, a role's policy and a key's
can refer to each other without a cycle, and a bucket is found again by its name. Two stacks never share one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DATA_ZONES = ("landing", "curated", "checkpoints")
ZONES = (*DATA_ZONES, "artifacts", "logs", "runs")
# A KMS key for each zone, and one for the disks of nodes.
KEYS = (*ZONES, "volumes")
# A role's name has at most 64 characters, a bucket's 63: "emr-" + stack + "-job-" + 40 of a job's name is the longest.
MAX_STACK_LENGTH = 15


# Parts of names of all kinds, buckets above all, so what all kinds take: Pulumi takes capitals, points and "_" as well.
STACK_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def partition_of(region: str) -> str:
    """AWS's own word for its separate worlds, from a region that the settings take."""
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@dataclass(frozen=True, kw_only=True)
class Names:
    """Where a stack lives and what its resources are called.

    `adopted` holds the buckets that were there before the stack, by zone: they keep their names.
    """

    stack: str
    region: str
    account_id: str
    adopted: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def prefix(self) -> str:
        """What every name begins with."""
        return f"emr-{self.stack}"

    @property
    def partition(self) -> str:
        """AWS's own word for its separate worlds, from the region."""
        return partition_of(self.region)

    def bucket(self, zone: str) -> str:
        """A bucket's name: unique in the world by its account and region."""
        return self.adopted.get(zone) or f"{self.prefix}-{zone}-{self.account_id}-{self.region}"

    def bucket_arn(self, zone: str) -> str:
        """The ARN of the bucket of `zone`."""
        return f"arn:{self.partition}:s3:::{self.bucket(zone)}"

    def role(self, name: str) -> str:
        """A role's name."""
        return f"{self.prefix}-{name}"

    def role_arn(self, name: str) -> str:
        """A role's ARN."""
        return f"arn:{self.partition}:iam::{self.account_id}:role/{self.role(name)}"

    def job_role(self, job: str) -> str:
        """What `role` and `role_arn` call the runtime role of a job."""
        return f"job-{job}"

    def job_role_arns(self, jobs: Iterable[str]) -> list[str]:
        """The ARNs of the runtime roles of these jobs."""
        return sorted(self.role_arn(self.job_role(job)) for job in jobs)

    def key_alias(self, purpose: str) -> str:
        """A KMS key's alias."""
        return f"alias/{self.prefix}/{purpose}"

    def log_group(self, name: str) -> str:
        """A CloudWatch log group's name."""
        return f"/emr/{self.stack}/{name}"

    def database(self, zone: str) -> str:
        """The name of a zone's database in the catalog; Glue's names for Athena have no hyphen."""
        return f"emr_{self.stack.replace('-', '_')}_{zone}"

    @property
    def workgroup(self) -> str:
        """The name of the Athena workgroup that analysts ask in."""
        return self.prefix

    @property
    def coordination_table(self) -> str:
        """The DynamoDB table that all callers of jobs share."""
        return f"{self.prefix}-coordination"

    @property
    def secrets(self) -> str:
        """What the names of the stack's secrets begin with."""
        return f"{self.prefix}/"

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    @property
    def root_arn(self) -> str:
        """The account itself, as a principal."""
        return f"arn:{self.partition}:iam::{self.account_id}:root"
