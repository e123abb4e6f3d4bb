"""Access keys that a local AWS makes up for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The services that give roles to what runs on them, each by the principal that a role's trust policy names.
# EMR on EKS has a role's session from EKS: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
PRINCIPALS: Mapping[str, str] = {
    "ec2": "ec2.amazonaws.com",
    "emr-serverless": "emr-serverless.amazonaws.com",
    "emr-containers": "pods.eks.amazonaws.com",
}


@dataclass(frozen=True, kw_only=True)
class Key:
    """An access key with its secret."""

    access_key_id: str
    secret_access_key: str
