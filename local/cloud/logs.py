"""Where moto's CloudWatch Logs is mended: a group's key that comes later, a metric filter that is put again."""

from __future__ import annotations

from typing import Any

from local.cloud import mend


def install() -> None:
    """Mend moto's Logs, once it is loaded."""
    from moto.logs.metric_filters import MetricFilters
    from moto.logs.responses import LogsResponse

    mend.before(MetricFilters, "add_filter", _forget_filter)
    LogsResponse.associate_kms_key = _associate
    LogsResponse.disassociate_kms_key = _disassociate


def _associate(response: Any) -> str:
    """AssociateKmsKey. As with moto's CreateLogGroup nobody asks whether the key lets CloudWatch Logs use it."""
    _group(response).kms_key_id = response._get_param("kmsKeyId")
    return "{}"


def _disassociate(response: Any) -> str:
    """DisassociateKmsKey: what comes from now on is encrypted with CloudWatch's own key."""
    _group(response).kms_key_id = None
    return "{}"


def _forget_filter(filters: Any, filter_name: str, _pattern: str, log_group_name: str, *_more: Any) -> None:
    """PutMetricFilter creates or updates; moto 5.2.5 adds another of the name."""
    filters.delete_filter(filter_name, log_group_name)


def _group(response: Any) -> Any:
    """The group that a request names, by its name or as a resource."""
    from moto.logs.exceptions import ResourceNotFoundException

    name = response._get_param("logGroupName")
    if name is None:  # arn:aws:logs:us-east-1:123456789012:log-group:NAME
        name = (response._get_param("resourceIdentifier") or "").split(":log-group:")[-1]
    group = response.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    return group
