"""EMR: clusters with instance fleets, task fleets, managed scaling, security configurations."""

from __future__ import annotations

from typing import Any

from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types import emr_groups
from local.provider.types import emr_work as work
from local.provider.types.common import unsupported
from local.provider.types.emr_common import ended, same_json

_CLUSTER = {"ClusterId": "$id"}


def _fleet_names(prefix: str) -> dict[str, str]:
    """Where a fleet's blocks differ from the API's: volumes are flattened, and answers call the types
    otherwise."""
    types = f"{prefix}instanceTypeConfigs"
    return {
        types: "InstanceTypeSpecifications",
        f"{types}.ebsConfigs": "EbsConfiguration.EbsBlockDeviceConfigs",
        f"{types}.ebsConfigs.iops": "VolumeSpecification.Iops",
        f"{types}.ebsConfigs.size": "VolumeSpecification.SizeInGB",
        f"{types}.ebsConfigs.type": "VolumeSpecification.VolumeType",
    }


def same_name(one: object, other: object) -> bool:
    """Whether two names of a role or profile are one: EMR answers with the name where it was given the
    ARN."""
    return str(one).rpartition("/")[2] == str(other).rpartition("/")[2]


def _same_uri(one: object, other: object) -> bool:
    """EMR's file system knows s3:// and s3n:// as one."""
    return str(one).replace("s3n://", "s3://", 1) == str(other).replace("s3n://", "s3://", 1)


def _same_words(one: Any, other: Any) -> bool:
    """Applications are named without regard to case and order."""
    return sorted(str(name).lower() for name in one) == sorted(str(name).lower() for name in other)


CLUSTER = Resource(
    type="aws:emr/cluster:Cluster",
    terraform="aws_emr_cluster",
    service="emr",
    create=work.run_job_flow,
    id="=JobFlowId",
    settle=work.cluster_ready,
    reads=(
        Part(
            call=Call(op="DescribeCluster", args=_CLUSTER),
            at="Cluster",
            skip=frozenset({"configurations"}),
            take={"clusterState": "Cluster.Status.State"},
        ),
        Part(
            call=Call(op="GetAutoTerminationPolicy", args=_CLUSTER),
            missing_ok=True,
            when=lambda run: not ended(run),
        ),
    ),
    gone=ended,
    finish=work.read_cluster,
    changes=(
        Change(
            props=("stepConcurrencyLevel",),
            do=(
                Call(op="ModifyCluster", args={**_CLUSTER, "StepConcurrencyLevel": "$stepConcurrencyLevel"}),
            ),
        ),
        Change(
            props=("terminationProtection",),
            do=(
                Call(
                    op="SetTerminationProtection",
                    args={"JobFlowIds": ["$id"], "TerminationProtected": "$terminationProtection"},
                ),
            ),
        ),
        Change(
            props=("unhealthyNodeReplacement",),
            do=(
                Call(
                    op="SetUnhealthyNodeReplacement",
                    args={"JobFlowIds": ["$id"], "UnhealthyNodeReplacement": "$unhealthyNodeReplacement"},
                ),
            ),
        ),
        Change(
            props=("visibleToAllUsers",),
            do=(
                Call(
                    op="SetVisibleToAllUsers",
                    args={"JobFlowIds": ["$id"], "VisibleToAllUsers": "$visibleToAllUsers"},
                ),
            ),
        ),
        Change(props=("coreInstanceGroup",), do=(emr_groups.change_core,)),
        Change(
            props=("autoTerminationPolicy",),
            do=(
                Call(
                    op="PutAutoTerminationPolicy",
                    args={**_CLUSTER, "AutoTerminationPolicy": "$autoTerminationPolicy"},
                ),
            ),
            unset=False,
        ),
        Change(
            props=("autoTerminationPolicy",),
            do=(Call(op="RemoveAutoTerminationPolicy", args=_CLUSTER),),
            unset=True,
        ),
    ),
    delete=(work.terminate,),
    tagging=Tagging(
        add=Call(op="AddTags", args={"ResourceId": "$id", "Tags": "$tagsAdded"}),
        remove=Call(op="RemoveTags", args={"ResourceId": "$id", "TagKeys": "$tagsRemoved"}),
    ),
    name=Name(),
    names={
        **_fleet_names("masterInstanceFleet."),
        **_fleet_names("coreInstanceFleet."),
        "applications[]": "Name",
        "arn": "ClusterArn",
        "bootstrapActions.args": "ScriptBootstrapAction.Args",
        "bootstrapActions.path": "ScriptBootstrapAction.Path",
        "masterPublicDns": "MasterPublicDnsName",
        "terminationProtection": "TerminationProtected",
    },
    defaults={
        "stepConcurrencyLevel": 1,
        "unhealthyNodeReplacement": False,
        "visibleToAllUsers": True,
    },
    by_hook=frozenset({*work.BY_NAME, *work.HANDLED}),
    keep=frozenset({"additionalInfo", "bootstrapActions", "placementGroupConfigs"}),
    same={
        "applications": _same_words,
        "configurationsJson": same_json,
        "coreInstanceGroup.autoscalingPolicy": emr_groups.same_policy,
        "ec2Attributes.instanceProfile": same_name,
        "logUri": _same_uri,
        "serviceRole": same_name,
        "autoscalingRole": same_name,
    },
    unsupported={
        "configurations": "use configurationsJson",
        **unsupported("steps are submitted by jobs, not declared", "steps", "listStepsStates"),
    },
    check=work.check_cluster,
)

