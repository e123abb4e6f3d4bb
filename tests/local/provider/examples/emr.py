"""Clusters."""

from __future__ import annotations

import json

from tests.local.provider.examples.base import NEW_TAGS, TAGS, Example

_TYPES = [{"instanceType": "m5.xlarge", "weightedCapacity": 2}, {"instanceType": "m6i.xlarge"}]
_EBS = [{"type": "gp3", "size": 64, "volumesPerInstance": 2}]
_FLEET = {
    "targetOnDemandCapacity": 1,
    "instanceTypeConfigs": [{"instanceType": "m5.xlarge", "ebsConfigs": _EBS}],
    "launchSpecifications": {"onDemandSpecifications": [{"allocationStrategy": "lowest-price"}]},
}
_SPOT = {
    "allocationStrategy": "capacity-optimized",
    "timeoutAction": "SWITCH_TO_ON_DEMAND",
    "timeoutDurationMinutes": 10,
}


def _policy(most: int) -> str:
    """Custom automatic scaling: one more node while memory is short."""
    alarm = {
        "ComparisonOperator": "LESS_THAN",
        "MetricName": "YARNMemoryAvailablePercentage",
        "Namespace": "AWS/ElasticMapReduce",
        "Period": 300,
        "Statistic": "AVERAGE",
        "Threshold": 15,
        "Unit": "PERCENT",
    }
    action = {"AdjustmentType": "CHANGE_IN_CAPACITY", "CoolDown": 300, "ScalingAdjustment": 1}
    rule = {
        "Name": "more",
        "Action": {"SimpleScalingPolicyConfiguration": action},
        "Trigger": {"CloudWatchAlarmDefinition": alarm},
    }
    return json.dumps({"Constraints": {"MinCapacity": 1, "MaxCapacity": most}, "Rules": [rule]})


