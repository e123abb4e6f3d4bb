"""Looks at every alarm as its period asks, and tells of each change of state. Driven by the plane's clock."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from local.cloud import events
from local.cloud.alarms import messages
from local.cloud.alarms.arithmetic import compile_expression
from local.cloud.alarms.evaluation import ALARM, COMPARISONS, EXTRA_POINTS, INSUFFICIENT_DATA, OK, state
from local.cloud.alarms.rules import parse
from local.cloud.alarms.series import Index, key, statistic
from local.cloud.iam import deliveries
from local.cloud.plane import ControlPlane

log = logging.getLogger(__name__)
# An alarm is looked at each minute, with a period below a minute each ten seconds, and each hour when it looks back
# a day or more. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
SOON, MINUTE, HOUR, DAY = 10, 60, 3600, 86_400
compiled = lru_cache(maxsize=1000)(compile_expression)
parsed = lru_cache(maxsize=1000)(parse)


class Watch:
    """Watches the alarms of every account and region of moto's CloudWatch. Runs under the plane's lock."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._data: defaultdict[tuple[str, str], Index] = defaultdict(Index)

    def start(self) -> None:
        """Look at the alarms from now on."""
        self._plane.after(SOON, self._look)

    def transition(self, backend: Any, alarm: Any, value: str, reason: str, data: str = "{}") -> None:
        """Give an alarm a state, and tell of it when it is another one: topics, EventBridge, composite alarms."""
        before, now = messages.State.of(alarm), self._plane.now()
        alarm.update_state(reason, data, value)
        alarm.state_updated_timestamp = now
        if before.value == value:
            return
        alarm.state_transitioned_timestamp = now
        log.info("alarm %s: %s, was %s: %s", alarm.name, value, before.value, reason)
        self._tell(backend, alarm, before)
        for other in list(backend.alarms.values()):
            if other.rule is not None and alarm.name in parsed(other.rule).names:
                self.judge(backend, other, because=alarm)

    def judge(self, backend: Any, alarm: Any, because: Any = None) -> None:
        """Give a composite alarm the state of its rule."""
        value = ALARM if parsed(alarm.rule).holds(lambda name: _state_of(backend, name)) else OK
        if value == alarm.state_value:
            return
        why = (
            f"{because.alarm_arn} transitioned to {because.state_value}" if because else "Initial evaluation"
        )
        reason = f"{why} at {self._plane.now():%A %d %B, %Y %H:%M:%S UTC}"
        triggers = [{"arn": c.alarm_arn, "state": messages.value_at(c)} for c in _children(backend, alarm)]
        self.transition(backend, alarm, value, reason, json.dumps({"triggeringAlarms": triggers}))

    def _look(self) -> None:
        now = int(self._plane.now().timestamp())
        hurried = False
        for backend, alarm in list(_metric_alarms()):
            period = _period(alarm)
            hurried |= period < MINUTE
            if now // SOON * SOON % _interval(alarm, period) == 0:
                self._evaluate(backend, alarm, period, now)
        every = SOON if hurried else MINUTE
        self._plane.after(every - self._plane.now().timestamp() % every or every, self._look)

    def _evaluate(self, backend: Any, alarm: Any, period: int, now: int) -> None:
        end = now // min(period, MINUTE) * min(period, MINUTE)
        needed = alarm.evaluation_periods
        starts = [end - period * back for back in range(needed + EXTRA_POINTS, 0, -1)]
        values = [self._value(backend, alarm, start, period) for start in starts]
        breaches, _ = COMPARISONS[alarm.comparison_operator]
        points = [None if value is None else breaches(value, alarm.threshold) for value in values]
        to_alarm = alarm.datapoints_to_alarm or needed
        treat = alarm.treat_missing_data or ("ignore" if alarm.namespace == "AWS/DynamoDB" else "missing")
        found = state(points, needed, to_alarm, treat, alarm.state_value)
        if found != alarm.state_value:
            real = [(v, s) for v, s in zip(values, starts, strict=True) if v is not None][-needed:]
            self.transition(
                backend, alarm, found, *_reason(alarm, found, real, period, to_alarm, self._plane.now())
            )

    def _value(self, backend: Any, alarm: Any, start: int, period: int) -> float | None:
        """The alarm's value in the period from `start`."""
        if not alarm.metric_data_queries:
            metric = key(alarm.namespace, alarm.metric_name, alarm.dimensions)
            stat = alarm.statistic or alarm.extended_statistic
            return self._statistic(backend, metric, alarm.unit, stat, start, period)
        values: dict[str, float | None] = {}
        for query in alarm.metric_data_queries:
            if query.metric_stat is not None:
                of, stat = query.metric_stat.metric, query.metric_stat.stat
                metric = key(of.namespace, of.metric_name, of.dimensions)
                values[query.id] = self._statistic(
                    backend, metric, query.metric_stat.unit, stat, start, period
                )
        # In the order of their definition, which CloudWatch does not ask for: what comes too early stays missing.
        for query in alarm.metric_data_queries:
            if query.metric_stat is None:
                values[query.id] = compiled(query.expression)(values)
        return values[_returned(alarm).id]

    def _statistic(
        self, backend: Any, metric: Any, unit: str | None, stat: str, start: int, period: int
    ) -> float | None:
        index = self._data[(backend.account_id, backend.region_name)]
        return statistic(index.between(backend.metric_data, metric, unit, start, start + period), stat)

    def _tell(self, backend: Any, alarm: Any, before: messages.State) -> None:
        account, region = backend.account_id, backend.region_name
        detail = messages.event_detail(alarm, before)
        events.emit(
            self._plane,
            account,
            region,
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            detail,
            [alarm.alarm_arn],
        )
        actions = {
            OK: alarm.ok_actions, ALARM: alarm.alarm_actions, INSUFFICIENT_DATA: alarm.insufficient_data_actions,
        }[alarm.state_value]  # fmt: skip
        if not alarm.actions_enabled or not actions:
            return
        message = json.dumps(messages.notification(alarm, before, account, _children(backend, alarm)))
        subject = messages.subject(alarm)
        for action in actions:
            self._plane.command(partial(_act, alarm, action, subject, message))


