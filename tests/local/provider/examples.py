"""One small example of each type in the table, as data: `${name}` is the id of another example,
`${name.prop}` one of its outputs. `change` is made in place, `replace` is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ZONE = "us-east-1a"


def _policy(action: str, resource: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource], **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _log_delivery(bucket: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True, kw_only=True)
class Example:
    """Inputs of one resource, a change in place and one that replaces; None where the type has no such
    change."""

    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    change: Mapping[str, Any] | None = None
    replace: Mapping[str, Any] | None = None
    stays: bool = False  # after its deletion something of it is still there, as on AWS


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
_TAGS = {"tags": {"Name": "example", "team": "data"}}
_NEW_TAGS = {"tags": {"Name": "example", "owner": "me"}}

EXAMPLES: dict[str, Example] = {
    "vpc": Example(
        type="aws:ec2/vpc:Vpc",
        props={"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, **_TAGS},
        change={"enableDnsHostnames": False, "enableNetworkAddressUsageMetrics": True, **_NEW_TAGS},
        replace={"cidrBlock": "10.1.0.0/16"},
    ),
    "subnet": Example(
        type="aws:ec2/subnet:Subnet",
        props={"vpcId": "${vpc}", "cidrBlock": "10.0.1.0/24", "availabilityZone": ZONE, **_TAGS},
        change={"mapPublicIpOnLaunch": True, **_NEW_TAGS},
        replace={"cidrBlock": "10.0.2.0/24"},
    ),
    "route-table": Example(
        type="aws:ec2/routeTable:RouteTable",
        props={"vpcId": "${vpc}", "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "${gateway}"}], **_TAGS},
        change={"routes": [{"cidrBlock": "192.168.0.0/16", "gatewayId": "${gateway}"}], **_NEW_TAGS},
        replace={"vpcId": "vpc-other"},
    ),
    "bare-table": Example(type="aws:ec2/routeTable:RouteTable", props={"vpcId": "${vpc}"}, change=_TAGS),
    "association": Example(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        props={"subnetId": "${subnet}", "routeTableId": "${route-table}"},
        change={"routeTableId": "${bare-table}"},
        replace={"subnetId": "subnet-other"},
    ),
    "route": Example(
        type="aws:ec2/route:Route",
        props={
            "routeTableId": "${bare-table}",
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": "${gateway}",
        },
        change={"gatewayId": None, "natGatewayId": "${nat}"},
        replace={"destinationCidrBlock": "10.9.0.0/16"},
    ),
    "gateway": Example(
        type="aws:ec2/internetGateway:InternetGateway", props={"vpcId": "${vpc}", **_TAGS}, change=_NEW_TAGS
    ),
    "eip": Example(
        type="aws:ec2/eip:Eip",
        props={"domain": "vpc", **_TAGS},
        change=_NEW_TAGS,
        replace={"domain": "standard"},
    ),
    "nat": Example(
        type="aws:ec2/natGateway:NatGateway",
        props={"subnetId": "${subnet}", "allocationId": "${eip}", **_TAGS},
        change=_NEW_TAGS,
        replace={"subnetId": "subnet-other"},
    ),
    "gateway-endpoint": Example(
        type="aws:ec2/vpcEndpoint:VpcEndpoint",
        props={
            "vpcId": "${vpc}",
            "serviceName": "com.amazonaws.us-east-1.s3",
            "routeTableIds": ["${bare-table}"],
        },
        change={
            "routeTableIds": ["${route-table}"],
            "policy": _policy("s3:Get*", "*", Principal="*"),
            **_TAGS,
        },
        replace={"serviceName": "com.amazonaws.us-east-1.dynamodb"},
    ),
    "interface-endpoint": Example(
        type="aws:ec2/vpcEndpoint:VpcEndpoint",
        props={
            "vpcId": "${vpc}",
            "serviceName": "com.amazonaws.us-east-1.kms",
            "vpcEndpointType": "Interface",
            "subnetIds": ["${subnet}"],
            "securityGroupIds": ["${bare-group}"],
            "privateDnsEnabled": True,
        },
        change=_TAGS,
        replace={"vpcEndpointType": "Gateway"},
    ),
    "group": Example(
        type="aws:ec2/securityGroup:SecurityGroup",
        props={
            "vpcId": "${vpc}",
            "ingress": [
                {
                    "protocol": "tcp",
                    "fromPort": 443,
                    "toPort": 443,
                    "cidrBlocks": ["10.0.0.0/16"],
                    "self": True,
                }
            ],
            "revokeRulesOnDelete": True,
            **_TAGS,
        },
        change={
            "ingress": [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["10.0.0.0/8"]}],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
            **_NEW_TAGS,
        },
        replace={"description": "another"},
    ),
    "bare-group": Example(
        type="aws:ec2/securityGroup:SecurityGroup", props={"vpcId": "${vpc}"}, change=_TAGS
    ),
    "default-group": Example(
        type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        props={"vpcId": "${vpc}", **_TAGS},
        change={
            "ingress": [{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/16"]}],
            **_NEW_TAGS,
        },
        replace={"vpcId": "vpc-other"},
        stays=True,
    ),
    "ingress-rule": Example(
        type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        props={
            "securityGroupId": "${bare-group}",
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "10.0.0.0/16",
            "description": "from the VPC",
            **_TAGS,
        },
        change={"fromPort": 8443, "toPort": 8443, **_NEW_TAGS},
        replace={"securityGroupId": "sg-other"},
    ),
    "egress-rule": Example(
        type="aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        props={
            "securityGroupId": "${bare-group}",
            "ipProtocol": "-1",
            "referencedSecurityGroupId": "${group}",
        },
        change=_TAGS,
        replace={"securityGroupId": "sg-other"},
    ),
    "log-group": Example(
        type="aws:cloudwatch/logGroup:LogGroup",
        props={"retentionInDays": 7, **_TAGS},
        change={"retentionInDays": 30, **_NEW_TAGS},
        replace={"name": "another"},
    ),
    "flow-log": Example(
        type="aws:ec2/flowLog:FlowLog",
        props={
            "vpcId": "${vpc}",
            "trafficType": "ALL",
            "logDestination": "${log-group.arn}",
            "iamRoleArn": "${role.arn}",
        },
        change=_TAGS,
        replace={"trafficType": "REJECT"},
    ),
    "role": Example(
        type="aws:iam/role:Role",
        props={"assumeRolePolicy": _trust("ec2.amazonaws.com"), "description": "an example", **_TAGS},
        change={
            "assumeRolePolicy": _trust("elasticmapreduce.amazonaws.com"),
            "maxSessionDuration": 7200,
            "permissionsBoundary": "${policy}",
            **_NEW_TAGS,
        },
        replace={"path": "/other/"},
    ),
    "role-policy": Example(
        type="aws:iam/rolePolicy:RolePolicy",
        props={"role": "${role}", "policy": _policy("s3:GetObject", "arn:aws:s3:::a/*")},
        change={"policy": _policy("s3:PutObject", "arn:aws:s3:::a/*")},
        replace={"name": "another"},
    ),
    "policy": Example(
        type="aws:iam/policy:Policy",
        props={"policy": _policy("s3:GetObject", "arn:aws:s3:::a/*"), **_TAGS},
        change={"policy": _policy("s3:PutObject", "arn:aws:s3:::a/*"), **_NEW_TAGS},
        replace={"description": "another"},
    ),
    "attachment": Example(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        props={"role": "${role}", "policyArn": "${policy}"},
        replace={"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    ),
    "profile": Example(
        type="aws:iam/instanceProfile:InstanceProfile",
        props={"role": "${role}", **_TAGS},
        change={"role": None, **_NEW_TAGS},
        replace={"path": "/other/"},
    ),
    "key": Example(
        type="aws:kms/key:Key",
        props={"description": "one", "enableKeyRotation": True, "deletionWindowInDays": 7, **_TAGS},
        change={"description": "two", "enableKeyRotation": False, "isEnabled": False, **_NEW_TAGS},
        replace={"keyUsage": "SIGN_VERIFY"},
    ),
    "other-key": Example(type="aws:kms/key:Key", props={}),
    "alias": Example(
        type="aws:kms/alias:Alias",
        props={"targetKeyId": "${key}"},
        change={"targetKeyId": "${other-key}"},
        replace={"name": "alias/another"},
    ),
    "bucket": Example(
        type="aws:s3/bucket:Bucket",
        props={"forceDestroy": True, **_TAGS},
        change=_NEW_TAGS,
        replace={"bucket": "another-bucket"},
    ),
    "log-bucket": Example(type="aws:s3/bucket:Bucket", props={"forceDestroy": True}),
    "versioning": Example(
        type="aws:s3/bucketVersioning:BucketVersioning",
        props={"bucket": "${bucket}", "versioningConfiguration": {"status": "Enabled"}},
        change={"versioningConfiguration": {"status": "Suspended"}},
        replace={"bucket": "another-bucket"},
        stays=True,
    ),
    "encryption": Example(
        type="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        props={
            "bucket": "${bucket}",
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": "${key.arn}",
                    },
                    "bucketKeyEnabled": True,
                }
            ],
        },
        change={"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        replace={"bucket": "another-bucket"},
    ),
    "public-access": Example(
        type="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        props={"bucket": "${bucket}", "blockPublicAcls": True},
        change={"ignorePublicAcls": True},
        replace={"bucket": "another-bucket"},
    ),
    "bucket-policy": Example(
        type="aws:s3/bucketPolicy:BucketPolicy",
        props={"bucket": "${log-bucket}", "policy": _log_delivery("${log-bucket}")},
        change={"policy": _policy("s3:GetObject", "arn:aws:s3:::${log-bucket}/*", Principal="*")},
        replace={"bucket": "another-bucket"},
    ),
    "lifecycle": Example(
        type="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        props={
            "bucket": "${bucket}",
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": "a/"},
                    "expiration": {"days": 3},
                    "noncurrentVersionExpiration": {"noncurrentDays": 3},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                },
                {
                    "id": "cold",
                    "status": "Enabled",
                    "filter": {},
                    "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                },
            ],
        },
        change={
            "rules": [
                {"id": "old", "status": "Enabled", "filter": {"prefix": "b/"}, "expiration": {"days": 4}}
            ]
        },
        replace={"bucket": "another-bucket"},
    ),
    "ownership": Example(
        type="aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        props={"bucket": "${bucket}", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        change={"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        replace={"bucket": "another-bucket"},
    ),
    "logging": Example(
        type="aws:s3/bucketLogging:BucketLogging",
        props={"bucket": "${bucket}", "targetBucket": "${log-bucket}", "targetPrefix": "${bucket-policy}/"},
        change={"targetPrefix": "other/"},
        replace={"bucket": "another-bucket"},
    ),
    "object": Example(
        type="aws:s3/bucketObjectv2:BucketObjectv2",
        props={"bucket": "${bucket}", "key": "a/b.txt", "content": "one", **_TAGS},
        change={"content": "two", **_NEW_TAGS},
        replace={"key": "a/c.txt"},
    ),
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
            **_TAGS,
        },
        change={"stepConcurrencyLevel": 2, "autoTerminationPolicy": {"idleTimeout": 7200}, **_NEW_TAGS},
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
        change={"targetSpotCapacity": 4},
        replace={"name": "another"},
        stays=True,
    ),
    "scaling": Example(
        type="aws:emr/managedScalingPolicy:ManagedScalingPolicy",
        props={
            "clusterId": "${cluster}",
            "computeLimits": [
                {"unitType": "InstanceFleetUnits", "minimumCapacityUnits": 2, "maximumCapacityUnits": 4}
            ],
        },
        replace={
            "computeLimits": [
                {"unitType": "InstanceFleetUnits", "minimumCapacityUnits": 2, "maximumCapacityUnits": 8}
            ]
        },
    ),
}
