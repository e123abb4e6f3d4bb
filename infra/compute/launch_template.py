"""An ephemeral cluster: no resource, but the request with which a job starts one that ends with its last step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.compute import fleets
from infra.compute.configurations import configurations
from infra.naming import Names
from infra.network.network import Network
from infra.security.cluster_policies import CLUSTER_LOGS
from infra.settings.cluster import ClusterSettings
from infra.settings.fleet import FleetSettings
from infra.tags import EMR_SCOPE, OF_A_JOB

Request = dict[str, Any]
ROLES = {"primary": "MASTER", "core": "CORE", "task": "TASK"}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where and as what the cluster runs: what AWS made of the stack's other resources, known when it is up."""

    name: str
    log_uri: str
    log_key_arn: str
    subnet_ids: Sequence[str]
    primary_group_id: str
    node_group_id: str
    service_group_id: str
    service_role_arn: str
    node_profile_arn: str
    security_configuration: str
    artifacts_bucket: str
    tags: Mapping[str, str]


def request(cluster: ClusterSettings, ground: Ground) -> Request:
    """RunJobFlow's request, but for its steps, which the job brings.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html
    """
    asked: Request = {
        "Name": ground.name,
        "ReleaseLabel": cluster.release,
        "Applications": [{"Name": name} for name in cluster.applications],
        "Configurations": configurations(cluster),
        "LogUri": ground.log_uri,
        "LogEncryptionKmsKeyId": ground.log_key_arn,
        "ServiceRole": ground.service_role_arn,
        "JobFlowRole": ground.node_profile_arn,
        "SecurityConfiguration": ground.security_configuration,
        "ScaleDownBehavior": "TERMINATE_AT_TASK_COMPLETION",
        "StepConcurrencyLevel": cluster.step_concurrency,
        "EbsRootVolumeSize": cluster.root_volume_gib,
        "Instances": {
            "InstanceFleets": [fleet(role, one) for role, one in cluster.fleets().items()],
            "Ec2SubnetIds": list(ground.subnet_ids),
            "EmrManagedMasterSecurityGroup": ground.primary_group_id,
            "EmrManagedSlaveSecurityGroup": ground.node_group_id,
            "ServiceAccessSecurityGroup": ground.service_group_id,
            "KeepJobFlowAliveWhenNoSteps": False,
            "TerminationProtected": False,
            "UnhealthyNodeReplacement": True,
        },
        # No provider puts tags on it: the stack's own and EMR's come with the request.
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(ground.tags.items())],
    }
    if cluster.scaling:
        asked["ManagedScalingPolicy"] = {
            "ComputeLimits": {
                "UnitType": "InstanceFleetUnits",
                "MinimumCapacityUnits": cluster.scaling.minimum_units,
                "MaximumCapacityUnits": cluster.scaling.maximum_units,
                "MaximumCoreCapacityUnits": cluster.scaling.maximum_core_units,
                "MaximumOnDemandCapacityUnits": cluster.scaling.maximum_on_demand_units,
            }
        }
    if cluster.bootstrap and cluster.bootstrap.image_id:
        asked["CustomAmiId"] = cluster.bootstrap.image_id
    elif cluster.bootstrap:
        asked["BootstrapActions"] = [
            {
                "Name": action.name,
                "ScriptBootstrapAction": {
                    "Path": f"s3://{ground.artifacts_bucket}/{action.script}",
                    "Args": list(action.arguments),
                },
            }
            for action in cluster.bootstrap.actions
        ]
    return asked


@dataclass(frozen=True, kw_only=True)
class TemplateArgs:
    """What the request is made of when the stack is up. `tags` are the stack's own."""

    name: str
    names: Names
    network: Network
    service_role_arn: pulumi.Input[str]
    node_profile_arn: pulumi.Input[str]
    security_configuration: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]
    tags: Mapping[str, str]


def template(cluster: ClusterSettings, args: TemplateArgs) -> pulumi.Output[Request]:
    """The request as an output of the stack: known when everything that it names is there."""
    groups = args.network.groups
    known: pulumi.Output[Request] = pulumi.Output.all(
        subnet_ids=args.network.private_subnet_ids,
        primary_group_id=groups.group_id("primary"),
        node_group_id=groups.group_id("node"),
        service_group_id=groups.group_id("service"),
        service_role_arn=args.service_role_arn,
        node_profile_arn=args.node_profile_arn,
        security_configuration=args.security_configuration,
        log_key_arn=args.log_key_arn,
    ).apply(
        lambda found: request(
            cluster,
            Ground(
                name=args.name,
                log_uri=f"s3://{args.names.bucket('logs')}/{CLUSTER_LOGS}",
                artifacts_bucket=args.names.bucket("artifacts"),
                tags={**args.tags, **EMR_SCOPE, **OF_A_JOB},
                **found,
            ),
        )
    )
    return known


def fleet(role: str, one: FleetSettings) -> Request:
    """One fleet, in the API's words."""
    asked: Request = {
        "Name": role,
        "InstanceFleetType": ROLES[role],
        "TargetOnDemandCapacity": one.on_demand_units,
        "TargetSpotCapacity": one.spot_units,
        "InstanceTypeConfigs": [_type(entry) for entry in fleets.type_configs(one)],
    }
    specifications = fleets.launch_specifications(one) or {}
    if specifications:
        asked["LaunchSpecifications"] = _launch(specifications)
    return asked


def _type(entry: Mapping[str, Any]) -> Request:
    (disks,) = entry["ebs_configs"]
    asked: Request = {
        "InstanceType": entry["instance_type"],
        "WeightedCapacity": entry["weighted_capacity"],
        "EbsConfiguration": {
            "EbsBlockDeviceConfigs": [
                {
                    "VolumeSpecification": {"VolumeType": disks["type"], "SizeInGB": disks["size"]},
                    "VolumesPerInstance": disks["volumes_per_instance"],
                }
            ]
        },
    }
    if "bid_price_as_percentage_of_on_demand_price" in entry:
        asked["BidPriceAsPercentageOfOnDemandPrice"] = entry["bid_price_as_percentage_of_on_demand_price"]
    return asked


def _launch(specifications: Mapping[str, Sequence[Mapping[str, Any]]]) -> Request:
    asked: Request = {}
    for one in specifications.get("on_demand_specifications", ()):
        asked["OnDemandSpecification"] = {"AllocationStrategy": one["allocation_strategy"]}
    for one in specifications.get("spot_specifications", ()):
        asked["SpotSpecification"] = {
            "AllocationStrategy": one["allocation_strategy"],
            "TimeoutAction": one["timeout_action"],
            "TimeoutDurationMinutes": one["timeout_duration_minutes"],
        }
    return asked
