"""A persistent EMR cluster on EC2: primary and core fleets on demand, a task fleet, managed scaling, an idle end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.compute import fleets, groups
from infra.compute.configurations import configurations
from infra.naming import Names
from infra.network.security_groups import SecurityGroups
from infra.security.cluster_policies import CLUSTER_LOGS
from infra.settings.cluster import ClusterSettings
from infra.settings.fleet import FleetSettings, ScalingSettings
from infra.tags import EMR_SCOPE, OF_THE_STACK

# Managed scaling moves these behind the state's back; an `up` must not move them back unless `reset_targets` says so.
CORE_TARGETS = ["coreInstanceFleet.targetOnDemandCapacity", "coreInstanceFleet.targetSpotCapacity"]
CORE_COUNT = ["coreInstanceGroup.instanceCount"]
# What managed scaling counts in.
UNITS = {"fleets": "InstanceFleetUnits", "groups": "Instances"}
TASK_TARGETS = ["targetOnDemandCapacity", "targetSpotCapacity"]


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """`after` is what the nodes need to start at all (routes, rules, role policies, the log bucket's key)."""

    names: Names
    cluster: ClusterSettings
    subnet_ids: Sequence[pulumi.Input[str]]
    groups: SecurityGroups
    service_role_arn: pulumi.Input[str]
    node_profile_arn: pulumi.Input[str]
    security_configuration: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]
    autoscaling_role_arn: pulumi.Input[str] | None = None
    kdc_password: pulumi.Output[str] | None = None  # a secret, where the cluster has Kerberos
    after: Sequence[pulumi.Resource]


