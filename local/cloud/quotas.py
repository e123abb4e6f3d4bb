"""Where moto's Service Quotas are mended: quotas of EC2, and requests for more, which are granted at once.

The quotas are told, not enforced: an instance too many is launched all the same.
https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from facts import quotas


def install() -> None:
    """Mend moto's Service Quotas, once they are loaded."""
    from moto.servicequotas.models import ServiceQuotasBackend
    from moto.servicequotas.responses import ServiceQuotasResponse

    ServiceQuotasBackend.get_service_quota = _applied
    ServiceQuotasResponse.get_aws_default_service_quota = _default
    ServiceQuotasResponse.request_service_quota_increase = _request


def _applied(backend: Any, service_code: str, quota_code: str) -> dict[str, Any]:
    """GetServiceQuota: what the account has, granted or from the start."""
    found = _of_a_new_account(backend, service_code, quota_code)
    return {**found, "Value": _granted(backend).get((service_code, quota_code), found["Value"])}


def _default(response: Any) -> str:
    """GetAWSDefaultServiceQuota."""
    return json.dumps({"Quota": _of_a_new_account(response.backend, *_asked(response))})


def _request(response: Any) -> str:
    """RequestServiceQuotaIncrease: AWS may think it over; here it is granted."""
    service, code = _asked(response)
    wanted = float(response._get_param("DesiredValue"))
    quota = _applied(response.backend, service, code)
    if wanted <= quota["Value"]:
        from moto.core.exceptions import JsonRESTError

        raise JsonRESTError(
            "IllegalArgumentException",
            "You must provide a quota value greater than the current quota value",
        )
    _granted(response.backend)[service, code] = wanted
    request = {
        "Id": uuid4().hex, "ServiceCode": service, "QuotaCode": code, "QuotaName": quota["QuotaName"],
        "DesiredValue": wanted, "Status": "APPROVED",
    }  # fmt: skip
    return json.dumps({"RequestedQuota": request})


def _of_a_new_account(backend: Any, service: str, code: str) -> dict[str, Any]:
    """moto 5.2.5 knows the quotas of VPC alone."""
    from moto.servicequotas.exceptions import NoSuchResource
    from moto.servicequotas.resources.default_quotas.vpc import VPC_DEFAULT_QUOTAS

    known = quotas.quotas().get(code)
    if known is not None and known.service == service:
        return _shown(backend, known)
    for found in VPC_DEFAULT_QUOTAS if service == "vpc" else ():
        if found["QuotaCode"] == code:
            return dict(found)
    raise NoSuchResource


def _asked(response: Any) -> tuple[str, str]:
    return response._get_param("ServiceCode"), response._get_param("QuotaCode")


def _granted(backend: Any) -> dict[tuple[str, str], float]:
    if not hasattr(backend, "granted"):
        backend.granted = {}
    granted: dict[tuple[str, str], float] = backend.granted
    return granted


def _shown(backend: Any, quota: quotas.Quota) -> dict[str, Any]:
    owner = f"{backend.partition}:servicequotas:{backend.region_name}:{backend.account_id}"
    return {
        "ServiceCode": quota.service, "QuotaCode": quota.code, "QuotaName": quota.name,
        "QuotaArn": f"arn:{owner}:{quota.service}/{quota.code}",
        "Value": float(quota.default), "Unit": "None", "Adjustable": True, "GlobalQuota": False,
    }  # fmt: skip
