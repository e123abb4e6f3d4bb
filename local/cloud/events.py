"""What services tell EventBridge: one function, `emit`; and how an event reaches the targets of the rules it matches.

Patterns are matched by moto. Delivery is ours: moto's knows no SNS, no dead-letter queue and no constant input, sends
through disabled rules, and has every rule without a pattern (a schedule) match everything.
"""

from __future__ import annotations

import copy
import json
import logging
import sys
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.cloud import event_input
from local.cloud.iam import deliveries
from local.cloud.plane import ControlPlane

log = logging.getLogger(__name__)
Event = dict[str, Any]
PRINCIPAL = "events.amazonaws.com"
# Targets of EventBridge for which nothing runs on this machine yet.
NOT_RUN = {
    "lambda": "Lambda functions do not run",
    "states": "Step Functions do not run",
    "ecs": "ECS tasks do not run",
    "batch": "Batch jobs do not run",
    "ssm": "Systems Manager does not run",
    "kinesis": "Kinesis takes no events",
    "firehose": "Firehose takes no events",
}


class UndeliverableError(Exception):
    """A target cannot take an event; `code` is EventBridge's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def emit(
    plane: ControlPlane,
    account: str,
    region: str,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str] = (),
) -> None:
    """Tell the default event bus of `account` in `region`, at the plane's time, soon and outside its lock.

    Events are best effort on AWS and here: what goes wrong on the way is logged and never comes back to the caller.
    """
    event: Event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": _stamp(plane.now()),
        "region": region,
        "resources": list(resources),
        "detail": dict(detail),
    }
    plane.command(lambda: deliver(event))


def deliver(event: Event) -> None:
    """Send `event` through the rules of its account's default bus."""
    models = sys.modules.get("moto.events.models")
    if models is None:  # nobody has made a rule in this process: loading EventBridge would be for nothing
        return
    bus = models.events_backends[event["account"]][event["region"]].event_buses["default"]
    for rule in list(bus.rules.values()):
        send(rule, event)


def install() -> None:
    """Have moto's rules deliver so: for what PutEvents brings, and what S3 tells."""
    from moto.events.models import Rule

    global _motos
    if _motos is None:
        _motos = Rule.send_to_targets
        Rule.send_to_targets = lambda rule, event, **_transform: send(rule, _plain(event))


_motos: Any = None  # moto's own delivery, for the targets that stay its own


def send(rule: Any, event: Event) -> None:
    """Send `event` to the targets of `rule`, if it is enabled and matches.

    What a target does not take goes to its dead-letter queue.
    """
    if rule.state != "ENABLED" or not rule.event_pattern.get_pattern():
        return
    if not rule.event_pattern.matches_event(event):
        return
    for target in list(rule.targets):
        try:
            _send_to(rule, target, event)
        except Exception as error:
            log.warning("rule %s: target %s takes no event: %s", rule.name, target["Arn"], error)
            _bury(rule, target, event, _code(error), str(error))


def _send_to(rule: Any, target: Mapping[str, Any], event: Event) -> None:
    _, _, service, region, account, resource = target["Arn"].split(":", 5)
    if service in ("sqs", "sns"):
        deliveries.check(PRINCIPAL, target["Arn"], rule.arn, rule.account_id)
    if service in NOT_RUN:
        log.warning(
            "rule %s: no event for %s: %s in this local AWS", rule.name, target["Arn"], NOT_RUN[service]
        )
    elif service == "sqs":
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        _queue(account, region, resource, event_input.body(target, event, rule), group)
    elif service == "sns":
        _topic(account, region, target["Arn"], event_input.body(target, event, rule))
    elif service == "events" and resource.startswith("event-bus/"):
        _bus(account, region, resource.removeprefix("event-bus/"), event)
    else:
        _leave_to_moto(rule, target, event)


def _queue(account: str, region: str, name: str, body: str, group: str | None, **more: Any) -> None:
    from moto.sqs.models import sqs_backends

    sqs_backends[account][region].send_message(queue_name=name, message_body=body, group_id=group, **more)


def _topic(account: str, region: str, arn: str, body: str) -> None:
    from moto.sns.models import sns_backends

    sns_backends[account][region].publish(message=body, arn=arn)


def _bus(account: str, region: str, name: str, event: Event) -> None:
    """Another bus gets the event as it is; account and region stay the sender's."""
    from moto.events.models import events_backends

    bus = events_backends[account][region].event_buses.get(name)
    if bus is None:
        raise UndeliverableError("RESOURCE_NOT_FOUND", f"there is no event bus {name} in {region}")
    for rule in list(bus.rules.values()):
        send(rule, event)


def _leave_to_moto(rule: Any, target: Mapping[str, Any], event: Event) -> None:
    """Log groups, archives and API destinations: moto's delivery, by a rule that has this target alone."""
    now = datetime.now(UTC)
    alone = copy.copy(rule)
    alone.targets = [dict(target)]
    when = datetime.fromisoformat(event["time"]).timestamp()
    _motos(alone, {**event, "time": when, "ingestion-time": now.timestamp()})


def _bury(rule: Any, target: Mapping[str, Any], event: Event, code: str, message: str) -> None:
    """Put an event that did not arrive into the target's dead-letter queue, with the attributes that EventBridge adds.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html; no target is tried twice here.
    """
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return
    _, _, _, region, account, name = arn.split(":", 5)
    told = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": code, "ERROR_MESSAGE": message}
    attributes = {k: {"DataType": "String", "StringValue": v or "none"} for k, v in told.items()}
    try:
        deliveries.check(PRINCIPAL, arn, rule.arn, rule.account_id)
        _queue(account, region, name, json.dumps(event), None, message_attributes=attributes)
    except Exception as error:
        log.warning("rule %s: the dead-letter queue %s takes no event: %s", rule.name, arn, error)


def _code(error: Exception) -> str:
    if isinstance(error, UndeliverableError):
        return error.code
    if isinstance(error, deliveries.RefusedError):
        return "NO_PERMISSIONS"
    missing = any(word in type(error).__name__ for word in ("NotFound", "NonExistent", "DoesNotExist"))
    return "RESOURCE_NOT_FOUND" if missing else "INTERNAL_ERROR"


def _plain(event: Mapping[str, Any]) -> Event:
    """moto's event as it goes over the wire: the time as text, nothing that only moto needs."""
    plain = {k: v for k, v in event.items() if k not in ("ingestion-time", "replay-name")}
    when = plain.get("time")
    if isinstance(when, datetime):
        plain["time"] = _stamp(when)
    elif isinstance(when, int | float):
        plain["time"] = _stamp(datetime.fromtimestamp(when, UTC))
    return plain


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