class Cluster(pulumi.ComponentResource):
    """The cluster `name`, in the one subnet of those given where EMR finds the capacity.

    Nearly every change replaces it, the targets of its primary and core fleets included; in place go the task fleet's
    targets, step concurrency, idle time-out and tags. So that a name is free for the new one, the name is only a tag
    to EMR: two clusters may share it while one replaces the other.
    """

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:compute:Cluster", name, None, opts)
        settings = args.cluster
        self.release_label = settings.release
        self.log_uri = f"s3://{args.names.bucket('logs')}/{CLUSTER_LOGS}"
        self.cluster = self._cluster(name, args)
        if settings.task and settings.nodes == "groups":
            self._task_group(name, args, settings.task)
        elif settings.task:
            self._task_fleet(name, settings.task, moved=_moved(settings.scaling, reset=("task", "all")))
        if settings.scaling:
            self._scaling(name, settings.scaling, unit=UNITS[settings.nodes])
        self.cluster_id: pulumi.Output[str] = self.cluster.id
        self.name: pulumi.Output[str] = self.cluster.name
        self.security_configuration = args.security_configuration
        self.bootstrap_seconds = settings.bootstrap.added_seconds if settings.bootstrap else 0
        self.register_outputs({"id": self.cluster_id, "name": self.name, "log_uri": self.log_uri})

    def outputs(self) -> Mapping[str, Any]:
        """What the stack says of the cluster."""
        return {
            "id": self.cluster_id,
            "name": self.name,
            "release_label": self.release_label,
            "log_uri": self.log_uri,
            "security_configuration": self.security_configuration,
            "bootstrap_seconds": self.bootstrap_seconds,
        }

    def _cluster(self, name: str, args: ClusterArgs) -> aws.emr.Cluster:
        settings = args.cluster
        return aws.emr.Cluster(
            name,
            name=args.names.role(name),
            release_label=settings.release,
            applications=list(settings.applications),
            configurations_json=json.dumps(configurations(settings), sort_keys=True),
            service_role=args.service_role_arn,
            security_configuration=args.security_configuration,
            ec2_attributes=self._machines(args),
            **_capacity(settings),
            autoscaling_role=args.autoscaling_role_arn if settings.autoscale else None,
            ebs_root_volume_size=settings.root_volume_gib,
            log_uri=self.log_uri,
            log_encryption_kms_key_id=args.log_key_arn,
            keep_job_flow_alive_when_no_steps=True,
            auto_termination_policy={"idle_timeout": settings.idle_timeout_seconds},
            termination_protection=settings.termination_protection,
            unhealthy_node_replacement=True,
            scale_down_behavior="TERMINATE_AT_TASK_COMPLETION",
            step_concurrency_level=settings.step_concurrency,
            **self._additions(args),
            **_kerberos(args),
            # EMR hands its cluster's tags on to the machines, which its service role may touch only when so tagged.
            tags={**EMR_SCOPE, **OF_THE_STACK},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                ignore_changes=_left_alone(settings),
            ),
        )

    @staticmethod
    def _additions(args: ClusterArgs) -> dict[str, Any]:
        """What the nodes have beyond EMR's own."""
        bootstrap = args.cluster.bootstrap
        if bootstrap is None:
            return {}
        if bootstrap.image_id:
            return {"custom_ami_id": bootstrap.image_id}
        bucket = args.names.bucket("artifacts")
        return {
            "bootstrap_actions": [
                {
                    "name": action.name,
                    "path": f"s3://{bucket}/{action.script}",
                    "args": list(action.arguments),
                }
                for action in bootstrap.actions
            ]
        }

    @staticmethod
    def _machines(args: ClusterArgs) -> dict[str, Any]:
        return {
            # EMR chooses among subnets for fleets only.
            **(
                {"subnet_ids": list(args.subnet_ids)}
                if args.cluster.nodes == "fleets"
                else {"subnet_id": args.subnet_ids[0]}
            ),
            "instance_profile": args.node_profile_arn,
            "emr_managed_master_security_group": args.groups.group_id("primary"),
            "emr_managed_slave_security_group": args.groups.group_id("node"),
            "service_access_security_group": args.groups.group_id("service"),
        }

    def _task_fleet(self, name: str, fleet: FleetSettings, *, moved: bool) -> None:
        aws.emr.InstanceFleet(
            f"{name}-task",
            name="task",
            cluster_id=self.cluster.id,
            target_on_demand_capacity=fleet.on_demand_units,
            target_spot_capacity=fleet.spot_units,
            instance_type_configs=fleets.type_configs(fleet),
            launch_specifications=fleets.launch_specifications(fleet),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=TASK_TARGETS if moved else None),
        )

    def _task_group(self, name: str, args: ClusterArgs, fleet: FleetSettings) -> None:
        settings, (entry,) = args.cluster, fleet.types
        moved = bool(settings.autoscale.get("task")) or _moved(settings.scaling, reset=("task", "all"))
        aws.emr.InstanceGroup(
            f"{name}-task",
            cluster_id=self.cluster.id,
            **groups.group("task", fleet, settings.autoscale.get("task")),
            bid_price=groups.bid(entry, args.names.region) if fleet.spot_units else None,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["instanceCount"] if moved else None),
        )

    def _scaling(self, name: str, scaling: ScalingSettings, unit: str) -> None:
        aws.emr.ManagedScalingPolicy(
            f"{name}-scaling",
            cluster_id=self.cluster.id,
            compute_limits=[
                {
                    "unit_type": unit,
                    "minimum_capacity_units": scaling.minimum_units,
                    "maximum_capacity_units": scaling.maximum_units,
                    "maximum_core_capacity_units": scaling.maximum_core_units,
                    "maximum_ondemand_capacity_units": scaling.maximum_on_demand_units,
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _kerberos(args: ClusterArgs) -> dict[str, Any]:
    """The realm, and the password, which the engine keeps as the secret that it is."""
    kerberos = args.cluster.kerberos
    if kerberos is None:
        return {}
    return {"kerberos_attributes": {"realm": kerberos.realm, "kdc_admin_password": args.kdc_password}}


def _capacity(settings: ClusterSettings) -> dict[str, Any]:
    """The primary and core nodes, which stand inside the cluster's resource."""
    if settings.nodes == "groups":
        return {
            "master_instance_group": groups.group("primary", settings.primary, None),
            "core_instance_group": groups.group("core", settings.core, settings.autoscale.get("core")),
        }
    return {
        "master_instance_fleet": fleets.inner_fleet("primary", settings.primary),
        "core_instance_fleet": fleets.inner_fleet("core", settings.core),
    }


def _left_alone(settings: ClusterSettings) -> list[str] | None:
    """What of the core nodes' targets has been moved by scaling and is not the stack's to say any more."""
    moved = _moved(settings.scaling, reset=("all",))
    if settings.nodes == "groups":
        return CORE_COUNT if moved or "core" in settings.autoscale else None
    return CORE_TARGETS if moved else None


def _moved(scaling: ScalingSettings | None, reset: tuple[str, ...]) -> bool:
    """Whether scaling has targets of its own that this `up` leaves alone."""
    return scaling is not None and scaling.reset_targets not in reset
