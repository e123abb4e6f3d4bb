"""Networks."""

from __future__ import annotations

from tests.local.provider.examples.base import NEW_TAGS, TAGS, ZONE, Example, policy

EXAMPLES: dict[str, Example] = {
    "vpc": Example(
        type="aws:ec2/vpc:Vpc",
        props={"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, **TAGS},
        change={
            "enableDnsHostnames": False,
            "enableDnsSupport": False,
            "enableNetworkAddressUsageMetrics": True,
            **NEW_TAGS,
        },
        replace={"cidrBlock": "10.0.0.0/17"},
    ),
    "subnet": Example(
        type="aws:ec2/subnet:Subnet",
        props={"vpcId": "${vpc}", "cidrBlock": "10.0.1.0/24", "availabilityZone": ZONE, **TAGS},
        change={"mapPublicIpOnLaunch": True, **NEW_TAGS},
        replace={"cidrBlock": "10.0.2.0/24"},
    ),
    "route-table": Example(
        type="aws:ec2/routeTable:RouteTable",
        props={"vpcId": "${vpc}", "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "${gateway}"}], **TAGS},
        change={"routes": [{"cidrBlock": "192.168.0.0/16", "gatewayId": "${gateway}"}], **NEW_TAGS},
        replace={"vpcId": "${other-vpc}"},
    ),
    "bare-table": Example(type="aws:ec2/routeTable:RouteTable", props={"vpcId": "${vpc}"}, change=TAGS),
    "association": Example(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        props={"subnetId": "${subnet}", "routeTableId": "${route-table}"},
        change={"routeTableId": "${bare-table}"},
        replace={"subnetId": "${other-subnet}"},
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
        type="aws:ec2/internetGateway:InternetGateway", props={"vpcId": "${vpc}", **TAGS}, change=NEW_TAGS
    ),
    "eip": Example(
        type="aws:ec2/eip:Eip",
        props={"domain": "vpc", **TAGS},
        change=NEW_TAGS,
    ),
    "nat": Example(
        type="aws:ec2/natGateway:NatGateway",
        props={"subnetId": "${subnet}", "allocationId": "${eip}", **TAGS},
        change=NEW_TAGS,
        replace={"subnetId": "${other-subnet}", "allocationId": "${other-eip}"},
    ),
    "other-eip": Example(type="aws:ec2/eip:Eip", props={"domain": "vpc"}),
    "gateway-endpoint": Example(
        type="aws:ec2/vpcEndpoint:VpcEndpoint",
        props={
            "vpcId": "${vpc}",
            "serviceName": "com.amazonaws.us-east-1.s3",
            "routeTableIds": ["${bare-table}"],
        },
        change={
            "routeTableIds": ["${route-table}"],
            "policy": policy("s3:Get*", "*", Principal="*"),
            **TAGS,
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
        change={
            "privateDnsEnabled": False,
            "securityGroupIds": ["${other-group}"],
            "subnetIds": ["${other-subnet}"],
            **TAGS,
        },
        replace={"serviceName": "com.amazonaws.us-east-1.sts"},
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
            **TAGS,
        },
        change={
            "ingress": [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["10.0.0.0/8"]}],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
            **NEW_TAGS,
        },
        replace={"description": "another"},
    ),
    "bare-group": Example(type="aws:ec2/securityGroup:SecurityGroup", props={"vpcId": "${vpc}"}, change=TAGS),
    "default-group": Example(
        type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        props={"vpcId": "${vpc}", **TAGS},
        change={
            "ingress": [{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/16"]}],
            "egress": [{"protocol": "udp", "fromPort": 53, "toPort": 53, "cidrBlocks": ["10.0.0.2/32"]}],
            **NEW_TAGS,
        },
        replace={"vpcId": "${other-vpc}"},
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
            **TAGS,
        },
        change={
            "ipProtocol": "udp",
            "fromPort": 8443,
            "toPort": 8443,
            "cidrIpv4": "10.1.0.0/16",
            "description": "from another",
            **NEW_TAGS,
        },
        replace={"securityGroupId": "${other-group}"},
    ),
    "egress-rule": Example(
        type="aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        props={
            "securityGroupId": "${bare-group}",
            "ipProtocol": "-1",
            "referencedSecurityGroupId": "${group}",
        },
        change={
            "ipProtocol": "tcp",
            "fromPort": 80,
            "toPort": 81,
            "referencedSecurityGroupId": "${other-group}",
            "description": "to a group",
            **TAGS,
        },
        replace={"securityGroupId": "${other-group}"},
    ),
    "ingress-rule-v6": Example(
        type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        props={"securityGroupId": "${bare-group}", "ipProtocol": "-1", "cidrIpv6": "2001:db8::/56"},
        change={"cidrIpv6": "2001:db8:8::/56"},
        replace={"cidrIpv6": None, "referencedSecurityGroupId": "${group}"},
    ),
    "ingress-rule-group": Example(
        type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        props={
            "securityGroupId": "${bare-group}",
            "ipProtocol": "udp",
            "fromPort": 1,
            "toPort": 2,
            "referencedSecurityGroupId": "${group}",
        },
        change={"referencedSecurityGroupId": "${other-group}"},
    ),
    "egress-rule-v4": Example(
        type="aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        props={"securityGroupId": "${bare-group}", "ipProtocol": "-1", "cidrIpv4": "10.2.0.0/16"},
        change={"cidrIpv4": "10.3.0.0/16"},
    ),
    "egress-rule-v6": Example(
        type="aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        props={"securityGroupId": "${bare-group}", "ipProtocol": "-1", "cidrIpv6": "2001:db8:1::/56"},
        change={"cidrIpv6": "2001:db8:2::/56"},
    ),
    "flow-log": Example(
        type="aws:ec2/flowLog:FlowLog",
        props={
            "vpcId": "${vpc}",
            "trafficType": "ALL",
            "logDestination": "${log-group.arn}",
            "iamRoleArn": "${role.arn}",
        },
        change=TAGS,
        replace={"trafficType": "REJECT"},
    ),
    "other-vpc": Example(type="aws:ec2/vpc:Vpc", props={"cidrBlock": "10.0.0.0/16"}),
    "other-subnet": Example(
        type="aws:ec2/subnet:Subnet", props={"vpcId": "${vpc}", "cidrBlock": "10.0.9.0/24"}
    ),
    "other-group": Example(type="aws:ec2/securityGroup:SecurityGroup", props={"vpcId": "${vpc}"}),
    "launch-template": Example(
        type="aws:ec2/launchTemplate:LaunchTemplate",
        props={
            "imageId": "ami-12345678",
            "instanceType": "m5.xlarge",
            "userData": "ZWNobyBoZWxsbw==",
            "vpcSecurityGroupIds": ["${group}"],
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {"volumeSize": 20, "volumeType": "gp3", "encrypted": "true"},
                }
            ],
            "metadataOptions": {"httpTokens": "required", "httpEndpoint": "enabled"},
            "tagSpecifications": [{"resourceType": "instance", "tags": {"team": "data"}}],
            **TAGS,
        },
        change={
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {"volumeSize": 40, "volumeType": "gp3", "encrypted": "true"},
                }
            ],
            "defaultVersion": 2,
            "description": "the second",
            "disableApiStop": True,
            "disableApiTermination": True,
            "ebsOptimized": "true",
            "iamInstanceProfile": {"arn": "${profile.arn}"},
            "imageId": "ami-87654321",
            "instanceInitiatedShutdownBehavior": "terminate",
            "instanceMarketOptions": {"marketType": "spot", "spotOptions": {"maxPrice": "0.10"}},
            "instanceType": "m6i.xlarge",
            "keyName": "nobody",
            "metadataOptions": {"httpTokens": "optional", "httpEndpoint": "enabled"},
            "monitoring": {"enabled": True},
            "tagSpecifications": [{"resourceType": "instance", "tags": {"team": "other"}}],
            "userData": "ZWNobyBhZ2Fpbg==",
            "vpcSecurityGroupIds": ["${other-group}"],
            **NEW_TAGS,
        },
        replace={"name": "another-template"},
    ),
}
