"""EMR on EKS virtual clusters that are there already: the stack names them for its jobs, and makes none."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import field_validator

from facts import releases
from facts.texts import text
from infra.naming import Names
from infra.settings.model import SettingsModel, known_release

# In the log bucket; below it the service's own <virtual cluster>/jobs/<run>/.
LOGS = "containers/"
# https://docs.aws.amazon.com/emr-on-eks/latest/APIReference/API_VirtualCluster.html
Id = Annotated[
    str, text(r"^[0-9a-z]{1,64}$", "up to 64 lower-case letters and digits, as 0b1c2d3e4f5g6h7i8j9k")
]
# A DNS label: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
Namespace = Annotated[
    str, text(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "a namespace of Kubernetes, as emr-jobs")
]
# The cluster's identity.oidc.issuer without https://.
# https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html
OidcProvider = Annotated[
    str,
    text(
        r"^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/id/[0-9A-F]{32}$",
        "the cluster's issuer without https://, as "
        "oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
    ),
]


class ServiceAccounts(SettingsModel):
    """Whose pods may take the roles of jobs that run on the virtual cluster."""

    namespace: Namespace
    """The Kubernetes namespace of the virtual cluster."""
    oidc_provider: OidcProvider
    """The EKS cluster's OIDC provider in IAM: what its issuer is called after https://."""


class VirtualClusterSettings(SettingsModel):
    """A virtual cluster that others made; no destroy touches it."""

    adopt: Id
    """The id of the virtual cluster, as AWS gave it."""
    release: str = releases.DEFAULT_LABEL
    """The EMR release that job runs ask for: one that the facts know."""
    service_accounts: ServiceAccounts | None = None
    """The pods of runs, which take the roles of their jobs; without it no pod may."""

    _known = field_validator("release")(known_release)


def outputs(settings: VirtualClusterSettings, names: Names) -> dict[str, Any]:
    """What the stack says of the virtual cluster."""
    return {
        "id": settings.adopt,
        "release_label": settings.release,
        "log_uri": f"s3://{names.bucket('logs')}/{LOGS}",
    }