def _act(alarm: Any, arn: str, subject: str, message: str) -> None:
    _, _, service, region, account, *_ = arn.split(":")
    if service != "sns":
        log.warning("alarm %s: no action on %s: %s takes none in this local AWS", alarm.name, arn, service)
        return
    from moto.sns.models import sns_backends

    try:
        deliveries.check("cloudwatch.amazonaws.com", arn, alarm.alarm_arn, alarm.alarm_arn.split(":")[4])
        sns_backends[account][region].publish(message=message, arn=arn, subject=subject)
    except Exception as error:
        log.warning("alarm %s: %s takes no notification: %s", alarm.name, arn, error)


def _metric_alarms() -> Iterator[tuple[Any, Any]]:
    from moto.cloudwatch.models import cloudwatch_backends

    for account in list(cloudwatch_backends.values()):
        for backend in list(account.values()):
            for alarm in list(backend.alarms.values()):
                if alarm.rule is None:
                    yield backend, alarm


def _state_of(backend: Any, name: str) -> str:
    found = backend.alarms.get(name)
    return found.state_value if found is not None else INSUFFICIENT_DATA


def _children(backend: Any, alarm: Any) -> list[Any]:
    """The alarms that a composite alarm asks; none of a metric alarm."""
    names = parsed(alarm.rule).names if alarm.rule is not None else ()
    return [backend.alarms[name] for name in names if name in backend.alarms]


def _returned(alarm: Any) -> Any:
    """The one query of an alarm that gives its value."""
    return next(q for q in alarm.metric_data_queries if q.return_data is not False)


def _period(alarm: Any) -> int:
    queries = alarm.metric_data_queries
    periods = [int(q.metric_stat.period) for q in queries if q.metric_stat is not None]
    return max(periods) if periods else int(alarm.period)


def _interval(alarm: Any, period: int) -> int:
    if period < MINUTE:
        return SOON
    return HOUR if period * alarm.evaluation_periods >= DAY else MINUTE


def _reason(
    alarm: Any, found: str, real: list[tuple[float, int]], period: int, to_alarm: int, now: datetime
) -> tuple[str, str]:
    """Why, in CloudWatch's words and as data."""
    data = {
        "version": "1.0",
        "queryDate": messages.stamp(now),
        "statistic": alarm.statistic or alarm.extended_statistic,
        "period": period,
        "recentDatapoints": [value for value, _ in real],
        "threshold": alarm.threshold,
    }
    if real:
        data["startDate"] = messages.stamp(datetime.fromtimestamp(real[0][1], UTC))
    if found == INSUFFICIENT_DATA:
        return "Insufficient Data: no datapoints were received in the evaluation range.", json.dumps(data)
    breaches, words = COMPARISONS[alarm.comparison_operator]
    counted = [(v, s) for v, s in real if breaches(v, alarm.threshold) == (found == ALARM)]
    missing = max(0, alarm.evaluation_periods - len(real))
    shown = ", ".join(f"{v} ({datetime.fromtimestamp(s, UTC):%d/%m/%y %H:%M:%S})" for v, s in counted)
    treated = f" ({missing} missing, treated as {alarm.treat_missing_data or 'missing'})" if missing else ""
    negation = "" if found == ALARM else "not "
    least = to_alarm if found == ALARM else alarm.evaluation_periods - to_alarm + 1
    change = "OK -> ALARM" if found == ALARM else "ALARM -> OK"
    text = (
        f"Threshold Crossed: {len(counted)} out of the last {alarm.evaluation_periods} datapoints [{shown}] was "
        f"{negation}{words} the threshold ({alarm.threshold}){treated} (minimum {least} datapoint for {change} "
        "transition)."
    )
    return text, json.dumps(data)