INSTANCE_FLEET = Resource(
    type="aws:emr/instanceFleet:InstanceFleet",
    terraform="aws_emr_instance_fleet",
    service="emr",
    create=Call(
        op="AddInstanceFleet",
        args={
            "ClusterId": "$clusterId",
            "InstanceFleet": {
                "InstanceFleetType": "TASK",
                "InstanceTypeConfigs": "$instanceTypeConfigs",
                "LaunchSpecifications": "$launchSpecifications",
                "Name": "$name",
                "TargetOnDemandCapacity": "$targetOnDemandCapacity",
                "TargetSpotCapacity": "$targetSpotCapacity",
            },
        },
    ),
    id="=InstanceFleetId",
    import_id="$clusterId/$id",
    settle=work.fleet_ready,
    reads=(Part(call=Call(op="DescribeCluster", args={"ClusterId": "$clusterId"}), at="Cluster.Status"),),
    gone=work.read_fleet,
    changes=(Change(props=("targetOnDemandCapacity", "targetSpotCapacity"), do=(work.resize,)),),
    delete=(work.to_zero,),
    name=Name(),
    names=_fleet_names(""),
    by_hook=frozenset(
        {
            "instanceTypeConfigs",
            "launchSpecifications",
            "name",
            "targetOnDemandCapacity",
            "targetSpotCapacity",
        }
        | {"provisionedOnDemandCapacity", "provisionedSpotCapacity"}
    ),
    keep=frozenset({"clusterId"}),
    volatile=frozenset({"provisionedOnDemandCapacity", "provisionedSpotCapacity"}),
)

MANAGED_SCALING_POLICY = Resource(
    type="aws:emr/managedScalingPolicy:ManagedScalingPolicy",
    terraform="aws_emr_managed_scaling_policy",
    service="emr",
    create=Call(
        op="PutManagedScalingPolicy",
        args={
            "ClusterId": "$clusterId",
            "ManagedScalingPolicy": {
                "ComputeLimits": "$computeLimits",
                "ScalingStrategy": "$scalingStrategy",
                "UtilizationPerformanceIndex": "$utilizationPerformanceIndex",
            },
        },
    ),
    id="$clusterId",
    reads=(
        Part(call=Call(op="DescribeCluster", args=_CLUSTER), at="Cluster.Status"),
        Part(call=Call(op="GetManagedScalingPolicy", args=_CLUSTER), at="ManagedScalingPolicy"),
    ),
    gone=ended,
    delete=(Call(op="RemoveManagedScalingPolicy", args=_CLUSTER),),
    keep=frozenset({"clusterId"}),
    # A cluster has one policy: putting the new and then removing the old would leave none.
    delete_first=True,
)

SECURITY_CONFIGURATION = Resource(
    type="aws:emr/securityConfiguration:SecurityConfiguration",
    terraform="aws_emr_security_configuration",
    service="emr",
    create=Call(
        op="CreateSecurityConfiguration", args={"Name": "$name", "SecurityConfiguration": "$configuration"}
    ),
    id="$name",
    reads=(Part(call=Call(op="DescribeSecurityConfiguration", args={"Name": "$id"})),),
    delete=(Call(op="DeleteSecurityConfiguration", args={"Name": "$id"}),),
    name=Name(),
    names={"configuration": "SecurityConfiguration", "creationDate": "CreationDateTime"},
    keep=frozenset({"namePrefix"}),
    json=frozenset({"configuration"}),
)

ROWS = (CLUSTER, INSTANCE_FLEET, MANAGED_SCALING_POLICY, SECURITY_CONFIGURATION)
