"""Secrets Manager: secrets under a key of our own, replaced before they are old."""

from __future__ import annotations

import re

from policies.checks import at, must_be_own_key, must_have_beside
from policies.openness import check_public
from policies.rule import Config, Finding, ResourceRule, Severity, StackRule, Verdicts, checkov, fsbp, nag
from policies.view import Resource

STORED = "aws:secretsmanager/secret:Secret"
POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
PER_DAY = {"day": 1.0, "hour": 24.0, "minute": 1440.0}
LONGEST_MONTH = 31
CRON = re.compile(r"cron\(\S+ \S+ \S+ (?P<month>\S+) \S+ (?P<year>\S+)\)")
RATE = re.compile(r"rate\((\d+) (day|hour|minute)s?\)")


def _days_between(expression: str) -> float | None:
    """How many days a schedule lets pass at most; None when it says nothing that repeats.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
    """
    if rate := RATE.fullmatch(expression):
        return int(rate[1]) / PER_DAY[rate[2]]
    cron = CRON.fullmatch(expression)
    if cron is None or cron["year"] != "*":
        return None
    if cron["month"] == "*":
        return LONGEST_MONTH
    step = cron["month"].partition("/")[2]
    return LONGEST_MONTH * int(step) if step.isdigit() else LONGEST_MONTH * 12


def _check_age(resource: Resource, config: Config) -> Verdicts:
    days = at(resource, "rotationRules.automaticallyAfterDays")
    schedule = at(resource, "rotationRules.scheduleExpression")
    age = days.number() if days.present else _days_between((schedule.text() or "").strip())
    if age is None:
        yield Finding("has no rotationRules that say how often")
    elif age > config["maxDays"]:
        yield Finding(f"is replaced only every {age:.0f} days; allowed are {config['maxDays']:.0f}")


RULES = (
    ResourceRule(
        id="secret-policy-not-public",
        title="No secret is everyone's to read",
        protects="Whatever the secret opens",
        remedy="Name the principals, or test aws:PrincipalOrgID or aws:SourceVpce",
        severity=Severity.CRITICAL,
        types=frozenset({STORED, POLICY}),
        check=check_public,
    ),
    ResourceRule(
        id="secret-kms",
        title="Secrets are encrypted with a KMS key of our own",
        protects="Secrets: to read one takes a grant on the key too",
        remedy="Set kmsKeyId to a key of your own",
        types=frozenset({STORED}),
        controls=checkov("CKV_AWS_149"),
        check=must_be_own_key("kmsKeyId", "is encrypted with the key that AWS manages"),
    ),
    StackRule(
        id="secret-rotates",
        title="Every secret is replaced by itself",
        protects="Whatever a leaked secret opens",
        remedy="Add a SecretRotation for it",
        severity=Severity.MEDIUM,
        types=frozenset({STORED}),
        controls=checkov("CKV2_AWS_57") + fsbp("SecretsManager.1") + nag("AwsSolutions-SMG4"),
        check=must_have_beside("SecretRotation", "secretId", (ROTATION,)),
    ),
    ResourceRule(
        id="secret-rotates-in-time",
        title="A secret is replaced within 90 days",
        protects="Whatever a leaked secret opens",
        remedy="Set rotationRules.automaticallyAfterDays to 90 or less",
        severity=Severity.MEDIUM,
        types=frozenset({ROTATION}),
        controls=checkov("CKV_AWS_304") + fsbp("SecretsManager.4"),
        config={
            "maxDays": {
                "type": "number",
                "minimum": 1,
                "maximum": 1000,
                "default": 90,
                "description": "Longest life of a secret in days.",
            }
        },
        check=_check_age,
    ),
)
