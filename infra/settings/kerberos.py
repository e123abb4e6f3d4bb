"""Kerberos on a cluster: what a stack file may say, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from facts.texts import text
from infra.settings.model import SettingsModel

# What EMR does not put under Kerberos, of the applications that a release may have: "Any other applications installed
# are not Kerberized, which can result in an inability to communicate with Kerberized components".
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-principals.html
NOT_KERBERIZED = ("Flink", "JupyterEnterpriseGateway", "JupyterHub")


class KerberosSettings(SettingsModel):
    """Kerberos with a KDC of the cluster's own, on its primary node. The password is no setting:
    `pulumi config set --secret kerberos:<cluster>`."""

    realm: Annotated[
        str, text(r"^[A-Z0-9]([A-Z0-9.-]{0,254}[A-Z0-9])?$", "a realm in capitals, as EC2.INTERNAL")
    ]
    """The realm of its nodes: by custom the domain in capitals, EC2.INTERNAL."""
    ticket_lifetime_hours: int = Field(default=24, ge=1, le=168)
    """How long a ticket is good for; services renew their own. At most a week is our choice."""


def mistakes(
    kerberos: KerberosSettings | None, applications: Iterable[str], *, ephemeral: bool
) -> Iterable[str]:
    """What speaks against Kerberos on a cluster."""
    if kerberos is None:
        return
    if ephemeral:
        yield (
            "kerberos: is set, but an ephemeral cluster is started from the stack's outputs, which would hold its "
            "KDC's password; remove it, or set ephemeral to false"
        )
    for name in applications:
        if name in NOT_KERBERIZED:
            yield f"kerberos: is set beside '{name}', which EMR does not put under Kerberos; remove one of the two"
