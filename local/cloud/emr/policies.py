"""The policies that a cluster can carry: managed scaling and auto-termination, checked as EMR checks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloud.emr.errors import ValidationError
from local.cloud.emr.model import Cluster

IDLE_SECONDS = (60, 604800)  # API reference, AutoTerminationPolicy
MAX_CONCURRENCY = 256  # API reference, RunJobFlow
MAX_OPEN_STEPS = 256  # EMR management guide, "Submit work to a cluster": active and pending together


def auto_termination(policy: Mapping[str, Any]) -> dict[str, Any]:
    """An auto-termination policy. Raises ValidationError when its time-out is out of bounds."""
    seconds = policy.get("IdleTimeout")
    low, high = IDLE_SECONDS
    if seconds is not None and not low <= seconds <= high:
        raise ValidationError(
            f"The IdleTimeout is {seconds} seconds; it must be between {low} and {high} seconds (7 days)."
        )
    return dict(policy)


def managed_scaling(policy: Mapping[str, Any], cluster: Cluster) -> dict[str, Any]:
    """A managed scaling policy for `cluster`. Raises ValidationError when its limits are not sound."""
    limits = policy.get("ComputeLimits")
    if limits is None:
        raise ValidationError("The managed scaling policy must have ComputeLimits.")
    fleets = cluster.collection == "INSTANCE_FLEET"
    if fleets != (limits["UnitType"] == "InstanceFleetUnits"):
        raise ValidationError(
            f"The UnitType {limits['UnitType']} does not fit a cluster that uses "
            f"{'instance fleets' if fleets else 'instance groups'}."
        )
    low, high = limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]
    if not 0 < low <= high:
        raise ValidationError(
            f"MinimumCapacityUnits is {low} and MaximumCapacityUnits {high}; the minimum must be positive "
            "and not above the maximum."
        )
    for name in ("MaximumOnDemandCapacityUnits", "MaximumCoreCapacityUnits"):
        value = limits.get(name)
        if value is not None and not 0 <= value <= high:
            raise ValidationError(
                f"{name} is {value}; it must be between 0 and MaximumCapacityUnits, {high}."
            )
    return dict(policy)


def check_concurrency(level: int) -> None:
    """Whether a cluster may run so many steps at a time."""
    if not 1 <= level <= MAX_CONCURRENCY:
        raise ValidationError(f"StepConcurrencyLevel is {level}; it must be between 1 and {MAX_CONCURRENCY}.")


def check_step_count(count: int) -> None:
    """Whether a cluster may have so many steps that have not ended."""
    if count > MAX_OPEN_STEPS:
        raise ValidationError(
            f"Maximum number of active and pending steps for job flow exceeded: {MAX_OPEN_STEPS}."
        )


def check_cancelled_count(count: int) -> None:
    """Whether one request may cancel so many steps: "a maximum of 256 steps are allowed" (CancelSteps)."""
    if count > MAX_OPEN_STEPS:
        raise ValidationError(f"A request can cancel at most {MAX_OPEN_STEPS} steps, not {count}.")
