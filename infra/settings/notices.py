"""What the settings take and the policy pack, as it stands, does not: told beside a preview, with the rule's name.

A stack that means it sets the rule's option in `policies.<stack>.json` (docs/policies.md); one that does not learns in
the settings' own words which key it is. The numbers are the rules' defaults, which a test holds them against.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.settings.cluster import ClusterSettings
from infra.settings.fleet import FleetSettings
from infra.settings.stack import Settings


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The option of a rule of the pack, and its default."""

    rule: str
    option: str
    default: int


APPLICATION_IDLE = Limit(rule="emr-serverless-auto-stop", option="maxIdleMinutes", default=60)
CLUSTER_IDLE = Limit(rule="emr-idle-termination", option="maxIdleSeconds", default=14_400)
SPOT_WAIT = Limit(rule="emr-spot-timeout", option="maxMinutes", default=30)
SPOT_TYPES = Limit(rule="emr-fleet-types", option="minSpotTypes", default=5)
LOGS_KEPT = Limit(rule="emr-logs-outlive-clusters", option="minDays", default=30)
UNITS = Limit(rule="cost-fleet-ceiling", option="maxUnits", default=512)
LIMITS = (APPLICATION_IDLE, CLUSTER_IDLE, SPOT_WAIT, SPOT_TYPES, LOGS_KEPT, UNITS)
# Rules without a number that can be set for this.
SPOT_ACTION, BID, MOVED = "emr-spot-timeout", "emr-spot-price", "emr-scaling-and-state"
TABLE = "dynamodb-deletion-protection"


def notices(settings: Settings) -> Iterator[tuple[str, str]]:
    """The rule of the pack, and a line: which key, its value, what the rule takes, what to do."""
    days, made = settings.storage.log_retention_days, "logs" not in settings.storage.zones.adopted()
    if made and settings.standing_clusters() and days < LOGS_KEPT.default:
        yield (
            LOGS_KEPT.rule,
            f"emr:storage.log_retention_days: is {days}, and the policy pack's {LOGS_KEPT.rule} takes no less than "
            f"{LOGS_KEPT.default}; raise it, or set the rule's {LOGS_KEPT.option}",
        )
    if settings.data_may_be_deleted:
        yield (
            TABLE,
            f"emr:storage.deletable: is true, as is protection.allow_data_deletion, and the policy pack's {TABLE} "
            "speaks of the table that may now go; turn one off when nothing is to be deleted",
        )
    for name, application in settings.applications.items():
        if application.idle_minutes > APPLICATION_IDLE.default:
            yield _above(f"applications.{name}.idle_minutes", application.idle_minutes, APPLICATION_IDLE)
    for name, cluster in settings.standing_clusters().items():
        for rule, line in _of_cluster(cluster):
            yield rule, f"emr:clusters.{name}.{line}"


def _of_cluster(cluster: ClusterSettings) -> Iterator[tuple[str, str]]:
    if cluster.idle_timeout_seconds > CLUSTER_IDLE.default:
        yield _above("idle_timeout_seconds", cluster.idle_timeout_seconds, CLUSTER_IDLE, prefix="")
    resets = cluster.scaling.reset_targets if cluster.scaling else "none"
    if resets == "all" or (resets == "task" and cluster.task):
        roles = '["core"]' if resets == "task" else "[]"
        yield (
            MOVED,
            f"scaling.reset_targets: is '{resets}', which the policy pack's {MOVED} refuses as "
            f'any loss of what scaling has moved; for this one update set {{"{MOVED}": {{"roles": {roles}}}}}',
        )
    if cluster.scaling and cluster.scaling.maximum_units > UNITS.default:
        yield _above("scaling.maximum_units", cluster.scaling.maximum_units, UNITS, prefix="")
    for role, fleet in cluster.fleets().items():
        if fleet.target_units > UNITS.default:
            yield _above(f"{role}, its units together", fleet.target_units, UNITS, prefix="")
    if cluster.nodes == "fleets" and cluster.task and cluster.task.spot_units:
        yield from _of_spot(cluster.task)


def _of_spot(fleet: FleetSettings) -> Iterator[tuple[str, str]]:
    if fleet.spot_timeout_minutes > SPOT_WAIT.default:
        yield _above("task.spot_timeout_minutes", fleet.spot_timeout_minutes, SPOT_WAIT, prefix="")
    if fleet.spot_timeout_action != "SWITCH_TO_ON_DEMAND":
        yield (
            SPOT_ACTION,
            f"task.spot_timeout_action: is '{fleet.spot_timeout_action}', which the policy pack's {SPOT_ACTION} "
            "refuses; take SWITCH_TO_ON_DEMAND, or exempt the cluster from the rule",
        )
    if len(fleet.types) < SPOT_TYPES.default:
        yield (
            SPOT_TYPES.rule,
            f"task.types: has {len(fleet.types)} types for spot, and the policy pack's {SPOT_TYPES.rule} takes no "
            f"fewer than {SPOT_TYPES.default}; name more or a size class, or set the rule's {SPOT_TYPES.option}",
        )
    for index, entry in enumerate(fleet.types):
        if entry.max_price_percent < 100:
            yield (
                BID,
                f"task.types[{index}].max_price_percent: is {entry.max_price_percent}, which the policy pack's {BID} "
                "refuses below 100; leave it out, or exempt the cluster from the rule",
            )
            break


def _above(key: str, value: int, limit: Limit, prefix: str = "emr:") -> tuple[str, str]:
    return (
        limit.rule,
        f"{prefix}{key}: is {value}, and the policy pack's {limit.rule} takes at most {limit.default}; lower it, or "
        f"set the rule's {limit.option}",
    )
