"""Every rule of the pack, one module a family."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import (
    alarms,
    athena,
    dynamodb,
    ecr,
    emr,
    glue,
    iam,
    kms,
    lambdas,
    logs,
    monitors,
    nacl,
    needs,
    network,
    routes,
    s3,
    s3_care,
    secrets,
    security_groups,
    sns,
    sqs,
    tags,
    trail,
)

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "tags": tags.RULES,
    "iam": iam.RULES,
    "needs": needs.RULES,
    "kms": kms.RULES,
    "s3": (*s3.RULES, *s3_care.RULES),
    "emr": emr.RULES,
    "security groups": security_groups.RULES,
    "network": (*network.RULES, *nacl.RULES, *routes.RULES),
    "logs": (*logs.RULES, *alarms.RULES, *monitors.RULES),
    "athena": athena.RULES,
    "glue": glue.RULES,
    "sns": sns.RULES,
    "sqs": sqs.RULES,
    "lambda": lambdas.RULES,
    "secrets": secrets.RULES,
    "dynamodb": dynamodb.RULES,
    "trail": trail.RULES,
    "ecr": ecr.RULES,
}
ALL: tuple[Rule, ...] = tuple(rule for rules in FAMILIES.values() for rule in rules)
