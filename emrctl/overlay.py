"""What a stack's configuration is on one machine, laid over the committed one that is for AWS."""

from __future__ import annotations

from typing import Any

from local.state import LocalState


def local_overlay(state: LocalState) -> dict[str, Any]:
    """The local account and region, and data that a user may throw away: both deletion keys are turned."""
    return {
        "config": {
            "aws:region": state.region,
            "aws:allowedAccountIds": [state.account_id],
            "emr:protection": {"allow_data_deletion": True},
            "emr:storage": {"deletable": True},
        }
    }
