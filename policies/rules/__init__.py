"""Every rule of the pack, one module a family."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import athena, emr, iam, kms, logs, needs, network, s3, tags

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "tags": tags.RULES,
    "iam": iam.RULES,
    "needs": needs.RULES,
    "kms": kms.RULES,
    "s3": s3.RULES,
    "emr": emr.RULES,
    "network": network.RULES,
    "logs": logs.RULES,
    "athena": athena.RULES,
}
ALL: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)
