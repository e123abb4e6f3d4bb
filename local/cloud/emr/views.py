"""The model as the API shows it: plain dictionaries in the shapes of botocore's `emr` service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.cloud.emr import releases
from local.cloud.emr.model import Cluster, Instance, Pool, Status, Step

Json = dict[str, Any]
# Of a reason, the error code beside it; capacity is the only internal error there is here:
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-error-codes.html
_ERROR_CODES: Mapping[str, str] = {
    **{
        code: code
        for code in ("VALIDATION_ERROR", "STEP_FAILURE", "BOOTSTRAP_FAILURE", "INSTANCE_FLEET_TIMEOUT")
    },
    "INTERNAL_ERROR": "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ",
}

# Members of RunJobFlow's request that DescribeCluster gives back under the same name.
_SAME = (
    "LogUri", "LogEncryptionKmsKeyId", "ReleaseLabel", "ServiceRole", "Configurations",
    "SecurityConfiguration", "AutoScalingRole", "ScaleDownBehavior", "CustomAmiId", "EbsRootVolumeSize",
    "EbsRootVolumeIops", "EbsRootVolumeThroughput", "RepoUpgradeOnBoot", "KerberosAttributes",
    "OSReleaseLabel", "ExtendedSupport", "MonitoringConfiguration", "SessionEnabled",
)  # fmt: skip


def status(of: Status, *, started: bool = False) -> Json:
    """A status: state, reason, times. Steps show when they started, all others when they were ready."""
    timeline: Json = {"CreationDateTime": of.created, "EndDateTime": of.ended}
    timeline["StartDateTime" if started else "ReadyDateTime"] = of.started if started else of.ready
    reason = {"Code": of.code, "Message": of.message}
    return {"State": of.state, "StateChangeReason": _present(reason), "Timeline": _present(timeline)}


def cluster(of: Cluster) -> Json:
    """What DescribeCluster shows."""
    request = of.request
    shown = {
        "Id": of.id,
        "ClusterArn": of.arn,
        "Name": of.name,
        "Status": _cluster_status(of),
        "Ec2InstanceAttributes": _ec2_attributes(of),
        "InstanceCollectionType": of.collection,
        "AutoTerminate": not of.keep_alive,
        "TerminationProtected": of.termination_protected,
        "UnhealthyNodeReplacement": of.unhealthy_node_replacement,
        "VisibleToAllUsers": of.visible_to_all_users,
        "Applications": [
            _application(a, request.get("ReleaseLabel", "")) for a in request.get("Applications", [])
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in of.tags.items()],
        "NormalizedInstanceHours": 0,
        "MasterPublicDnsName": _master(of),
        "StepConcurrencyLevel": of.step_concurrency,
        "PlacementGroups": request.get("PlacementGroupConfigs", []),
        **{name: request[name] for name in _SAME if request.get(name) is not None},
    }
    return _present(shown)


def cluster_summary(of: Cluster) -> Json:
    """What ListClusters shows of each."""
    return {
        "Id": of.id, "Name": of.name, "Status": _cluster_status(of), "NormalizedInstanceHours": 0,
        "ClusterArn": of.arn,
    }  # fmt: skip


def fleet(of: Pool) -> Json:
    """What ListInstanceFleets shows of each."""
    shown = {
        "Id": of.id,
        "Name": of.name,
        "Status": status(of.status),
        "InstanceFleetType": of.role,
        "TargetOnDemandCapacity": of.targets["ON_DEMAND"],
        "TargetSpotCapacity": of.targets["SPOT"],
        "ProvisionedOnDemandCapacity": of.provisioned("ON_DEMAND"),
        "ProvisionedSpotCapacity": of.provisioned("SPOT"),
        "InstanceTypeSpecifications": [_type_specification(t) for t in of.types],
        "LaunchSpecifications": of.config.get("LaunchSpecifications"),
        "ResizeSpecifications": of.config.get("ResizeSpecifications"),
        "Context": of.config.get("Context"),
    }
    return _present(shown)


def group(of: Pool) -> Json:
    """What ListInstanceGroups shows of each."""
    config = of.config
    shown = {
        "Id": of.id,
        "Name": of.name,
        "Market": config.get("Market", "ON_DEMAND"),
        "InstanceGroupType": of.role,
        "BidPrice": config.get("BidPrice"),
        "InstanceType": config["InstanceType"],
        "RequestedInstanceCount": sum(of.targets.values()),
        "RunningInstanceCount": of.provisioned("ON_DEMAND") + of.provisioned("SPOT"),
        "Status": status(of.status),
        "Configurations": config.get("Configurations", []),
        "EbsBlockDevices": _block_devices(config.get("EbsConfiguration")),
        "EbsOptimized": config.get("EbsConfiguration", {}).get("EbsOptimized"),
        "ShrinkPolicy": config.get("ShrinkPolicy", {}),
        "AutoScalingPolicy": auto_scaling_policy(of),
        "CustomAmiId": config.get("CustomAmiId"),
    }
    return _present(shown)


def auto_scaling_policy(of: Pool) -> Json | None:
    """The custom automatic scaling policy of a group."""
    policy = of.auto_scaling_policy
    return None if policy is None else {"Status": {"State": "ATTACHED"}, **policy}


def instance(of: Instance, kind: str) -> Json:
    """What ListInstances shows of each node; `kind` is that of its pool."""
    dashed = of.private_ip.replace(".", "-")
    return {
        "Id": of.id,
        "Ec2InstanceId": of.ec2_id,
        "PublicDnsName": "",
        "PrivateDnsName": f"ip-{dashed}.ec2.internal",
        "PrivateIpAddress": of.private_ip,
        "Status": status(of.status),
        "InstanceFleetId" if kind == "FLEET" else "InstanceGroupId": of.pool_id,
        "Market": of.market,
        "InstanceType": of.instance_type,
        "EbsVolumes": [],
    }


def step(of: Step) -> Json:
    """What DescribeStep shows; ListSteps shows the same but the role."""
    shown = {**step_summary(of), "ExecutionRoleArn": of.execution_role_arn}
    return _present(shown)


def step_summary(of: Step) -> Json:
    """What ListSteps shows of each."""
    shown = status(of.status, started=True)
    if of.failure is not None:
        failure = {"Reason": of.failure.reason, "Message": of.failure.message, "LogFile": of.failure.log_file}
        shown["FailureDetails"] = _present(failure)
    config = {
        "Jar": of.config["Jar"],
        "Properties": {p["Key"]: p.get("Value", "") for p in of.config.get("Properties", [])},
        "MainClass": of.config.get("MainClass"),
        "Args": of.config.get("Args", []),
    }
    return {
        "Id": of.id, "Name": of.name, "Config": _present(config), "ActionOnFailure": of.action_on_failure,
        "Status": shown,
    }  # fmt: skip


def _cluster_status(of: Cluster) -> Json:
    shown = status(of.status)
    code = _ERROR_CODES.get(of.status.code or "")
    if code is not None:
        shown["ErrorDetails"] = [{"ErrorCode": code, "ErrorMessage": of.status.message, "ErrorData": []}]
    return shown


def _ec2_attributes(of: Cluster) -> Json:
    asked = of.request["Instances"]
    subnets = asked.get("Ec2SubnetIds") or ([asked["Ec2SubnetId"]] if asked.get("Ec2SubnetId") else [])
    fleets = of.collection == "INSTANCE_FLEET"
    shown = {
        "Ec2KeyName": asked.get("Ec2KeyName"),
        "Ec2SubnetId": of.zones.get(of.availability_zone, subnets[0] if subnets else None),
        "RequestedEc2SubnetIds": subnets if fleets else [],
        "Ec2AvailabilityZone": of.availability_zone,
        "RequestedEc2AvailabilityZones": asked.get("Placement", {}).get("AvailabilityZones", []),
        "IamInstanceProfile": of.request.get("JobFlowRole"),
        "AdditionalMasterSecurityGroups": asked.get("AdditionalMasterSecurityGroups", []),
        "AdditionalSlaveSecurityGroups": asked.get("AdditionalSlaveSecurityGroups", []),
        **of.security_groups,
    }
    return _present(shown)


def _application(asked: Mapping[str, Any], label: str) -> Json:
    version = asked.get("Version") or releases.version(label, asked["Name"]) or None
    shown = {name: asked.get(name) for name in ("Name", "Args", "AdditionalInfo")}
    return _present({**shown, "Version": version})


def _type_specification(asked: Mapping[str, Any]) -> Json:
    same = ("InstanceType", "BidPrice", "BidPriceAsPercentageOfOnDemandPrice", "CustomAmiId", "Priority")
    ebs = asked.get("EbsConfiguration")
    return _present({
        **{name: asked.get(name) for name in same},
        "WeightedCapacity": asked.get("WeightedCapacity", 1),
        "Configurations": asked.get("Configurations", []),
        "EbsBlockDevices": _block_devices(ebs),
        "EbsOptimized": (ebs or {}).get("EbsOptimized"),
    })  # fmt: skip


def _block_devices(ebs: Mapping[str, Any] | None) -> Sequence[Json]:
    specifications = [
        device["VolumeSpecification"]
        for device in (ebs or {}).get("EbsBlockDeviceConfigs", [])
        for _ in range(device.get("VolumesPerInstance", 1))
    ]
    return [
        {"VolumeSpecification": specification, "Device": f"/dev/sd{chr(ord('b') + index)}"}
        for index, specification in enumerate(specifications)
    ]


def _master(of: Cluster) -> str | None:
    for node in of.instances():
        if node.role == "MASTER" and of.status.ready is not None:
            return f"ip-{node.private_ip.replace('.', '-')}.ec2.internal"
    return None


def _present(values: Mapping[str, Any]) -> Json:
    return {key: value for key, value in values.items() if value is not None}
