"""What the CIS benchmark wants to be heard when it happens: a metric filter on the trail's events, and an alarm."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import Config, Finding, Level, Severity, StackRule, Verdicts, cis, fsbp
from policies.unknown import Unknown
from policies.view import Node, Resource, Stack

FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
# Subject by subject, what a filter's pattern has to name at least, as in the benchmark's own patterns (4.1 to 4.15).
SUBJECTS: dict[str, tuple[str, ...]] = {
    "calls that are denied": ("UnauthorizedOperation", "AccessDenied"),
    "sign-in without MFA": ("ConsoleLogin", "MFAUsed"),
    "use of root": ("userIdentity.type", "Root"),
    "changes of IAM policies": ("PutRolePolicy", "AttachRolePolicy", "CreatePolicyVersion", "DeletePolicy"),
    "changes of CloudTrail": ("UpdateTrail", "DeleteTrail", "StopLogging"),
    "failed sign-in": ("ConsoleLogin", "Failed authentication"),
    "keys disabled or to be deleted": ("DisableKey", "ScheduleKeyDeletion"),
    "changes of bucket policies": ("PutBucketPolicy", "DeleteBucketPolicy", "PutBucketAcl"),
    "changes of AWS Config": ("StopConfigurationRecorder", "DeleteDeliveryChannel"),
    "changes of security groups": ("AuthorizeSecurityGroupIngress", "DeleteSecurityGroup"),
    "changes of network ACLs": ("CreateNetworkAclEntry", "DeleteNetworkAcl"),
    "changes of gateways": ("AttachInternetGateway", "DeleteCustomerGateway"),
    "changes of route tables": ("CreateRoute", "DeleteRouteTable", "ReplaceRoute"),
    "changes of VPCs": ("CreateVpc", "DeleteVpc", "ModifyVpcAttribute"),
    "changes of the organisation": ("organizations.amazonaws.com",),
}


def _heard(stack: Stack) -> Iterator[str | Unknown]:
    """The patterns of filters whose metric an alarm with an action watches."""
    watched = {
        _text(alarm.get("metricName")) for alarm in stack.of(ALARM) if alarm.get("alarmActions").present
    }
    for one in stack.of(FILTER):
        pattern = one.get("pattern")
        if _text(one.get("metricTransformation").get("name")) in watched:
            yield pattern.value if pattern.unknown else pattern.text() or ""


def _text(node: Node) -> str | None:
    return None if node.unknown else node.text()


def _check(_trail: Resource, stack: Stack, config: Config) -> Verdicts:
    heard = list(_heard(stack))
    waiting = [pattern for pattern in heard if isinstance(pattern, Unknown)]
    known = [pattern for pattern in heard if isinstance(pattern, str)]
    for subject in config["subjects"]:
        if any(all(word in pattern for word in SUBJECTS[subject]) for pattern in known):
            continue
        yield from waiting
        if not waiting:
            yield Finding(
                f"lets {subject} pass unheard: no metric filter with an alarm names {SUBJECTS[subject][0]}"
            )


RULES = (
    StackRule(
        id="trail-monitored",
        title="What the CIS benchmark wants to be heard rings an alarm",
        protects="The time between a break-in and its being seen",
        remedy="Add a LogMetricFilter on the trail's log group and a MetricAlarm with an action",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=frozenset({"aws:cloudtrail/trail:Trail"}),
        controls=fsbp(*(f"CloudWatch.{n}" for n in range(1, 15))) + cis(*(f"4.{n}" for n in range(1, 16))),
        config={
            "subjects": {
                "type": "array",
                "items": {"type": "string", "enum": list(SUBJECTS)},
                "default": list(SUBJECTS),
                "description": "What has to be heard.",
            }
        },
        check=_check,
    ),
)
