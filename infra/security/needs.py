"""What a role is declared to need: plain data, from which its policy follows. Pure.

A need names KMS keys by what they are for, not by ARN: so it is known before any key is made, and a preview and the
policy pack see all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.security import statements as iam


@dataclass(frozen=True, kw_only=True)
class KeyArns:
    """The stack's KMS keys: one for each zone, `volumes` for the disks of nodes."""

    landing: str
    curated: str
    checkpoints: str
    artifacts: str
    logs: str
    runs: str
    volumes: str

    def of(self, name: str) -> str:
        """The ARN of the key of that name."""
        return str(getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that a role must be able to do, and why: one statement of its policy.

    `name` is the statement's id. `keys` are the names of KMS keys that it concerns, beside `resources`.
    """

    name: str
    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    condition: iam.Condition | None = None

    def statement(self, arns: KeyArns | None) -> iam.Statement:
        """The statement that grants just this; `arns` may be missing where no need names a key."""
        if self.keys and arns is None:
            raise ValueError(f"{self.name} needs the keys {', '.join(self.keys)}, and their ARNs are missing")
        keys = [arns.of(key) for key in self.keys] if arns else []
        return iam.allow(self.name, self.actions, [*self.resources, *keys], self.condition)

    def declared(self) -> Mapping[str, Any]:
        """The need as the role's component has it among its inputs."""
        return {
            "name": self.name,
            "why": self.why,
            "actions": sorted(self.actions),
            "resources": sorted(set(self.resources)),
            "keys": sorted(set(self.keys)),
            "condition": {operator: dict(test) for operator, test in (self.condition or {}).items()},
        }


def policy(needs: Iterable[Need], arns: KeyArns | None = None) -> str:
    """The document that grants what is needed and nothing else."""
    return iam.document(*(need.statement(arns) for need in needs))


def list_prefixes(name: str, why: str, bucket_arn: str, prefixes: Sequence[str]) -> Need:
    """List what lies under `prefixes`.

    IfExists: a HEAD of an object that is not there carries no prefix, and S3 answers it with 404 only to who may list
    the bucket; S3A asks so before each write, and takes 403 for an error.
    """
    patterns = sorted({pattern for prefix in prefixes for pattern in (prefix.rstrip("/"), f"{prefix}*")})
    everything = "*" in patterns  # then a condition would look like a limit and be none
    return Need(
        name=name,
        why=why,
        actions=("s3:ListBucket",),
        resources=(bucket_arn,),
        condition=None if everything else {"StringLikeIfExists": {"s3:prefix": patterns}},
    )


def objects(name: str, why: str, actions: tuple[str, ...], bucket_arn: str, prefixes: Sequence[str]) -> Need:
    """Do this with the objects under `prefixes`."""
    return Need(name=name, why=why, actions=actions, resources=tuple(iam.objects(bucket_arn, prefixes)))


def keys_through_s3(region: str, *, read: Iterable[str] = (), write: Iterable[str] = ()) -> tuple[Need, ...]:
    """Read and write what S3 has sealed with these keys; who writes may read back."""
    writing = tuple(sorted(set(write)))
    reading = tuple(sorted(set(read) - set(writing)))
    needs = (
        Need(
            name="UnsealWhatItReads",
            why="S3 opens the objects of these zones on its behalf",
            actions=iam.USE_KEY_TO_READ,
            keys=reading,
            condition=iam.through_s3(region),
        ),
        Need(
            name="SealWhatItWrites",
            why="S3 seals and opens the objects of these zones on its behalf",
            actions=iam.USE_KEY_TO_WRITE,
            keys=writing,
            condition=iam.through_s3(region),
        ),
    )
    return tuple(need for need in needs if need.keys)


def pass_role(name: str, why: str, role_arns: Sequence[str], service: str) -> Need:
    """Hand over these roles, to one service."""
    return Need(
        name=name,
        why=why,
        actions=("iam:PassRole",),
        resources=tuple(role_arns),
        condition={"StringEquals": {"iam:PassedToService": service}},
    )
