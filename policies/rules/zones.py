"""Data zones: who writes into one does not write into another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from policies.actions import covering
from policies.grants import IDENTITY_POLICIES, grants
from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts
from policies.unknown import Unknown
from policies.view import Resource

# Words of a bucket's name that say which zone it is.
ZONES = {
    "landing": ["landing", "raw", "bronze"],
    "curated": ["curated", "silver", "refined"],
    "serving": ["serving", "gold", "published"],
}
WRITES = (
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:RestoreObject",
    "s3:ReplicateObject",
)


def _zone(arn: str, zones: Mapping[str, list[str]]) -> str | None:
    """The zone of the bucket that an ARN names, by the words of the bucket's name."""
    bucket = arn.split(":", 5)[-1].partition("/")[0] if arn.startswith("arn:") else ""
    words = set(re.split(r"[^a-z0-9]+", bucket.lower()))
    return next((zone for zone, names in zones.items() if words & set(names)), None)


def _check_writes(resource: Resource, config: Config) -> Verdicts:
    if any(fnmatchcase(resource.name, pattern) for pattern in config["people"]):
        return
    written: dict[str, str] = {}
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        action = next((one for one in WRITES if covering(statement.actions, one)), None)
        for arn in statement.resources if action else ():
            zone = _zone(arn, config["zones"])
            if zone:
                written.setdefault(zone, f"{statement.where} allows {action} on {arn}")
    if len(written) > 1:
        first, second = list(written)[:2]
        yield Finding(f"writes into {first} and into {second}: {written[first]}; {written[second]}")


RULES = (
    ResourceRule(
        id="zone-no-cross-write",
        title="Who writes into one data zone writes into no other",
        protects="Lineage: what stands in a zone came by the one way that leads there",
        remedy="Give each direction a role of its own: one reads a zone and writes the next",
        severity=Severity.MEDIUM,
        types=IDENTITY_POLICIES,
        config={
            "zones": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
                "default": ZONES,
                "description": "Zones, each with the words of bucket names that say it.",
            },
            "people": {
                "type": "array",
                "items": {"type": "string"},
                "default": ["*engineer*", "*break-glass*"],
                "description": "Patterns of resource names: what people hold who mend data by hand.",
            },
        },
        check=_check_writes,
    ),
)
