"""Every rule of the pack, one module a family."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import (
    athena,
    costs,
    emr_clusters,
    emr_eks,
    emr_fleets,
    emr_scaling,
    emr_security,
    emr_serverless,
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
    zones,
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
    "emr-security": emr_security.RULES,
    "emr-clusters": emr_clusters.RULES,
    "emr-fleets": emr_fleets.RULES,
    "emr-scaling": emr_scaling.RULES,
    "emr-serverless": emr_serverless.RULES,
    "emr-eks": emr_eks.RULES,
    "costs": costs.RULES,
    "zones": zones.RULES,
    "network": network.RULES,
    "logs": logs.RULES,
    "athena": athena.RULES,
}
ALL: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)
