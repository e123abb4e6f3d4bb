"""What AWS judges beside the call itself: roles that are passed on, and the keys behind encrypted data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from local.cloud.iam import s3, store
from local.cloud.iam.language import listed
from local.cloud.iam.principals import Caller
from local.cloud.iam.requests import Request

# Operation → where it names a role (a JMESPath into its parameters) and which service gets it.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html; EMR's steps:
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-steps-runtime-roles.html
PASSED: Mapping[str, Sequence[tuple[str, str]]] = {
    "elasticmapreduce:RunJobFlow": (
        ("ServiceRole", "elasticmapreduce"),
        ("AutoScalingRole", "application-autoscaling"),
        ("StepExecutionRoleArn", "elasticmapreduce"),
    ),
    "elasticmapreduce:AddJobFlowSteps": (("ExecutionRoleArn", "elasticmapreduce"),),
    "emr-serverless:StartJobRun": (("executionRoleArn", "emr-serverless"),),
    "ec2:CreateFlowLogs": (("DeliverLogsPermissionArn", "vpc-flow-logs"),),
    "events:PutTargets": (("Targets[].RoleArn", "events"),),
    "events:PutRule": (("RoleArn", "events"),),
    "scheduler:CreateSchedule": (("Target.RoleArn", "scheduler"),),
    "scheduler:UpdateSchedule": (("Target.RoleArn", "scheduler"),),
    "states:CreateStateMachine": (("roleArn", "states"),),
    "states:UpdateStateMachine": (("roleArn", "states"),),
    "lambda:CreateFunction": (("Role", "lambda"),),
    "lambda:UpdateFunctionConfiguration": (("Role", "lambda"),),
    "glue:CreateJob": (("Role", "glue"),),
    "glue:UpdateJob": (("JobUpdate.Role", "glue"),),
    "glue:CreateCrawler": (("Role", "glue"),),
    "logs:PutSubscriptionFilter": (("roleArn", "logs"),),
    "cloudtrail:CreateTrail": (("CloudWatchLogsRoleArn", "cloudtrail"),),
    "cloudtrail:UpdateTrail": (("CloudWatchLogsRoleArn", "cloudtrail"),),
    "iam:AddRoleToInstanceProfile": (("RoleName", "ec2"),),
}
# The same for instance profiles: what is passed is their role, to EC2.
PROFILES: Mapping[str, str] = {
    "elasticmapreduce:RunJobFlow": "JobFlowRole",
    "ec2:RunInstances": "IamInstanceProfile.[Name, Arn][]",
    "ec2:AssociateIamInstanceProfile": "IamInstanceProfile.[Name, Arn][]",
}


@dataclass(frozen=True, kw_only=True)
class Implied:
    """One more question. `caller` is who is asked about where it is not who calls."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    caller: Caller | None = None


def questions(request: Request, account: str) -> Iterator[Implied]:
    """All that the request implies."""
    if request.service == "s3":
        yield from _keys_of_s3(request)
        return
    action = f"{request.service}:{request.operation}"
    if action in PASSED or action in PROFILES:
        yield from _roles(request, action, account)
    if action in ("logs:CreateLogGroup", "logs:AssociateKmsKey"):
        yield from _key_of_logs(request, account)


def _roles(request: Request, action: str, account: str) -> Iterator[Implied]:
    for path, service in PASSED.get(action, ()):
        for name in _found(path, request.parameters):
            role = store.role_named(name, account, "aws")
            arn = (
                role.arn
                if role
                else name
                if name.startswith("arn:")
                else f"arn:aws:iam::{account}:role/{name}"
            )
            yield _pass(arn, service)
    for name in _found(PROFILES[action], request.parameters) if action in PROFILES else ():
        role = store.role_of_profile(name, account, "aws")
        if role is not None:  # a profile that is not there is for the service to refuse
            yield _pass(role.arn, "ec2")


def _pass(arn: str, service: str) -> Implied:
    return Implied(
        action="iam:PassRole", resource=arn, context={"iam:passedtoservice": f"{service}.amazonaws.com"}
    )


def _found(path: str, parameters: Mapping[str, Any]) -> list[str]:
    value = _compiled(path).search(parameters)
    return [each for each in listed(value) if isinstance(each, str) and each]


