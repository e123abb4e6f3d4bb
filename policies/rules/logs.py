"""CloudWatch log groups: kept for a time that was chosen, under a key of our own."""

from __future__ import annotations

from policies.checks import must_be_own_key, said
from policies.rule import Config, Finding, Level, ResourceRule, Severity, Verdicts, checkov, fsbp
from policies.view import Resource

LOG_GROUP = frozenset({"aws:cloudwatch/logGroup:LogGroup"})


def _check_retention(resource: Resource, config: Config) -> Verdicts:
    days = resource.get("retentionInDays").number() or 0
    if days == 0:
        yield Finding(f"keeps its events for ever: {said(resource.get('retentionInDays'))}")
    elif days < config["minDays"]:
        yield Finding(f"keeps its events for {days:.0f} days, less than {config['minDays']:.0f}")


def _check_year(resource: Resource, config: Config) -> Verdicts:
    days = resource.get("retentionInDays").number()
    if days is None:
        yield Finding("does not say how long it keeps its events: retentionInDays is not set")
    elif 0 < days < config["minDays"]:
        yield Finding(f"keeps its events for {days:.0f} days, less than {config['minDays']:.0f}")


RULES = (
    ResourceRule(
        id="log-group-retention",
        title="Every log group says how long it keeps its events",
        protects="Money, and evidence from vanishing too soon",
        remedy="Set retentionInDays",
        severity=Severity.LOW,
        types=LOG_GROUP,
        controls=checkov("CKV_AWS_66"),
        config={
            "minDays": {
                "type": "number",
                "minimum": 1,
                "default": 1,
                "description": "Fewest days to keep events.",
            }
        },
        check=_check_retention,
    ),
    ResourceRule(
        id="log-group-kms",
        title="Every log group is encrypted with a KMS key of our own",
        protects="What logs tell about data and people",
        remedy="Set kmsKeyId to the ARN of a key whose policy lets CloudWatch Logs use it",
        severity=Severity.MEDIUM,
        types=LOG_GROUP,
        controls=checkov("CKV_AWS_158"),
        check=must_be_own_key("kmsKeyId", "is encrypted with a key of AWS"),
    ),
    ResourceRule(
        id="log-group-keeps-a-year",
        title="Log groups say that they keep their events for a year at least, or for ever",
        protects="Evidence from vanishing too soon",
        remedy="Set retentionInDays to 365 or more, or to 0 for ever",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=LOG_GROUP,
        controls=checkov("CKV_AWS_338") + fsbp("CloudWatch.16"),
        config={
            "minDays": {
                "type": "number",
                "minimum": 1,
                "default": 365,
                "description": "Fewest days to keep events, where they are not kept for ever.",
            }
        },
        check=_check_year,
    ),
)
