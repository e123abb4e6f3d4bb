"""The actions of AWS that CI needs for what the platform declares, by what they act on: data.

A test holds them against the calls of every type that the platform registers.
"""

from __future__ import annotations

# What the provider's Read of aws_s3_bucket and its companions asks: terraform-provider-aws, internal/service/s3.
READ_BUCKETS = (
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
)
WRITE_BUCKETS = (
    "s3:CreateBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketLogging",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
)
# These know no narrower resource than "*": EC2's service authorization reference.
READ_NETWORK = (
    "ec2:DescribeAddresses",
    "ec2:DescribeAddressesAttribute",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribePrefixLists",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
)
WRITE_NETWORK = (
    "ec2:AllocateAddress",
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateFlowLogs",
    "ec2:CreateInternetGateway",
    "ec2:CreateNatGateway",
    "ec2:CreateRoute",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateTags",
    "ec2:CreateVpc",
    "ec2:CreateVpcEndpoint",
    "ec2:DeleteFlowLogs",
    "ec2:DeleteInternetGateway",
    "ec2:DeleteNatGateway",
    "ec2:DeleteRoute",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteTags",
    "ec2:DeleteVpc",
    "ec2:DeleteVpcEndpoints",
    "ec2:DetachInternetGateway",
    "ec2:DisassociateAddress",
    "ec2:DisassociateRouteTable",
    "ec2:ModifySecurityGroupRules",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
    "ec2:ModifyVpcEndpoint",
    "ec2:ReleaseAddress",
    "ec2:ReplaceRoute",
    "ec2:ReplaceRouteTableAssociation",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
)
NETWORK_KINDS = (
    "elastic-ip",
    "internet-gateway",
    "natgateway",
    "route-table",
    "security-group",
    "security-group-rule",
    "subnet",
    "vpc",
    "vpc-endpoint",
    "vpc-flow-log",
)
READ_CLUSTERS = (
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:GetAutoTerminationPolicy",
    "elasticmapreduce:GetManagedScalingPolicy",
    "elasticmapreduce:ListBootstrapActions",
    "elasticmapreduce:ListInstanceFleets",
    "elasticmapreduce:ListInstanceGroups",
)
WRITE_CLUSTERS = (
    "elasticmapreduce:AddInstanceFleet",
    "elasticmapreduce:AddTags",
    "elasticmapreduce:ModifyCluster",
    "elasticmapreduce:ModifyInstanceFleet",
    "elasticmapreduce:PutAutoTerminationPolicy",
    "elasticmapreduce:PutManagedScalingPolicy",
    "elasticmapreduce:RemoveAutoTerminationPolicy",
    "elasticmapreduce:RemoveManagedScalingPolicy",
    "elasticmapreduce:RemoveTags",
    "elasticmapreduce:SetTerminationProtection",
    "elasticmapreduce:SetUnhealthyNodeReplacement",
    "elasticmapreduce:SetVisibleToAllUsers",
    "elasticmapreduce:TerminateJobFlows",
)
READ_IDENTITIES = (
    "iam:GetInstanceProfile",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
)
# What makes a role stronger is given only to roles under a boundary of the platform.
GIVE = ("iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
WRITE_IDENTITIES = (
    "iam:AddRoleToInstanceProfile",
    "iam:CreateInstanceProfile",
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeleteInstanceProfile",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:TagInstanceProfile",
    "iam:TagPolicy",
    "iam:TagRole",
    "iam:UntagInstanceProfile",
    "iam:UntagPolicy",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
)
READ_KEYS = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags")
CHANGE_KEYS = (
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
CHANGE_ALIASES = ("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias")
READ_LOGS = ("logs:DescribeMetricFilters", "logs:ListTagsForResource")
WRITE_LOGS = (
    "logs:AssociateKmsKey",
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DeleteMetricFilter",
    "logs:DeleteRetentionPolicy",
    "logs:DisassociateKmsKey",
    "logs:PutMetricFilter",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
)
# On the audit trail's log group, where the platform's alarms hang: no more than that.
READ_FILTERS = ("logs:DescribeMetricFilters",)
WRITE_FILTERS = ("logs:DeleteMetricFilter", "logs:PutMetricFilter")


# What the provider's Read of aws_dynamodb_table asks: terraform-provider-aws, internal/service/dynamodb.
READ_TABLES = (
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:ListTagsOfResource",
)
# No DeleteTable: what is under way is data.
WRITE_TABLES = (
    "dynamodb:CreateTable",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
)
# What DynamoDB does with a table's key for who makes the table.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
SEAL_TABLES = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
# Instance groups with rules of their own.
WRITE_GROUPS = (
    "elasticmapreduce:AddInstanceGroups",
    "elasticmapreduce:ModifyInstanceGroups",
    "elasticmapreduce:PutAutoScalingPolicy",
    "elasticmapreduce:RemoveAutoScalingPolicy",
)
READ_ALARMS = ("cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource")
WRITE_ALARMS = (
    "cloudwatch:DeleteAlarms",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
)
READ_TOPICS = ("sns:GetTopicAttributes", "sns:ListTagsForResource")
WRITE_TOPICS = (
    "sns:CreateTopic",
    "sns:DeleteTopic",
    "sns:SetTopicAttributes",
    "sns:TagResource",
    "sns:UntagResource",
)
READ_APPLICATIONS = (
    "emr-serverless:GetApplication",
    "emr-serverless:ListJobRuns",
    "emr-serverless:ListTagsForResource",
)
# A change meets no running application: its runs are cancelled and it is stopped before (stacks/drain.py).
WRITE_APPLICATIONS = (
    "emr-serverless:CancelJobRun",
    "emr-serverless:DeleteApplication",
    "emr-serverless:StopApplication",
    "emr-serverless:TagResource",
    "emr-serverless:UntagResource",
    "emr-serverless:UpdateApplication",
)
READ_CATALOG = ("athena:GetWorkGroup", "athena:ListTagsForResource", "glue:GetDatabase", "glue:GetTags")
# No deletion: with a database go the definitions of its tables, with a workgroup what analysts have saved in it.
WRITE_CATALOG = (
    "athena:CreateWorkGroup",
    "athena:TagResource",
    "athena:UntagResource",
    "athena:UpdateWorkGroup",
    "glue:CreateDatabase",
    "glue:TagResource",
    "glue:UntagResource",
    "glue:UpdateDatabase",
)


# These know no narrower resource than "*".
NEW_APPLICATIONS = ("emr-serverless:CreateApplication",)
NEW_CLUSTERS = (
    "elasticmapreduce:CreateSecurityConfiguration",
    "elasticmapreduce:DeleteSecurityConfiguration",
    "elasticmapreduce:RunJobFlow",
)
NEW_KEYS = ("kms:CreateKey",)
LOOK_UP = (
    "elasticmapreduce:DescribeSecurityConfiguration",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
)

# The verbs of the services' actions that CI may ever use.
TAGS = "*ag*Resource"  # TagResource, UntagResource, ListTagsForResource, ListTagsOfResource
ATHENA_VERBS = (TAGS, "CreateWorkGroup", "GetWorkGroup", "UpdateWorkGroup")
DYNAMODB_VERBS = (TAGS, "*Backups", "*TimeToLive", "CreateTable", "DescribeTable", "UpdateTable")
GLUE_VERBS = (TAGS, "CreateDatabase", "Get*", "UpdateDatabase")
EC2_VERBS = (
    "Allocate*", "Associate*", "Attach*", "Authorize*", "Create*", "Delete*", "Describe*", "Detach*", "Disassociate*",
    "Modify*", "Release*", "Replace*", "Revoke*",
)  # fmt: skip
# … and without a resource: what these match, beside READ_NETWORK's own, knows no narrower one either.
EC2_LOOKS = (
    "DescribeA*", "DescribeFlowLogs", "DescribeInternetGateways", "DescribeN*", "DescribePrefixLists",
    "DescribeRouteTables", "DescribeSecurityGroupRules", "DescribeSecurityGroups", "DescribeSubnets",
    "DescribeVpcEndpoints", "DescribeVpcs",
)  # fmt: skip
EMR_ANYWHERE = ("*SecurityConfiguration", "RunJobFlow")
EMR_VERBS = ("Add*", "Describe*", "Get*", "List*", "Modify*", "Put*", "Remove*", "Set*", "Terminate*")
IAM_VERBS = (
    "Add*", "Create*", "Delete*", "Get*", "List*", "PutRole*", "RemoveRole*", "Tag*", "Untag*", "Update*",
)  # fmt: skip
KMS_VERBS = (
    TAGS, "Create*", "DeleteAlias", "Describe*", "Disable*", "Enable*", "GenerateDataKey", "Get*", "List*", "Put*",
    "Update*",
)  # fmt: skip
# Whatever changes a key, granted or not.
KMS_CHANGES = (TAGS, "*Alias", "Disable*", "Enable*", "Put*", "Update*")
LOGS_VERBS = (TAGS, "*ssociate*", "Create*", "Delete*", "Describe*", "Put*")
# Whatever changes an identity, granted or not.
IAM_CHANGES = (
    "Add*", "Attach*", "Create*", "Delete*", "Detach*", "PassRole", "Put*", "Remove*", "Set*", "Tag*", "Untag*",
    "Update*",
)  # fmt: skip