@cache
def _compiled(path: str) -> Any:
    import jmespath  # type: ignore[import-untyped]

    return jmespath.compile(path)


def _key_of_logs(request: Request, account: str) -> Iterator[Implied]:
    """CloudWatch Logs itself must be let use the key of a log group, for that group.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    name = request.parameters.get("kmsKeyId")
    key = store.key(name, account, request.region) if name else None
    if key is None:
        return
    service = f"logs.{request.region}.amazonaws.com"
    caller = Caller(kind="service", account="", arn=service, service=service)
    group = f"arn:aws:logs:{request.region}:{account}:log-group:{request.parameters.get('logGroupName', '*')}"
    for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"):
        context = {
            "kms:encryptioncontext:aws:logs:arn": group,
            "aws:sourceaccount": account,
            "aws:sourcearn": group,
        }
        yield Implied(action=action, resource=key.arn, context=context, caller=caller)


def _keys_of_s3(request: Request) -> Iterator[Implied]:
    """What the caller must be allowed of the key when S3 reads or writes what is sealed with it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
    """
    bucket, name = s3.place(request)
    holder = store.bucket(bucket) if name else None
    if holder is None:
        return
    query = request.query
    if request.method == "GET" and not _parts(query):
        yield from _decrypt(s3.found(bucket, name, query.get("versionId")), holder, name)
    elif "uploadId" in query and request.method in ("PUT", "POST"):
        upload = holder.multiparts.get(query["uploadId"])
        if upload is not None:
            yield from _use(("kms:Decrypt",), upload.kms_key_id or _default(holder), holder, name)
    elif (request.method == "PUT" and not _parts(query)) or (request.method == "POST" and "uploads" in query):
        yield from _write(request, holder, name)
    source = s3.copy_source(request)
    if source is not None:
        other = store.bucket(source[0])
        if other is not None:
            yield from _decrypt(s3.found(source[0], source[1], source[2] or None), other, source[1])


def _parts(query: Mapping[str, str]) -> list[str]:
    """The sub-resources that a query names; the other parameters say how, not what."""
    how = ("x-amz-", "x-id", "versionid", "partnumber", "response-")
    return [name for name in query if not name.lower().startswith(how)]


def _decrypt(current: Any, holder: Any, name: str) -> Iterator[Implied]:
    if getattr(current, "encryption", None) in ("aws:kms", "aws:kms:dsse"):
        yield from _use(("kms:Decrypt",), current.kms_key_id or _default(holder), holder, name)


def _write(request: Request, holder: Any, name: str) -> Iterator[Implied]:
    told = request.header("x-amz-server-side-encryption")
    if told is None:
        yield from _use(("kms:GenerateDataKey",), _default(holder), holder, name)
    elif told.startswith("aws:kms"):
        key = request.header("x-amz-server-side-encryption-aws-kms-key-id") or _default(holder)
        yield from _use(("kms:GenerateDataKey",), key, holder, name)


def _default(holder: Any) -> str | None:
    """The key of a bucket's default encryption, None when that has no KMS key of its own."""
    rule = _rule(holder).get("ApplyServerSideEncryptionByDefault") or {}
    return str(rule["KMSMasterKeyID"]) if rule.get("KMSMasterKeyID") else None


def _rule(holder: Any) -> Mapping[str, Any]:
    rule = (holder.encryption or {}).get("Rule") or {}
    return dict(rule[0] if isinstance(rule, list) else rule)


def _use(actions: Sequence[str], name: str | None, holder: Any, item: str) -> Iterator[Implied]:
    key = store.key(name, holder.account_id, holder.region_name) if name else None
    if key is None or key.key_manager != "CUSTOMER":
        return  # AWS's own key may be used by whoever may use the bucket
    arn = f"arn:aws:s3:::{holder.name}"
    # With a bucket key, one data key serves the bucket, and the context is the bucket.
    sealed = arn if str(_rule(holder).get("BucketKeyEnabled", "")).lower() == "true" else f"{arn}/{item}"
    for action in actions:
        yield Implied(
            action=action,
            resource=key.arn,
            context={
                "kms:viaservice": f"s3.{holder.region_name}.amazonaws.com",
                "kms:encryptioncontext:aws:s3:arn": sealed,
                "kms:encryptioncontextkeys": "aws:s3:arn",
                "aws:viaawsservice": "true",
            },
        )
