"""What EMR itself and a cluster's nodes may do: documents from names, pure.

The service role's document follows AWS's managed AmazonEMRServicePolicy_v2, cut to this account and region and without
what the platform makes itself (security groups) or does not use (placement groups, instance groups' autoscaling).
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEMRServicePolicy_v2.html
"""

from __future__ import annotations

from infra import bootstrap_settings
from infra.naming import Names
from infra.security import statements as iam
from infra.security.job_policies import KeyArns
from infra.tags import EMR_SCOPE_KEY

CLUSTER_LOGS = "elasticmapreduce/"

# These know no narrower resource than "*": EC2's service authorization reference.
DESCRIBE_EC2 = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumeStatus",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
)


def service_trust(names: Names) -> str:
    """EMR, for clusters of this account."""
    return iam.service_trust(
        "elasticmapreduce.amazonaws.com", names.account_id, names.arn("elasticmapreduce", "*")
    )


def service_policy(names: Names, keys: KeyArns, instance_role_arn: str) -> str:
    """Launch, tag and end tagged machines in tagged subnets; hand the nodes' role to EC2; encrypt their disks."""
    return iam.document(
        *launch_statements(names),
        *tagged_statements(names),
        iam.allow(
            "LookAround",
            DESCRIBE_EC2,
            ["*"],
            {"StringEquals": {"aws:RequestedRegion": names.region}},
        ),
        look_at_vpcs(names),
        iam.pass_role("PassNodeRole", [instance_role_arn], "ec2.amazonaws.com"),
        iam.allow("EncryptDisks", iam.USE_KEY_FOR_DISKS, [keys.volumes]),
        iam.allow(
            "GrantDiskKeyToEc2",
            ["kms:CreateGrant"],
            [keys.volumes],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _ec2(names: Names, *kinds: str) -> list[str]:
    return [names.arn("ec2", f"{kind}/*") for kind in kinds]


def look_at_vpcs(names: Names) -> iam.Statement:
    """The one question about the network that EC2 lets be narrowed."""
    return iam.allow("LookAtVpcs", ["ec2:DescribeVpcAttribute"], _ec2(names, "vpc"))


def launch_statements(names: Names) -> list[iam.Statement]:
    """Launch machines, in the tagged network and with the tag that everything else hangs on."""
    asked = {"StringEquals": {f"aws:RequestTag/{EMR_SCOPE_KEY}": "true"}}
    tagged = {"StringEquals": {f"aws:ResourceTag/{EMR_SCOPE_KEY}": "true"}}
    launch = ["ec2:CreateFleet", "ec2:RunInstances"]
    template = ["ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion"]
    images = [f"arn:{names.partition}:ec2:{names.region}::image/ami-*"]
    return [
        iam.allow(
            "LaunchInTaggedNetwork",
            [*launch, *template, "ec2:CreateNetworkInterface"],
            _ec2(names, "security-group", "subnet"),
            tagged,
        ),
        iam.allow(
            "LaunchFromTaggedTemplate",
            [*launch, "ec2:CreateLaunchTemplateVersion"],
            _ec2(names, "launch-template"),
            tagged,
        ),
        iam.allow(
            "CreateTaggedTemplate", ["ec2:CreateLaunchTemplate"], _ec2(names, "launch-template"), asked
        ),
        iam.allow("CreateTaggedMachines", launch, _ec2(names, "instance", "volume"), asked),
        iam.allow(
            "UseForLaunch", [*launch, *template], [*_ec2(names, "fleet", "network-interface"), *images]
        ),
        iam.allow(
            "CreateTaggedInterface",
            ["ec2:CreateNetworkInterface"],
            _ec2(names, "network-interface"),
            asked,
        ),
    ]


def tagged_statements(names: Names) -> list[iam.Statement]:
    """Manage machines and rules that carry the tag."""
    tagged = {"StringEquals": {f"aws:ResourceTag/{EMR_SCOPE_KEY}": "true"}}
    made = {
        "StringEquals": {
            "ec2:CreateAction": [
                "CreateFleet",
                "CreateLaunchTemplate",
                "CreateNetworkInterface",
                "RunInstances",
            ]
        }
    }
    ours = _ec2(names, "instance", "launch-template", "network-interface", "volume")
    return [
        iam.allow(
            "ManageTaggedMachines",
            [
                "ec2:AttachVolume",
                "ec2:CreateTags",
                "ec2:DeleteLaunchTemplate",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteTags",
                "ec2:DetachNetworkInterface",
                "ec2:ModifyInstanceAttribute",
                "ec2:TerminateInstances",
            ],
            ours,
            tagged,
        ),
        iam.allow("TagWhatItMakes", ["ec2:CreateTags"], ours, made),
        # EMR keeps the rules between its nodes in order itself, in the groups that the platform gives it.
        iam.allow(
            "KeepNodeRules",
            [
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:RevokeSecurityGroupEgress",
                "ec2:RevokeSecurityGroupIngress",
            ],
            _ec2(names, "security-group"),
            tagged,
        ),
    ]


def instance_trust() -> str:
    """The nodes' machines."""
    return iam.document(iam.trust("Machines", {"Service": "ec2.amazonaws.com"}))


def instance_policy(names: Names, keys: KeyArns, job_role_arns: list[str], certificates_object: str) -> str:
    """A node takes the jobs' roles, writes the cluster's logs, reads its certificates, encrypts its disks. No data."""
    artifacts, logs = names.bucket_arn("artifacts"), names.bucket_arn("logs")
    statements = [
        iam.list_prefixes("ListClusterLogs", logs, [CLUSTER_LOGS]),
        iam.allow("WriteClusterLogs", ["s3:PutObject"], iam.objects(logs, [CLUSTER_LOGS])),
        iam.allow("ReadCertificates", iam.READ_OBJECTS, [f"{artifacts}/{certificates_object}"]),
        iam.allow("ReadBootstrap", iam.READ_OBJECTS, iam.objects(artifacts, [bootstrap_settings.PREFIX])),
        iam.allow("UseLogKeyThroughS3", iam.USE_KEY_TO_WRITE, [keys.logs], iam.through_s3(names.region)),
        iam.allow("UseDataKeyThroughS3", iam.USE_KEY_TO_READ, [keys.data], iam.through_s3(names.region)),
        iam.allow("EncryptDisks", iam.USE_KEY_FOR_DISKS, [keys.volumes]),
    ]
    if job_role_arns:
        statements.append(iam.allow("TakeJobRoles", ["sts:AssumeRole", "sts:TagSession"], job_role_arns))
    return iam.document(*statements)
