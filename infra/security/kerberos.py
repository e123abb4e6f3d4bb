"""The passwords of KDCs: secrets of the stack's configuration, which stay secrets wherever the engine keeps them."""

from __future__ import annotations

import pulumi
from pulumi.runtime.config import is_config_secret

# A key a cluster, beside the settings, which are printed and whose mistakes are told with their values.
NAMESPACE = "kerberos"


def password(cluster: str) -> pulumi.Output[str]:
    """The password of the KDC's administration on `cluster`, from the stack's secrets.

    Raises `pulumi.RunError` when it is not there, is empty or stands there in plain.
    """
    key = f"{NAMESPACE}:{cluster}"
    how = f"set it with: pulumi config set --secret {key}"
    if not pulumi.Config(NAMESPACE).get(cluster):
        raise pulumi.RunError(f"{key}: is missing, the password of the KDC on cluster '{cluster}'; {how}")
    if not is_config_secret(key):
        raise pulumi.RunError(f"{key}: stands in plain in the stack's file; {how}")
    return pulumi.Config(NAMESPACE).require_secret(cluster)
