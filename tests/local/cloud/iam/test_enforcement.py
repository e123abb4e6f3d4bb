"""Calls through the wire: who may do what, and what the client is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.local.cloud.iam.conftest import (
    ACCOUNT,
    ADMINISTRATOR,
    REGION,
    Cloud,
    allow,
    deny,
    policy,
    refused,
    trust,
)


def test_the_home_s_administrator_may_do_everything_and_says_who_it_is(aws: Cloud) -> None:
    assert (
        aws.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/emrctl-administrator"
    )
    assert aws.client("ec2").describe_vpcs()["Vpcs"]


def test_what_no_policy_allows_is_refused_in_aws_s_words(aws: Cloud) -> None:
    user = aws.user(allow("s3:GetObject", on="arn:aws:s3:::elsewhere/*"))
    bucket = aws.bucket(a="1")
    who = f"User: arn:aws:iam::{ACCOUNT}:user/{user.name} is not authorized to perform:"
    assert refused(user.client("s3").get_object, Bucket=bucket, Key="a") == (
        "AccessDenied",
        f'{who} s3:GetObject on resource: "arn:aws:s3:::{bucket}/a" because no identity-based policy allows the '
        "s3:GetObject action",
    )
    assert refused(user.client("ec2").describe_vpcs) == (
        "UnauthorizedOperation",
        f"You are not authorized to perform this operation. {who} ec2:DescribeVpcs on resource: * because no "
        "identity-based policy allows the ec2:DescribeVpcs action",
    )
    assert refused(user.client("kms").list_keys)[0] == "AccessDeniedException"
    assert refused(user.client("iam").list_roles)[0] == "AccessDenied"
    assert refused(user.client("emr").list_clusters)[0] == "AccessDeniedException"
    assert refused(user.client("emr-serverless").list_applications)[0] == "AccessDeniedException"


def test_nobody_needs_a_policy_to_ask_who_they_are(aws: Cloud) -> None:
    user = aws.user(deny("sts:*"))
    assert user.client("sts").get_caller_identity()["Arn"].endswith(f":user/{user.name}")


@pytest.mark.parametrize(
    ("service", "call", "unknown", "wrong"),
    [
        ("s3", "list_buckets", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
        ("iam", "list_roles", "InvalidClientTokenId", "SignatureDoesNotMatch"),
        ("kms", "list_keys", "UnrecognizedClientException", "InvalidSignatureException"),
        ("ec2", "describe_vpcs", "AuthFailure", "AuthFailure"),
        ("emr-serverless", "list_applications", "UnrecognizedClientException", "InvalidSignatureException"),
    ],
)
def test_keys_that_are_nobody_s_and_wrong_secrets(
    aws: Cloud, service: str, call: str, unknown: str, wrong: str
) -> None:
    assert refused(getattr(aws.client(service, "AKIA2222222222222222", "x"), call))[0] == unknown
    assert refused(getattr(aws.client(service, ADMINISTRATOR.access_key_id, "wrong"), call))[0] == wrong


def test_signatures_hold_for_odd_keys_queries_and_metadata(aws: Cloud) -> None:
    s3, bucket = aws.client("s3"), aws.bucket()
    for key in ("a b/ü+%2F~(1)'*.txt", "x=1/y=2/part-0&c", "double//slash", "./dot/../dots"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x", Metadata={"a_b": "two  spaces", "c": "d"})
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="a b/ü+%", Delimiter="~", StartAfter="a")
    assert listed["KeyCount"] == 1
    assert aws.client("iam").list_roles(PathPrefix="/a b+c/")["Roles"] == []


def test_a_presigned_url_carries_its_signer_s_rights(aws: Cloud) -> None:
    import urllib.request
    from urllib.error import HTTPError

    bucket = aws.bucket(a="1", b="2")
    signer = aws.user(allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/a")).client("s3")

    def get(key: str) -> bytes:
        url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        with urllib.request.urlopen(url) as answer:
            found: bytes = answer.read()
            return found

    assert get("a") == b"1"
    with pytest.raises(HTTPError, match="403"):
        get("b")


def test_the_anonymous_see_only_what_a_bucket_shows_everyone(aws: Cloud) -> None:
    bucket = aws.bucket(open="1", closed="2")
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/open",
    }
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    config = Config(signature_version=UNSIGNED, s3={"addressing_style": "path"})
    nobody = boto3.client("s3", endpoint_url=aws.server.endpoint, region_name=REGION, config=config)
    assert nobody.get_object(Bucket=bucket, Key="open")["Body"].read() == b"1"
    assert refused(nobody.get_object, Bucket=bucket, Key="closed") == ("AccessDenied", "Access Denied")


def test_a_deny_wins_wherever_it_stands(aws: Cloud) -> None:
    bucket = aws.bucket(a="1")
    user = aws.user(allow("s3:*"), deny("s3:GetObject", on="arn:aws:s3:::*/a"))
    assert (
        "with an explicit deny in an identity-based policy"
        in refused(user.client("s3").get_object, Bucket=bucket, Key="a")[1]
    )
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
    }  # fmt: skip
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    user.client("s3").put_object(Bucket=bucket, Key="b", Body=b"", ServerSideEncryption="aws:kms")
    assert (
        "with an explicit deny in a resource-based policy"
        in refused(user.client("s3").put_object, Bucket=bucket, Key="b", Body=b"x" * 3_000_000)[1]
    )


def test_a_bucket_s_policy_allows_without_any_of_the_user_s(aws: Cloud) -> None:
    user, bucket = aws.user(), aws.bucket(a="1")
    arn = f"arn:aws:iam::{ACCOUNT}:user/{user.name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": arn},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    assert user.client("s3").get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"


def test_the_policies_of_topics_and_queues_allow_and_deny_users(aws: Cloud) -> None:
    user, other = aws.user(), aws.user(allow("sqs:*", "sns:*"))
    arns = [f"arn:aws:iam::{ACCOUNT}:user/{each.name}" for each in (user, other)]
    sqs, sns = aws.client("sqs"), aws.client("sns")
    url = sqs.create_queue(QueueName=aws.name("queue"))["QueueUrl"]
    topic = sns.create_topic(Name=aws.name("topic"))["TopicArn"]

    def rules(action: str) -> str:
        return policy(
            {"Effect": "Allow", "Principal": {"AWS": arns[0]}, "Action": action, "Resource": "*"},
            {"Effect": "Deny", "Principal": {"AWS": arns[1]}, "Action": action, "Resource": "*"},
        )

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": rules("sqs:SendMessage")})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=rules("sns:Publish"))
    for service, call, given in (
        ("sqs", "send_message", {"QueueUrl": url, "MessageBody": "x"}),
        ("sns", "publish", {"TopicArn": topic, "Message": "x"}),
    ):
        getattr(user.client(service), call)(**given)
        message = refused(getattr(other.client(service), call), **given)[1]
        assert "with an explicit deny in a resource-based policy" in message


def test_a_missing_object_is_403_without_the_right_to_list(aws: Cloud) -> None:
    bucket = aws.bucket(a="1")
    reader = aws.user(allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/*"))
    assert refused(reader.client("s3").get_object, Bucket=bucket, Key="gone")[0] == "AccessDenied"
    assert refused(reader.client("s3").head_object, Bucket=bucket, Key="gone")[0] == "403"
    lister = aws.user(
        allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/*"),
        allow("s3:ListBucket", on=f"arn:aws:s3:::{bucket}"),
    )
    assert refused(lister.client("s3").get_object, Bucket=bucket, Key="gone")[0] == "NoSuchKey"
    assert refused(lister.client("s3").head_object, Bucket=bucket, Key="gone")[0] == "404"


def test_listing_goes_by_prefix(aws: Cloud) -> None:
    bucket = aws.bucket()
    rule = allow("s3:ListBucket", on=f"arn:aws:s3:::{bucket}", StringLike={"s3:prefix": ["in/*"]})
    s3 = aws.user(rule).client("s3")
    s3.list_objects_v2(Bucket=bucket, Prefix="in/2013")
    assert refused(s3.list_objects_v2, Bucket=bucket, Prefix="out/")[0] == "AccessDenied"
    assert refused(s3.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_copies_and_deletions_are_judged_for_each_object(aws: Cloud) -> None:
    bucket = aws.bucket(a="1", b="2")
    arn = f"arn:aws:s3:::{bucket}"
    s3 = aws.user(
        allow("s3:PutObject", on=f"{arn}/*"), allow("s3:DeleteObject", "s3:GetObject", on=f"{arn}/a")
    ).client("s3")
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/a")
    code, message = refused(s3.copy_object, Bucket=bucket, Key="c", CopySource=f"{bucket}/b")
    assert (code, "s3:GetObject" in message) == ("AccessDenied", True)
    assert (
        f"{arn}/b"
        in refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})[1]
    )
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}]})


def test_a_boundary_limits_what_is_allowed(aws: Cloud) -> None:
    iam, bucket = aws.client("iam"), aws.bucket(a="1")
    bound = iam.create_policy(PolicyName=aws.name("bound"), PolicyDocument=policy(allow("s3:ListBucket")))[
        "Policy"
    ]["Arn"]
    role = aws.role(trust({"Service": "ec2.amazonaws.com"}), allow("s3:*"), PermissionsBoundary=bound)
    s3 = aws.session(role).client("s3")
    s3.list_objects_v2(Bucket=bucket)
    assert refused(s3.get_object, Bucket=bucket, Key="a")[1].endswith(
        "because no permissions boundary allows the s3:GetObject action"
    )


def test_a_session_policy_limits_its_session(aws: Cloud) -> None:
    bucket = aws.bucket(a="1")
    user = aws.user(allow("sts:AssumeRole"))
    role = aws.role(trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), allow("s3:*"))
    wide = aws.session(role, user.client("sts"))
    narrow = aws.session(role, user.client("sts"), Policy=policy(allow("s3:ListBucket")))
    assert wide.client("s3").get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
    assert "no session policy allows" in refused(narrow.client("s3").get_object, Bucket=bucket, Key="a")[1]


def test_a_role_is_taken_only_by_whom_it_trusts(aws: Cloud) -> None:
    user, other = aws.user(), aws.user(allow("sts:*"))
    role = aws.role(trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/{user.name}"}))
    # Named itself, in the same account, a user needs no policy of its own.
    aws.session(role, user.client("sts"))
    code, message = refused(other.client("sts").assume_role, RoleArn=role, RoleSessionName="test")
    assert (code, "sts:AssumeRole on resource: " + role in message) == ("AccessDenied", True)
    # The session's tags need a right of their own.
    tags = [{"Key": "team", "Value": "a"}]
    assert (
        "sts:TagSession"
        in refused(user.client("sts").assume_role, RoleArn=role, RoleSessionName="test", Tags=tags)[1]
    )


def test_session_tags_are_the_principal_s(aws: Cloud) -> None:
    user, bucket = aws.user(), aws.bucket(a="1", b="2")
    trusted = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/{user.name}"}, "sts:AssumeRole", "sts:TagSession")
    role = aws.role(trusted, allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/key}}"))
    s3 = aws.session(role, user.client("sts"), Tags=[{"Key": "key", "Value": "a"}]).client("s3")
    s3.get_object(Bucket=bucket, Key="a")
    assert refused(s3.get_object, Bucket=bucket, Key="b")[0] == "AccessDenied"


def test_a_session_ends(aws: Cloud) -> None:
    from moto.sts.models import sts_backends

    session = aws.session(aws.role(trust({"Service": "ec2.amazonaws.com"}), allow("*")))
    session.client("s3").list_buckets()
    held = next(r for r in sts_backends[ACCOUNT]["aws"].assumed_roles if r.access_key_id == session.key)
    held.expiration = (datetime.now(UTC) - timedelta(seconds=1)).replace(tzinfo=None)
    assert refused(session.client("s3").list_buckets)[0] == "ExpiredToken"
    assert refused(session.client("iam").list_roles)[0] == "ExpiredToken"
    assert refused(session.client("kms").list_keys)[0] == "ExpiredTokenException"


def test_a_key_goes_by_its_own_policy(aws: Cloud) -> None:
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    through = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    manage = {
        "Effect": "Allow",
        "Principal": root,
        "Action": ["kms:Describe*", "kms:PutKeyPolicy"],
        "Resource": "*",
    }
    use = {
        "Effect": "Allow",
        "Principal": root,
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": through,
    }
    kms, s3 = aws.client("kms"), aws.client("s3")
    key = kms.create_key(Policy=policy(manage, use))["KeyMetadata"]["Arn"]
    assert (
        "no resource-based policy allows the kms:Encrypt action"
        in refused(kms.encrypt, KeyId=key, Plaintext=b"x")[1]
    )
    bucket = aws.bucket()
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    blind = aws.user(allow("s3:*"), allow("kms:GenerateDataKey")).client("s3")
    blind.put_object(Bucket=bucket, Key="b", Body=b"1")
    blind.head_object(Bucket=bucket, Key="a")
    assert "kms:Decrypt on resource: " + key in refused(blind.get_object, Bucket=bucket, Key="a")[1]
    upload = blind.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    given: dict[str, Any] = {"Bucket": bucket, "Key": "c", "UploadId": upload}
    assert "kms:Decrypt" in refused(blind.upload_part, **given, PartNumber=1, Body=b"x")[1]


def test_an_alias_needs_both_itself_and_its_key(aws: Cloud) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    alias = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/iam-test"
    given = {"AliasName": "alias/iam-test", "TargetKeyId": key}
    kms = aws.user(allow("kms:CreateAlias", on=alias)).client("kms")
    assert f"kms:CreateAlias on resource: {key}" in refused(kms.create_alias, **given)[1]
    aws.user(allow("kms:CreateAlias", on=[alias, key])).client("kms").create_alias(**given)


def test_log_groups_need_the_key_s_consent_to_cloudwatch_logs(aws: Cloud) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    logs = aws.client("logs")
    assert "logs.us-east-1.amazonaws.com" in refused(logs.create_log_group, logGroupName="g", kmsKeyId=key)[1]


def test_roles_are_passed_only_by_who_may(aws: Cloud) -> None:
    role = aws.role(trust({"Service": "vpc-flow-logs.amazonaws.com"}))
    rule = allow("iam:PassRole", on=role, StringEquals={"iam:PassedToService": "vpc-flow-logs.amazonaws.com"})
    vpc = aws.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    given = {
        "ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": "flows",
        "DeliverLogsPermissionArn": role,
    }  # fmt: skip
    without, with_it = aws.user(allow("ec2:*")), aws.user(allow("ec2:*"), rule)
    assert "iam:PassRole on resource: " + role in refused(without.client("ec2").create_flow_logs, **given)[1]
    with_it.client("ec2").create_flow_logs(**given)


def test_tags_of_resources_and_requests_count(aws: Cloud) -> None:
    ec2 = aws.client("ec2")
    mine = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    asked = {
        "StringEquals": {"aws:RequestTag/team": "a"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    user = aws.user(
        allow("ec2:DeleteVpc", on="arn:aws:ec2:*:*:vpc/*", **mine),
        allow("ec2:CreateVpc", "ec2:CreateTags", on="arn:aws:ec2:*:*:vpc/*", **asked),
    ).client("ec2")

    def tags(**given: str) -> list[dict[str, Any]]:
        return [{"ResourceType": "vpc", "Tags": [{"Key": k, "Value": v} for k, v in given.items()]}]

    assert refused(user.create_vpc, CidrBlock="10.1.0.0/16")[0] == "UnauthorizedOperation"
    assert (
        refused(user.create_vpc, CidrBlock="10.1.0.0/16", TagSpecifications=tags(team="a", x="y"))[0]
        == "UnauthorizedOperation"
    )
    made = user.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tags(team="a"))["Vpc"]["VpcId"]
    other = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    assert refused(user.delete_vpc, VpcId=other)[0] == "UnauthorizedOperation"
    user.delete_vpc(VpcId=made)


def test_what_is_not_evaluated_is_reported(aws: Cloud) -> None:
    aws.user(allow("s3:GetObject", StringEquals={"s3:JobSuspendedCause": "x"}))
    bucket = aws.bucket()
    statement = {**deny("s3:*", StringAlmost={"aws:SourceIp": "y"}), "Principal": "*"}
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    queue = {"Policy": policy({**allow("sqs:*", StringEquals={"aws:Guess": "x"}), "Principal": "*"})}
    aws.client("sqs").create_queue(QueueName=aws.name("queue"), Attributes=queue)
    text = policy({**allow("sns:*", StringEquals={"aws:GuessToo": "x"}), "Principal": "*"})
    topic = aws.client("sns").create_topic(Name=aws.name("topic"))["TopicArn"]
    aws.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    aws.client("logs").put_resource_policy(policyName="p", policyDocument=policy())
    own = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    aws.client("s3").put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=own)
    aws.client("s3").put_bucket_acl(Bucket=bucket, ACL="private")
    lines = "\n".join(aws.authority.unevaluated)
    for key in ("aws:guess", "aws:guesstoo"):
        assert f"the condition key {key} is not evaluated" in lines
    assert "logs:PutResourcePolicy: not evaluated: a policy of log groups" in lines
    assert "s3:PutBucketAcl: not evaluated: an ACL" in lines
    assert "the condition key s3:jobsuspendedcause is not evaluated" in lines
    assert "the condition operator StringAlmost does not exist" in lines


def test_a_deny_on_a_principal_spares_only_that_one(aws: Cloud) -> None:
    role = aws.role(trust({"Service": "ec2.amazonaws.com"}), allow("s3:*"))
    bucket = aws.bucket(a="1")
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}},
    }  # fmt: skip
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": statement}))
    aws.session(role).client("s3").get_object(Bucket=bucket, Key="a")
    assert "explicit deny" in refused(aws.client("s3").get_object, Bucket=bucket, Key="a")[1]


def test_a_ciphertext_is_of_the_key_that_sealed_it(aws: Cloud) -> None:
    kms = aws.client("kms")
    mine, other = (kms.create_key()["KeyMetadata"] for _ in range(2))
    user = aws.user(allow("kms:Decrypt", on=mine["Arn"]))
    sealed = {
        key["KeyId"]: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"a")["CiphertextBlob"]
        for key in (mine, other)
    }
    assert user.client("kms").decrypt(CiphertextBlob=sealed[mine["KeyId"]])["Plaintext"] == b"a"
    _, message = refused(user.client("kms").decrypt, CiphertextBlob=sealed[other["KeyId"]])
    assert other["Arn"] in message
    assert refused(user.client("kms").decrypt, CiphertextBlob=b"none")[0] == "AccessDeniedException"


def test_tags_of_what_is_made_beside_the_resource_asked_for_are_of_the_account(aws: Cloud) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=aws.name("group"), Description="one", VpcId=vpc)["GroupId"]
    own = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
    authorize = allow("ec2:AuthorizeSecurityGroupIngress", on=f"{own}:security-group/*")
    rule = {
        "GroupId": group,
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        ],
        "TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": [{"Key": "a", "Value": "b"}]}],
    }
    without, also = (
        aws.user(authorize),
        aws.user(authorize, allow("ec2:CreateTags", on=f"{own}:security-group-rule/*")),
    )
    assert "ec2:CreateTags" in refused(without.client("ec2").authorize_security_group_ingress, **rule)[1]
    also.client("ec2").authorize_security_group_ingress(**rule)
