"""EMR's block of public access: a launch into a public subnet is refused when its groups stand open to the world.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-block-public-access.html. Only at launch, and not for
private subnets. What the error says is ours; that it is an error of the call, the page says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.emr.errors import ValidationError

# What a region of a new account has, in moto's form.
DEFAULT: Mapping[str, Any] = {
    "block_public_access_configuration": {
        "block_public_security_group_rules": True,
        "permitted_public_security_group_rule_ranges": [{"min_range": 22, "max_range": 22}],
    }
}
ALL_PORTS = (0, 65535)


@dataclass(frozen=True, kw_only=True)
class OpenRule:
    """A rule of a security group that lets the whole world in, on these ports."""

    group: str
    lowest: int
    highest: int


def check(configuration: Mapping[str, Any], rules: Iterable[OpenRule]) -> None:
    """Raises ValidationError for the first of the rules that the configuration does not permit."""
    settings = configuration["block_public_access_configuration"]
    if not settings["block_public_security_group_rules"]:
        return
    permitted = [
        (one["min_range"], one["max_range"] if one["max_range"] is not None else one["min_range"])
        for one in settings["permitted_public_security_group_rule_ranges"]
    ]
    for rule in rules:
        if not any(low <= rule.lowest and rule.highest <= high for low, high in permitted):
            ports = str(rule.lowest) if rule.lowest == rule.highest else f"{rule.lowest}-{rule.highest}"
            raise ValidationError(
                f"The security group {rule.group} allows public inbound traffic on port {ports}, which this "
                "account's block public access configuration does not permit in a public subnet."
            )
