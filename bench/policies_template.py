"""What bench/policies judges: the same resources as a template of CloudFormation and as the pack sees them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from policies.cases import Given
from policies.corpus import cloudformation

TAGS = [
    {"Key": key, "Value": "x"}
    for key in ("environment", "owner", "cost-center", "data-classification", "managed-by")
]
# What a platform has most of; as it should be, so that rules look to the end and the engine has little to print.
TEMPLATE: dict[str, dict[str, Any]] = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "EnableKeyRotation": True,
            "KeyPolicy": {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                                         "Action": "kms:*", "Resource": "*"}]},
        },
    },
    "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 400, "KmsKeyId": {"Ref": "Key"}}},
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "Key"}}}]},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True,
                                               "IgnorePublicAcls": True, "RestrictPublicBuckets": True},
            "VersioningConfiguration": {"Status": "Enabled"},
        },
    },
    "BucketPolicy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                                              "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]},
        },
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": [
            {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]}},
    },
    "Grant": {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "grant",
            "Roles": [{"Ref": "Role"}],
            "PolicyDocument": {"Statement": [
                {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::acme/x/*"},
                {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:us-east-1:123456789012:key/1"}]},
        },
    },
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "inside", "VpcId": "vpc-1",
            "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}],
        },
    },
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
}  # fmt: skip
SET = len(TEMPLATE) + 3  # the bucket's settings are resources of their own to the pack
UNTAGGED = ("AWS::S3::BucketPolicy", "AWS::IAM::Policy")


def template(count: int) -> dict[str, Any]:
    """A template of CloudFormation that is about `count` resources to the pack."""
    resources = {}
    for number in range(count // SET):
        text = json.dumps(TEMPLATE)
        for name in TEMPLATE:
            text = text.replace(f'"Ref": "{name}"', f'"Ref": "{name}{number}"')
        for name, body in json.loads(text).items():
            if body["Type"] not in UNTAGGED:
                body["Properties"]["Tags"] = TAGS
            resources[f"{name}{number}"] = body
    return {"Resources": resources}


def given(count: int) -> list[Given]:
    """The same resources as the pack sees them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.json"
        file.write_text(json.dumps(template(count)))
        declared = cloudformation.read([file])
    known = {one.address for one in declared}
    return [one.given(known) for one in declared]
