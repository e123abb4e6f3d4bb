"""What EMR itself and a cluster's nodes need: data from names, pure.

The service role's needs follow AWS's managed AmazonEMRServicePolicy_v2, cut to this account and region and without
what the platform makes itself (security groups, EMR's own endpoint) or does not use (placement groups, instance groups'
autoscaling).
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEMRServicePolicy_v2.html
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.naming import Names
from infra.security import image_policies, needs
from infra.security import statements as iam
from infra.security.needs import Need
from infra.settings import bootstrap
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
SESSION_CHANNELS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)


def service_trust(names: Names) -> str:
    """EMR, for clusters of this account."""
    return iam.service_trust(iam.EMR, names.account_id, names.arn("elasticmapreduce", "*"))


def service_needs(names: Names) -> tuple[Need, ...]:
    """Launch, tag and end tagged machines in tagged subnets; hand the nodes' role to EC2; encrypt their disks."""
    return (
        *launch_needs(names),
        *tagged_needs(names),
        Need(
            name="LookAround",
            why="EMR checks where it can launch; EC2 lets this be narrowed to no resource",
            actions=DESCRIBE_EC2,
            resources=("*",),
            condition={"StringEquals": {"aws:RequestedRegion": names.region}},
        ),
        look_at_vpcs(names),
        needs.pass_role(
            "PassNodeRole", "Machines run with the nodes' role", [names.role_arn("node")], iam.EC2
        ),
        Need(
            name="EncryptDisks",
            why="Disks are made encrypted",
            actions=iam.USE_KEY_FOR_DISKS,
            keys=("volumes",),
        ),
        Need(
            name="GrantDiskKeyToEc2",
            why="EC2 opens the disks of a machine as long as it runs",
            actions=("kms:CreateGrant",),
            keys=("volumes",),
            condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _ec2(names: Names, *kinds: str) -> tuple[str, ...]:
    return tuple(names.arn("ec2", f"{kind}/*") for kind in kinds)


def look_at_vpcs(names: Names) -> Need:
    """The one question about the network that EC2 lets be narrowed."""
    return Need(
        name="LookAtVpcs",
        why="EMR asks whether the VPC has DNS",
        actions=("ec2:DescribeVpcAttribute",),
        resources=_ec2(names, "vpc"),
    )


def launch_needs(names: Names) -> tuple[Need, ...]:
    """Launch machines, in the tagged network and with the tag that everything else hangs on."""
    asked = {"StringEquals": {f"aws:RequestTag/{EMR_SCOPE_KEY}": "true"}}
    tagged = {"StringEquals": {f"aws:ResourceTag/{EMR_SCOPE_KEY}": "true"}}
    launch = ("ec2:CreateFleet", "ec2:RunInstances")
    template = ("ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion")
    images = f"arn:{names.partition}:ec2:{names.region}::image/ami-*"
    return (
        Need(
            name="LaunchInTaggedNetwork",
            why="Nodes are launched into the stack's subnets and groups, which carry EMR's tag",
            actions=(*launch, *template, "ec2:CreateNetworkInterface"),
            resources=_ec2(names, "security-group", "subnet"),
            condition=tagged,
        ),
        Need(
            name="LaunchFromTaggedTemplate",
            why="Fleets are launched from templates that EMR made",
            actions=(*launch, "ec2:CreateLaunchTemplateVersion"),
            resources=_ec2(names, "launch-template"),
            condition=tagged,
        ),
        Need(
            name="CreateTaggedTemplate",
            why="A template is made for each fleet, with EMR's tag",
            actions=("ec2:CreateLaunchTemplate",),
            resources=_ec2(names, "launch-template"),
            condition=asked,
        ),
        Need(
            name="CreateTaggedMachines",
            why="Machines and disks are made with EMR's tag, or not at all",
            actions=launch,
            resources=_ec2(names, "instance", "volume"),
            condition=asked,
        ),
        Need(
            name="UseForLaunch",
            why="A launch also names its image, fleet and network interface",
            actions=(*launch, *template),
            resources=(*_ec2(names, "fleet", "network-interface"), images),
        ),
        Need(
            name="CreateTaggedInterface",
            why="Network interfaces are made with EMR's tag",
            actions=("ec2:CreateNetworkInterface",),
            resources=_ec2(names, "network-interface"),
            condition=asked,
        ),
    )


def tagged_needs(names: Names) -> tuple[Need, ...]:
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
    return (
        Need(
            name="ManageTaggedMachines",
            why="Clusters grow, shrink and end",
            actions=(
                "ec2:AttachVolume",
                "ec2:CreateTags",
                "ec2:DeleteLaunchTemplate",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteTags",
                "ec2:DetachNetworkInterface",
                "ec2:ModifyInstanceAttribute",
                "ec2:TerminateInstances",
            ),
            resources=ours,
            condition=tagged,
        ),
        Need(
            name="TagWhatItMakes",
            why="What is made with a tag is tagged as it is made",
            actions=("ec2:CreateTags",),
            resources=ours,
            condition=made,
        ),
        Need(
            name="KeepNodeRules",
            why="EMR keeps the rules between its nodes in order itself, in the groups that the platform gives it",
            actions=(
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:RevokeSecurityGroupEgress",
                "ec2:RevokeSecurityGroupIngress",
            ),
            resources=_ec2(names, "security-group"),
            condition=tagged,
        ),
    )


def instance_trust() -> str:
    """The nodes' machines."""
    return iam.document(iam.trust("Machines", {"Service": iam.EC2}))


def instance_needs(
    names: Names, jobs: Sequence[str], certificates_object: str, images: Sequence[str] = ()
) -> tuple[Need, ...]:
    """A node takes the jobs' roles, writes the cluster's logs, reads its certificates, encrypts its disks. No data."""
    logs = names.bucket_arn("logs")
    certificates = f"{names.bucket_arn('artifacts')}/{certificates_object}"
    take_roles = Need(
        name="TakeJobRoles",
        why="Each step runs with its own job's role, and its session says what it runs",
        actions=("sts:AssumeRole", "sts:TagSession"),
        resources=tuple(names.job_role_arns(jobs)),
    )
    return (
        needs.list_prefixes(
            "ListClusterLogs", "Log files are looked for before they are put", logs, [CLUSTER_LOGS]
        ),
        needs.objects(
            "WriteClusterLogs", "A cluster's logs outlive it", ("s3:PutObject",), logs, [CLUSTER_LOGS]
        ),
        Need(
            name="ReadCertificates",
            why="Nodes talk to each other over TLS",
            actions=iam.READ_OBJECTS,
            resources=(certificates,),
        ),
        needs.objects(
            "ReadBootstrap",
            "The scripts that a node runs as it starts",
            iam.READ_OBJECTS,
            names.bucket_arn("artifacts"),
            [bootstrap.PREFIX],
        ),
        *needs.keys_through_s3(names.region, read=["artifacts"], write=["logs"]),
        Need(
            name="EncryptDisks",
            why="Local disks are encrypted by the node itself",
            actions=iam.USE_KEY_FOR_DISKS,
            keys=("volumes",),
        ),
        *session_manager_needs(names),
        *image_policies.needs(names, images),
        *([take_roles] if jobs else []),
    )


def session_manager_needs(names: Names) -> tuple[Need, ...]:
    """What Session Manager's agent asks: a node has no SSH, and this is the one way in, for break-glass.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
    """
    return (
        Need(
            name="ReportToSessionManager",
            why="Session Manager knows the node is there",
            actions=("ssm:UpdateInstanceInformation",),
            resources=_ec2(names, "instance"),
        ),
        Need(
            name="AnswerSessionManager",
            why="A session reaches the node through channels that it opens; AWS lets them be narrowed to no resource",
            actions=SESSION_CHANNELS,
            resources=("*",),
            condition={"StringEquals": {"aws:RequestedRegion": names.region}},
        ),
    )