EXAMPLES: dict[str, Example] = {
    "security-configuration": Example(
        type="aws:emr/securityConfiguration:SecurityConfiguration",
        props={
            "configuration": json.dumps(
                {
                    "EncryptionConfiguration": {
                        "EnableInTransitEncryption": False,
                        "EnableAtRestEncryption": False,
                    }
                }
            )
        },
        replace={"name": "another"},
    ),
    "kerberos-configuration": Example(
        type="aws:emr/securityConfiguration:SecurityConfiguration",
        props={
            "configuration": json.dumps(
                {
                    "AuthenticationConfiguration": {
                        "KerberosConfiguration": {
                            "Provider": "ClusterDedicatedKdc",
                            "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 24},
                        }
                    }
                }
            )
        },
        replace={"name": "another-with-kerberos"},
    ),
    "kerberos-cluster": Example(
        type="aws:emr/cluster:Cluster",
        props={
            "releaseLabel": "emr-spark-8.0.0",
            "applications": ["Spark"],
            "serviceRole": "${role.arn}",
            "ec2Attributes": {"instanceProfile": "${profile}", "subnetIds": ["${subnet}"]},
            "securityConfiguration": "${kerberos-configuration}",
            "kerberosAttributes": {
                "realm": "EC2.INTERNAL",
                "kdcAdminPassword": "a secret of the KDC",
                "adDomainJoinUser": "joiner",
            },
            "masterInstanceFleet": {"name": "primary", **_FLEET},
            "coreInstanceFleet": {"name": "core", **_FLEET},
            **TAGS,
        },
        change={"stepConcurrencyLevel": 2},
        replace={"kerberosAttributes": {"realm": "DATA.INTERNAL", "kdcAdminPassword": "another secret"}},
        found=False,  # no API gives a password back, and another one is another cluster
    ),
    "cluster": Example(
        type="aws:emr/cluster:Cluster",
        props={
            "releaseLabel": "emr-spark-8.0.0",
            "applications": ["Spark"],
            "serviceRole": "${role.arn}",
            "ec2Attributes": {"instanceProfile": "${profile}", "subnetIds": ["${subnet}"]},
            "logUri": "s3://${log-bucket}/emr/",
            "configurationsJson": json.dumps(
                [{"Classification": "spark-defaults", "Properties": {"spark.x": "1"}, "Configurations": []}]
            ),
            "securityConfiguration": "${security-configuration}",
            "autoTerminationPolicy": {"idleTimeout": 3600},
            "masterInstanceFleet": {"name": "primary", **_FLEET},
            "coreInstanceFleet": {"name": "core", **_FLEET},
            **TAGS,
        },
        change={
            "stepConcurrencyLevel": 2,
            "autoTerminationPolicy": {"idleTimeout": 7200},
            "unhealthyNodeReplacement": True,
            "visibleToAllUsers": False,
            **NEW_TAGS,
        },
        replace={"releaseLabel": "emr-7.13.0"},
    ),
    "fleet": Example(
        type="aws:emr/instanceFleet:InstanceFleet",
        props={
            "clusterId": "${cluster}",
            "targetSpotCapacity": 2,
            "instanceTypeConfigs": _TYPES,
            "launchSpecifications": {"spotSpecifications": [_SPOT]},
        },
        change={"targetSpotCapacity": 4, "targetOnDemandCapacity": 1},
        replace={"name": "another"},
        stays=True,
    ),
    # Nothing runs here, so that EMR would take the task fleet down to the minimum after a while, and at once to the
    # maximum: that holds whatever `fleet` is changed to.
    "scaling": Example(
        type="aws:emr/managedScalingPolicy:ManagedScalingPolicy",
        props={
            "clusterId": "${cluster}",
            "computeLimits": [
                {"unitType": "InstanceFleetUnits", "minimumCapacityUnits": 2, "maximumCapacityUnits": 8}
            ],
        },
        replace={
            "computeLimits": [
                {"unitType": "InstanceFleetUnits", "minimumCapacityUnits": 2, "maximumCapacityUnits": 9}
            ]
        },
    ),
    "block-public-access": Example(
        type="aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration",
        props={
            "blockPublicSecurityGroupRules": True,
            "permittedPublicSecurityGroupRuleRanges": [{"minRange": 22, "maxRange": 22}],
        },
        change={
            "blockPublicSecurityGroupRules": False,
            "permittedPublicSecurityGroupRuleRanges": [{"minRange": 443, "maxRange": 444}],
        },
        stays=True,
    ),
    "grouped-cluster": Example(
        type="aws:emr/cluster:Cluster",
        props={
            "releaseLabel": "emr-spark-8.0.0",
            "applications": ["Spark"],
            "serviceRole": "${role.arn}",
            "autoscalingRole": "${role.arn}",
            "ec2Attributes": {"instanceProfile": "${profile}", "subnetId": "${subnet}"},
            "masterInstanceGroup": {"instanceType": "m5.xlarge"},
            "coreInstanceGroup": {
                "name": "core",
                "instanceType": "m5.xlarge",
                "instanceCount": 1,
                "ebsConfigs": _EBS,
                "autoscalingPolicy": _policy(3),
            },
        },
        change={
            "coreInstanceGroup": {
                "name": "core",
                "instanceType": "m5.xlarge",
                "instanceCount": 2,
                "ebsConfigs": _EBS,
                "autoscalingPolicy": _policy(4),
            },
        },
        replace={"masterInstanceGroup": {"instanceType": "m6i.xlarge"}},
    ),
    "group-of-tasks": Example(
        type="aws:emr/instanceGroup:InstanceGroup",
        props={
            "clusterId": "${grouped-cluster}",
            "instanceType": "m5.xlarge",
            "instanceCount": 1,
            "bidPrice": "0.10",
            "ebsConfigs": _EBS,
            "autoscalingPolicy": _policy(2),
        },
        change={
            "instanceCount": 2,
            "autoscalingPolicy": _policy(5),
            "configurationsJson": json.dumps(
                [
                    {
                        "Classification": "yarn-site",
                        "Properties": {"yarn.nodemanager.vmem-check-enabled": "false"},
                    }
                ]
            ),
        },
        replace={"instanceType": "m6i.xlarge"},
        stays=True,
    ),
}
