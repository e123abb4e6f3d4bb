"""Where moto's KMS is mended: how often a key's material is rotated."""

from __future__ import annotations

import json
from typing import Any

from local.cloud import mend

# https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
DAYS = 365


def install() -> None:
    """Mend moto's KMS, once it is loaded."""
    from moto.kms.responses import KmsResponse

    mend.after(KmsResponse, "enable_key_rotation", _remember_period)
    KmsResponse.get_key_rotation_status = _status


def _remember_period(response: Any) -> None:
    """moto 5.2.5 takes the period and forgets it."""
    _key(response).rotation_days = response._get_param("RotationPeriodInDays") or DAYS


def _status(response: Any) -> str:
    """GetKeyRotationStatus, with the period where there is one."""
    key = _key(response)
    said: dict[str, Any] = {"KeyId": key.id, "KeyRotationEnabled": bool(key.key_rotation_status)}
    if key.key_rotation_status:
        said["RotationPeriodInDays"] = getattr(key, "rotation_days", DAYS)
    return json.dumps(said)


def _key(response: Any) -> Any:
    key_id = response._get_param("KeyId")
    response._validate_cmk_id(key_id)
    return response.kms_backend.keys[response.kms_backend.get_key_id(key_id)]
