"""Where our provider calls AWS otherwise than the real one 3.39.0 does for the same change, and why: data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.outside.recorder import Of


class Reason(NamedTuple):
    """The operations that one of the two called more often than the other, and what makes that right."""

    theirs: set[str]
    ours: set[str]
    why: str


_OWN_TYPES = (
    "settings of a bucket have types of their own since 4.0: "
    "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-4-upgrade"
)
# Calls that change something, by type and phase.
WRITES: Mapping[Of, Reason] = {
    ("aws_cloudwatch_log_group", "update"): Reason(
        {"TagLogGroup"}, {"TagResource"},
        "on the path for deprecation, to be replaced by the other: "
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagLogGroup.html",
    ),
    ("aws_iam_instance_profile", "create"): Reason(
        {"TagInstanceProfile"}, set(),
        "CreateInstanceProfile has taken the same tags already: "
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html",
    ),
    ("aws_iam_role", "update"): Reason(
        {"UpdateRoleDescription"}, set(),
        "UpdateRole says both, and the API's own page sends there: "
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html",
    ),
    ("aws_s3_bucket", "create"): Reason(
        {"PutBucketEncryption", "PutBucketLifecycle", "PutBucketLogging", "PutBucketVersioning"}, set(), _OWN_TYPES
    ),
    ("aws_s3_bucket", "update"): Reason({"PutBucketLifecycle"}, set(), _OWN_TYPES),
    ("aws_security_group", "create"): Reason(
        {"RevokeSecurityGroupEgress"}, set(),
        "it revokes IPv4 and IPv6 in a call each, whether the new group has such a rule or not; ours what it has: "
        "aws/resource_aws_security_group.go of 3.39.0",
    ),
    ("aws_security_group_rule", "update"): Reason(
        {"UpdateSecurityGroupRuleDescriptionsIngress"},
        {"ModifySecurityGroupRules"},
        "the types of today know a rule by its id, and change it by that: "
        "internal/service/ec2/vpc_security_group_ingress_rule.go",
    ),
}  # fmt: skip
# Calls that only read, by type: what the real provider asks and ours does not.
READS: Mapping[str, tuple[set[str], str]] = {
    "aws_cloudwatch_log_group": ({"ListTagsLogGroup"}, "ListTagsForResource has taken its place"),
    "aws_emr_cluster": (
        {"ListBootstrapActions", "ListInstances", "ListSteps"},
        "steps are not declared here, bootstrap actions kept; of an ending cluster it waits for the instances, ours "
        "for the state, which comes after them",
    ),
    "aws_iam_role": (
        {"GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies"},
        "inline and managed policies of a role, in it, are refused by name",
    ),
    "aws_s3_bucket": (
        {
            "GetBucketAccelerateConfiguration", "GetBucketAcl", "GetBucketEncryption", "GetBucketLifecycle",
            "GetBucketLogging", "GetBucketRequestPayment", "GetBucketVersioning",
        },
        _OWN_TYPES,
    ),
    "aws_s3_bucket_object": ({"DescribeKey"}, "whether its key is S3's own; the program's word stands"),
    "aws_security_group": ({"DescribeNetworkInterfaces"}, "interfaces that functions left behind; there are none here"),
    "aws_security_group_rule": ({"DescribeSecurityGroups"}, "the types of today read a rule by its id"),
    "aws_subnet": ({"DescribeNetworkInterfaces"}, "interfaces that functions left behind; there are none here"),
    "aws_vpc": (
        {"DescribeVpcClassicLink", "DescribeVpcClassicLinkDnsSupport"},
        "retired in 2022: https://aws.amazon.com/blogs/aws/ec2-classic-is-retiring-heres-how-to-prepare/",
    ),
}  # fmt: skip
# Arguments that it was told and ours has in other types, by type.
LEFT_OUT: Mapping[str, set[str]] = {
    "aws_s3_bucket": {
        "acl",
        "lifecycle_rule",
        "logging",
        "server_side_encryption_configuration",
        "versioning",
    },
}
# Which the real provider changes in place and ours makes anew.
REPLACED: set[str] = set()
# No change of these was asked for: 3.39.0 changes nothing of them in place.
NEVER_CHANGED = {
    "aws_emr_managed_scaling_policy", "aws_emr_security_configuration", "aws_iam_role_policy_attachment",
}  # fmt: skip
