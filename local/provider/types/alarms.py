"""CloudWatch: alarms, composite alarms, metric filters of log groups."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Hook, Name, Part, Resource, Tagging
from local.provider.types.common import NOT_MODELLED, unsupported

_TAGGING = Tagging(
    add=Call(op="TagResource", args={"ResourceARN": "$arn", "Tags": "$tagsAdded"}),
    remove=Call(op="UntagResource", args={"ResourceARN": "$arn", "TagKeys": "$tagsRemoved"}),
)
_TAGS = Part(call=Call(op="ListTagsForResource", args={"ResourceARN": "$arn"}))
_DELETE = (Call(op="DeleteAlarms", args={"AlarmNames": ["$id"]}),)
_ARN = "arn:$partition:cloudwatch:$region:$account:alarm:$id"
_METRIC = "metricQueries.metric"


def _described(kind: str) -> Part:
    call = Call(op="DescribeAlarms", args={"AlarmNames": ["$id"], "AlarmTypes": [kind]})
    return Part(call=call, at=f"{kind}s.0")


_NAMES = {"okActions": "OKActions", "arn": "AlarmArn"}
_ON_METRIC = (
    "actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm dimensions "
    "evaluateLowSampleCountPercentiles evaluationPeriods extendedStatistic insufficientDataActions metricName "
    "metricQueries namespace okActions period statistic threshold treatMissingData unit"
)


def _put_alarm(call: Call) -> Hook:
    """What a query does not say about returning data, the real provider says: it does not."""

    def hook(run: Run) -> dict[str, Any]:
        params = run.params(call)
        for query in params.get("Metrics", []):
            query.setdefault("ReturnData", False)
        return run.call(call.op, **params)

    return hook


METRIC_ALARM = Resource(
    type="aws:cloudwatch/metricAlarm:MetricAlarm",
    terraform="aws_cloudwatch_metric_alarm",
    service="cloudwatch",
    create=_put_alarm(Call(op="PutMetricAlarm", by_name=True, args={"Tags": "$tagsAll"})),
    id="$name",
    reads=(_described("MetricAlarm"), _TAGS),
    changes=(
        Change(props=tuple(_ON_METRIC.split()), do=(_put_alarm(Call(op="PutMetricAlarm", by_name=True)),)),
    ),
    delete=_DELETE,
    tagging=_TAGGING,
    name=Name(),
    names={
        **_NAMES,
        "name": "AlarmName",
        "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
        "metricQueries": "Metrics",
        _METRIC: "MetricStat",
        f"{_METRIC}.dimensions": "Metric.Dimensions",
        f"{_METRIC}.metricName": "Metric.MetricName",
        f"{_METRIC}.namespace": "Metric.Namespace",
    },
    defaults={"actionsEnabled": True, "treatMissingData": "missing"},
    by_hook=frozenset({"name", *_ON_METRIC.split()}),
    outputs={"arn": _ARN},
    unsupported={
        **unsupported(NOT_MODELLED, "evaluationCriteria", "evaluationInterval", "evaluationWindow"),
        **unsupported(NOT_MODELLED, "warmUpConfiguration"),
        "thresholdMetricId": "the local CloudWatch detects no anomalies",
    },
)

COMPOSITE_ALARM = Resource(
    type="aws:cloudwatch/compositeAlarm:CompositeAlarm",
    terraform="aws_cloudwatch_composite_alarm",
    service="cloudwatch",
    create=Call(op="PutCompositeAlarm", by_name=True, args={"Tags": "$tagsAll"}),
    id="$alarmName",
    reads=(_described("CompositeAlarm"), _TAGS),
    changes=(
        Change(
            props=("alarmActions", "alarmDescription", "alarmRule", "insufficientDataActions", "okActions"),
            do=(Call(op="PutCompositeAlarm", by_name=True),),
        ),
    ),
    delete=_DELETE,
    tagging=_TAGGING,
    names=_NAMES,
    defaults={"actionsEnabled": True},
    outputs={"arn": _ARN},
    unsupported={"actionsSuppressor": "the local CloudWatch does not evaluate it"},
)


def _another(run: Run) -> bool:
    """The call looks by prefix; answers come in order of the name, so the filter itself is the first, if it is."""
    return run.found.get("name") != run.id


_FILTER = {"logGroupName": "$logGroupName", "filterName": "$name"}
_PUT_FILTER = Call(op="PutMetricFilter", by_name=True)

METRIC_FILTER = Resource(
    type="aws:cloudwatch/logMetricFilter:LogMetricFilter",
    terraform="aws_cloudwatch_log_metric_filter",
    service="logs",
    create=_PUT_FILTER,
    id="$name",
    import_id="$logGroupName:$name",
    reads=(
        Part(
            call=Call(
                op="DescribeMetricFilters", args={"logGroupName": "$logGroupName", "filterNamePrefix": "$id"}
            ),
            at="metricFilters.0",
        ),
    ),
    gone=_another,
    changes=(Change(props=("pattern", "metricTransformation"), do=(_PUT_FILTER,)),),
    delete=(Call(op="DeleteMetricFilter", args=_FILTER),),
    name=Name(length=512),
    names={
        "name": "filterName",
        "pattern": "filterPattern",
        "metricTransformation": "metricTransformations",
        "metricTransformation.name": "metricName",
        "metricTransformation.namespace": "metricNamespace",
        "metricTransformation.value": "metricValue",
    },
    unsupported={"applyOnTransformedLogs": NOT_MODELLED},
)

ROWS = (COMPOSITE_ALARM, METRIC_ALARM, METRIC_FILTER)
