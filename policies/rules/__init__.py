"""Every rule of the pack, one module a family."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import (
    athena,
    emr,
    iam,
    iam_escalation,
    iam_statements,
    iam_trust,
    iam_users,
    kms,
    logs,
    needs,
    network,
    s3,
    tags,
)

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "tags": tags.RULES,
    "iam": iam.RULES,
    "iam-escalation": iam_escalation.RULES,
    "iam-statements": iam_statements.RULES,
    "iam-trust": iam_trust.RULES,
    "iam-users": iam_users.RULES,
    "needs": needs.RULES,
    "kms": kms.RULES,
    "s3": s3.RULES,
    "emr": emr.RULES,
    "network": network.RULES,
    "logs": logs.RULES,
    "athena": athena.RULES,
}
ALL: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)
