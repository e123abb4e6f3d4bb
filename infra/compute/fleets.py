"""Instance fleets as the provider wants them: pure functions from settings to plain arguments."""

from __future__ import annotations

from typing import Any

from infra.settings.fleet import FleetSettings

VOLUME_TYPE = "gp3"


def type_configs(fleet: FleetSettings) -> list[dict[str, Any]]:
    """The fleet's instance types, each with its weight, disks and (where spot is bought) highest price."""
    return [
        {
            "instance_type": entry.name,
            "weighted_capacity": entry.units,
            **(
                {"bid_price_as_percentage_of_on_demand_price": float(entry.max_price_percent)}
                if fleet.spot_units
                else {}
            ),
            "ebs_configs": [
                {
                    "size": fleet.volume_gib,
                    "type": VOLUME_TYPE,
                    "volumes_per_instance": fleet.volumes,
                }
            ],
        }
        for entry in fleet.types
    ]


def launch_specifications(fleet: FleetSettings) -> dict[str, Any] | None:
    """How each market that the fleet buys in is bought in; None when EMR's own ways are asked for."""
    specifications: dict[str, Any] = {}
    if fleet.on_demand_units and fleet.on_demand_allocation:
        specifications["on_demand_specifications"] = [{"allocation_strategy": fleet.on_demand_allocation}]
    # The provider wants a strategy in every spot specification; without one EMR takes its own time-out as well.
    if fleet.spot_units and fleet.spot_allocation:
        specifications["spot_specifications"] = [
            {
                "allocation_strategy": fleet.spot_allocation,
                "timeout_action": fleet.spot_timeout_action,
                "timeout_duration_minutes": fleet.spot_timeout_minutes,
            }
        ]
    return specifications or None


def inner_fleet(name: str, fleet: FleetSettings) -> dict[str, Any]:
    """A primary or core fleet, which stands inside the cluster's resource."""
    return {
        "name": name,
        "target_on_demand_capacity": fleet.on_demand_units,
        "target_spot_capacity": fleet.spot_units,
        "instance_type_configs": type_configs(fleet),
        "launch_specifications": launch_specifications(fleet),
    }
