"""The alarm operations of CloudWatch that moto lacks or has without life: put in moto's own way."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from moto.cloudwatch.exceptions import ResourceNotFound, ValidationError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from local.cloud.alarms.arithmetic import ExpressionError
from local.cloud.alarms.evaluation import COMPARISONS, INSUFFICIENT_DATA
from local.cloud.alarms.rules import RuleError
from local.cloud.alarms.series import SIMPLE
from local.cloud.alarms.watch import Watch, compiled, parsed
from local.cloud.plane import ControlPlane

_KEPT = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history")


class AlarmResponse(CloudWatchResponse):
    """CloudWatch, with alarms that `watch` looks after."""

    watch: Watch
    plane: ControlPlane

    def put_metric_alarm(self) -> ActionResult:
        _check_metric_alarm(self._get_params())
        name = self._get_param("AlarmName")
        with self.plane.lock:
            before = self.cloudwatch_backend.alarms.get(name)
            result = super().put_metric_alarm()
            self._begin(name, before)
        return result

    def put_composite_alarm(self) -> ActionResult:
        if self._get_param("ActionsSuppressor"):
            raise ValidationError("ActionsSuppressor is not evaluated by this local AWS.")
        name, rule = self._get_param("AlarmName"), self._get_param("AlarmRule")
        backend = self.cloudwatch_backend
        with self.plane.lock:
            _check_rule(backend, name, rule)
            before = backend.alarms.get(name)
            super().put_metric_alarm()
            alarm = backend.alarms[name]
            self._begin(name, before)
            self.watch.judge(backend, alarm)
        return EmptyResult()

    def describe_alarms(self) -> ActionResult:
        # "If you omit this parameter, only metric alarms are returned, even if composite alarms exist" (AlarmTypes).
        kinds = self._get_param("AlarmTypes") or ["MetricAlarm"]
        result: dict[str, Any] = dict(super().describe_alarms().result)
        state, names = self._get_param("StateValue"), self._get_param("AlarmNames", [])
        shown: dict[str, Any] = {}
        for kind in ("MetricAlarm", "CompositeAlarm"):
            chosen = [
                a
                for a in (result[f"{kind}s"] if kind in kinds else [])
                if (not state or a.state_value == state) and (not names or a.name in names)
            ]
            shown[f"{kind}s"] = chosen
        return ActionResult(shown)

    def delete_alarms(self) -> ActionResult:
        gone, backend = self._get_param("AlarmNames", []), self.cloudwatch_backend
        for alarm in backend.alarms.values():
            asked = set(parsed(alarm.rule).names) & set(gone) if alarm.rule and alarm.name not in gone else ()
            for name in asked:
                raise ValidationError(
                    f"Cannot delete {name} as there are composite alarm(s) depending on it."
                )
        return super().delete_alarms()

    def set_alarm_state(self) -> ActionResult:
        backend = self.cloudwatch_backend
        alarm = backend.alarms.get(self._get_param("AlarmName"))
        if alarm is None:
            raise ResourceNotFound
        with self.plane.lock:
            data = self._get_param("StateReasonData") or "{}"
            self.watch.transition(
                backend, alarm, self._get_param("StateValue"), self._get_param("StateReason"), data
            )
        return EmptyResult()

    def put_metric_data(self) -> ActionResult:
        """Data without a time has the plane's, which is what alarms look back from."""
        now = self.plane.now().astimezone(UTC).replace(tzinfo=None)
        for datum in self._get_param("MetricData", []):
            datum.setdefault("Timestamp", now)
        return super().put_metric_data()

    def _begin(self, name: str, before: Any) -> None:
        """A new alarm knows nothing yet; one that was there keeps its state (PutMetricAlarm)."""
        alarm = self.cloudwatch_backend.alarms[name]
        now = self.plane.now()
        alarm.configuration_updated_timestamp = alarm.state_transitioned_timestamp = now
        if before is None:
            alarm.state_value, alarm.state_updated_timestamp = INSUFFICIENT_DATA, now
            return
        alarm.state_transitioned_timestamp = before.state_transitioned_timestamp
        for field in _KEPT:
            setattr(alarm, field, getattr(before, field))


def install(plane: ControlPlane) -> None:
    """Have moto's application for CloudWatch, when it is made next, go by `plane`; alarms are looked at from now on."""
    from moto.cloudwatch import urls

    class Response(AlarmResponse):
        """The CloudWatch API of this plane."""

    Response.plane, Response.watch = plane, Watch(plane)
    urls.url_paths["{0}/$"] = Response.dispatch
    Response.watch.start()


def _check_metric_alarm(request: dict[str, Any]) -> None:
    """Refuse by name what could be kept, and would never be evaluated."""
    comparison = request.get("ComparisonOperator")
    if comparison not in COMPARISONS:
        raise ValidationError(f"ComparisonOperator {comparison} is not evaluated by this local AWS.")
    metrics = request.get("Metrics") or []
    if metrics and sum(m.get("ReturnData", True) is not False for m in metrics) != 1:
        raise ValidationError("Exactly one element of the metrics list should return data.")
    statistics = [request.get("Statistic") or request.get("ExtendedStatistic")] if not metrics else []
    for metric in metrics:
        if "Expression" in metric:
            try:
                compiled(metric["Expression"])
            except ExpressionError as error:
                raise ValidationError(f"Metrics element {metric['Id']}: {error}.") from None
        else:
            statistics.append(metric["MetricStat"]["Stat"])
    for statistic in statistics:
        if statistic not in SIMPLE and not _percentile(statistic or ""):
            raise ValidationError(f"The statistic {statistic} is not evaluated by this local AWS.")


def _percentile(statistic: str) -> bool:
    try:
        return statistic.startswith("p") and 0 <= float(statistic[1:]) <= 100
    except ValueError:
        return False


def _check_rule(backend: Any, name: str, rule: str) -> None:
    try:
        asked = list(parsed(rule).names)
    except RuleError as error:
        raise ValidationError(f"AlarmRule is not valid: {error}.") from None
    reached = set[str]()
    while asked:
        child = asked.pop()
        if child == name:
            raise ValidationError(f"AlarmRule of {name} leads back to itself.")
        if child not in backend.alarms:
            raise ValidationError(
                f"Could not save the composite alarm as alarm {child} in the alarm rule does not exist."
            )
        if child not in reached and backend.alarms[child].rule is not None:
            asked += parsed(backend.alarms[child].rule).names
        reached.add(child)
