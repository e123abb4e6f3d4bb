"""What may pass the VPC's endpoints: pure documents.

Where there is no NAT, nodes have no other way to AWS: this is where data could leave.
"""

from __future__ import annotations

from infra.naming import ZONES, Names
from infra.security import statements as iam

# Endpoint service -> the prefix of its actions, where that is another.
ACTION_PREFIXES = {"ecr.api": "ecr", "ecr.dkr": "ecr", "monitoring": "cloudwatch"}
USE_ITEMS = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)


def s3_policy(names: Names, *, images: bool = False) -> str:
    """This stack's buckets for this account's principals, and what EMR itself keeps in S3 for its nodes.

    `images`: whether nodes pull from ECR, which hands out addresses of layers in a bucket of its own, signed by itself.
    So a node can neither read nor write a bucket of anyone else's, with whatever credentials.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/private-subnet-iampolicy.html
    """
    buckets = [names.bucket_arn(zone) for zone in ZONES]
    return iam.document(
        _of_this_account(names, "BucketsOfThisStack", iam.BUCKET_ACTIONS, buckets),
        _of_this_account(
            names, "ObjectsOfThisStack", iam.OBJECT_ACTIONS, [f"{bucket}/*" for bucket in buckets]
        ),
        # Package managers and EMR's own agents do not sign as this account does: no condition on the caller.
        _of_anyone("PackagesOfAmazonLinuxAndEmr", ["s3:GetObject"], _emr_repositories(names)),
        _of_anyone("SystemLogsOfEmr", ["s3:PutObject"], [_emr_log_bucket(names)]),
        _of_anyone(
            "ApplicationHistoryOfEmr",
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            [_bucket(names, f"prod.{names.region}.appinfo.src")],
        ),
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html, "minimum permissions"
        *([_of_anyone("LayersOfImages", ["s3:GetObject"], [_layers(names)])] if images else []),
    )


def dynamodb_policy(names: Names) -> str:
    """Items of this account's tables."""
    return iam.document(
        _of_this_account(names, "TablesOfThisAccount", USE_ITEMS, [names.arn("dynamodb", "table/*")])
    )


def interface_policy(names: Names, service: str) -> str:
    """One service, for this account's principals; what each of them may do there is said by its role."""
    prefix = ACTION_PREFIXES.get(service, service)
    return iam.document(_of_this_account(names, "PrincipalsOfThisAccount", [f"{prefix}:*"], ["*"]))


def _of_this_account(
    names: Names, sid: str, actions: list[str] | tuple[str, ...], resources: list[str]
) -> iam.Statement:
    own = {"StringEquals": {"aws:PrincipalAccount": names.account_id}}
    return {**iam.allow(sid, actions, resources, own), "Principal": {"AWS": "*"}}


def _of_anyone(sid: str, actions: list[str], resources: list[str]) -> iam.Statement:
    return {**iam.allow(sid, actions, resources), "Principal": {"AWS": "*"}}


def _bucket(names: Names, bucket: str) -> str:
    return f"arn:{names.partition}:s3:::{bucket}/*"


def _emr_repositories(names: Names) -> list[str]:
    """Amazon Linux 2023, EMR's packages, and from release 8 on the data of EMR's own agents."""
    data = "aws157-instance-data-bucket" if names.region == "ap-southeast-2" else "aws157-instance-data"
    buckets = [
        f"al2023-repos-{names.region}-de612dc2",
        f"repo.{names.region}.emr.amazonaws.com",
        *(f"{data}-{number}-prod-{names.region}" for number in (0, 1)),
    ]
    return [_bucket(names, bucket) for bucket in buckets]


def _layers(names: Names) -> str:
    return _bucket(names, f"prod-{names.region}-starport-layer-bucket")


def _emr_log_bucket(names: Names) -> str:
    return _bucket(names, "aws157-logs-prod" + ("" if names.region == "us-east-1" else f"-{names.region}"))
