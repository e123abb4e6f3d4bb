"""Which resources a request is about: the table of actions, filled from the request's parameters."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from local.cloud.iam import store
from local.cloud.iam.requests import Request

_PLACE = re.compile(r"\$\{(\w+)\}")
# Actions that are not called as their operations are.
ACTIONS: Mapping[str, Sequence[str]] = {
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
    "sns:PublishBatch": ("sns:Publish",),
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "kms:ReEncrypt": ("kms:ReEncryptFrom", "kms:ReEncryptTo"),
    "elasticmapreduce:DescribeJobFlows": ("elasticmapreduce:DescribeCluster",),
}
# Of a transaction's parts each has an action of its own.
TRANSACTIONS = {
    "Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}  # fmt: skip
# Where a placeholder of an ARN is found in a request, beyond a parameter of its own name (or its plural).
_PARAMETERS: Mapping[str, Sequence[str]] = {
    "elasticmapreduce:ClusterId": ("JobFlowId", "JobFlowIds", "ResourceId", "ClusterArn"),
    "elasticmapreduce:StudioId": ("ResourceId",),
    "emr-serverless:ApplicationId": ("applicationId", "resourceArn"),
    "emr-serverless:JobRunId": ("jobRunId",),
    "emr-containers:VirtualClusterId": ("virtualClusterId", "id", "resourceArn"),
    "emr-containers:JobRunId": ("id",),
    "emr-containers:JobTemplateId": ("id",),
    "kms:KeyId": ("TargetKeyId", "SourceKeyId", "DestinationKeyId"),
    "kms:Alias": ("AliasName",),
    "iam:RoleNameWithPath": ("RoleName",),
    "iam:UserNameWithPath": ("UserName",),
    "iam:GroupNameWithPath": ("GroupName",),
    "iam:PolicyNameWithPath": ("PolicyArn", "PolicyName"),
    "iam:InstanceProfileNameWithPath": ("InstanceProfileName",),
    "iam:OidcProviderName": ("OpenIDConnectProviderArn", "Url"),
    "iam:SamlProviderName": ("SAMLProviderArn", "Name"),
    "sts:RoleNameWithPath": ("RoleArn",),
    "sts:FederatedUserName": ("Name",),
    "logs:LogGroupName": ("logGroupName", "logGroupIdentifier", "resourceArn", "logGroupNames"),
    "logs:LogStreamName": ("logStreamName",),
    "cloudwatch:AlarmName": ("AlarmNames", "ResourceARN"),
    "cloudwatch:DashboardName": ("DashboardNames",),
    "sns:TopicName": ("TopicArn", "TargetArn", "Name", "ResourceArn"),
    "sqs:QueueName": ("QueueUrl",),
    "dynamodb:TableName": ("ResourceArn", "RequestItems"),
    "events:RuleName": ("Rule", "Name", "ResourceARN"),
    "events:event-bus:EventBusName": ("Name",),
    "glue:DatabaseName": ("DatabaseName", "Name", "DatabaseInput.Name"),
    "glue:TableName": ("Name",),
    "glue:JobName": ("Name",),
    "secretsmanager:SecretId": ("Name",),
    "athena:WorkGroupName": ("WorkGroup", "Name"),
    "states:StateMachineName": ("stateMachineArn", "name", "resourceArn"),
    "states:ExecutionId": ("executionArn",),
    "cloudtrail:TrailName": ("Name", "ResourceId"),
    "scheduler:ScheduleName": ("Name",),
    "ec2:SecurityGroupId": ("GroupId", "GroupIds"),
    "ec2:VpcFlowLogId": ("FlowLogIds",),
    "ec2:LaunchTemplateId": ("LaunchTemplateName",),
    "ec2:SecurityGroupRuleId": ("SecurityGroupRuleIds",),
}  # fmt: skip
# The tags of every kind of resource are asked for by its ARN.
_TAGGED = {"athena": "ResourceARN", "glue": "ResourceArn"}
_ANY_ID = ("ResourceId", "ResourceIds", "Resources")  # EC2's tags and flow logs name resources of every kind
_EC2_KINDS = {
    "i": "instance", "vol": "volume", "eni": "network-interface", "sg": "security-group", "sgr": "security-group-rule",
    "subnet": "subnet", "vpc": "vpc", "vpce": "vpc-endpoint", "rtb": "route-table", "igw": "internet-gateway",
    "nat": "natgateway", "eipalloc": "elastic-ip", "lt": "launch-template", "fl": "vpc-flow-log", "acl": "network-acl",
    "ami": "image", "snap": "snapshot", "dopt": "dhcp-options", "fleet": "fleet", "key": "key-pair",
}  # fmt: skip
_EMPTY_FOR = {"iam", "sts"}  # whose resources are of no region


@cache
def table() -> Mapping[str, Any]:
    """The Service Authorization Reference, as far as the platform's services go."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "actions.json").read_text())
    return found


def asked(request: Request, account: str) -> list[tuple[str, str]]:
    """The actions and resources that a request of any service but S3 is judged on."""
    action = f"{request.service}:{request.operation}"
    if action == "dynamodb:TransactWriteItems":
        return list(_transaction(request, account))
    found = []
    for name in ACTIONS.get(action, (action,)):
        found += [(name, arn) for arn in _arns(request, name, account)]
    return found


def _arns(request: Request, action: str, account: str) -> list[str]:
    service, _, name = action.partition(":")
    known = table().get(service)
    kinds = known["actions"].get(name) if known else None
    if known is None or not kinds:
        return ["*"]  # an action without resources, or of a service that the table does not have
    tagged = request.parameters.get(_TAGGED.get(service, ""))
    if isinstance(tagged, str) and "Tag" in name:
        return [tagged]
    found: list[str] = []
    generic: list[str] = []
    for kind in _meant(kinds, request):
        arns, exact = _of_kind(
            request, service, known["resources"][kind.rstrip("!")], kind.rstrip("!"), account
        )
        if exact:
            found += arns
        elif kind.endswith("!"):
            generic += arns
    return list(dict.fromkeys([*found, *generic])) or ["*"]


def _meant(kinds: Sequence[str], request: Request) -> Sequence[str]:
    """Of the kinds that stand for one another, the one that is meant: a rule is of the default bus or of another.

    An index of a table is asked for by its name, else the table itself alone.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-identity-based-policies.html
    """
    if request.service == "dynamodb" and "IndexName" not in request.parameters:
        return [kind for kind in kinds if kind.rstrip("!") != "index"]
    bus = request.parameters.get("EventBusName") or "default"
    other = "rule-on-custom-event-bus" if bus == "default" else "rule-on-default-event-bus"
    return [kind for kind in kinds if kind.rstrip("!") not in (other, "rootcatalog")]


def _of_kind(request: Request, service: str, pattern: str, kind: str, account: str) -> tuple[list[str], bool]:
    """The ARNs of one kind that a request names; else the kind's ARN with `*` for the name, as AWS judges it."""
    fixed = {"Partition": "aws", "Region": request.region, "Account": account}
    names = [name for name in _PLACE.findall(pattern) if name not in fixed]
    values: dict[str, list[str]] = {}
    for name in names:
        values[name] = _values(request, service, name, kind)
    arn = _PLACE.sub(lambda found: fixed.get(found[1], found[0]), pattern)
    first = values[names[0]] if names else []
    whole = [
        each for each in first if each.startswith("arn:") and (service != "emr-serverless" or len(names) == 1)
    ]
    if whole:
        return [_of_log_group(each) for each in whole], True
    if not names or not all(values.values()):
        filled = arn
        for name in names:
            filled = filled.replace(f"${{{name}}}", (values[name] or ["*"])[0])
        # Rules, tables and the like: with the first name known it is still that one's.
        return [filled], bool(first) and service not in ("ec2", "logs", "emr-containers", "emr-serverless")
    found = []
    for value in first:
        one = arn.replace(f"${{{names[0]}}}", value)
        for name in names[1:]:
            one = one.replace(f"${{{name}}}", values[name][0])
        found.append(_named(one, service, request, account))
    return found, True


def _values(request: Request, service: str, name: str, kind: str) -> list[str]:
    parameters = request.parameters
    found: list[str] = []
    for place in (
        name,
        f"{name}s",
        name[:1].lower() + name[1:],
        *_PARAMETERS.get(f"{service}:{kind}:{name}", ()),
        *_PARAMETERS.get(f"{service}:{name}", ()),
    ):
        found = [_bare(each, place) for each in _texts(_at(parameters, place))]
        if found:
            break
    if service == "kms" and name == "KeyId" and not found:
        found = _sealed_with(parameters.get("CiphertextBlob"))
    if service == "ec2":
        prefixes = [prefix for prefix, of in _EC2_KINDS.items() if of == kind]
        for place in _ANY_ID:
            found += [i for i in _texts(parameters.get(place)) if i.rpartition("-")[0] in prefixes]
    return found


def _at(parameters: Mapping[str, Any], place: str) -> Any:
    """What a request says at a place, where `.` goes into a structure."""
    first, _, rest = place.partition(".")
    value = parameters.get(first)
    return _at(value, rest) if rest and isinstance(value, Mapping) else value


def _sealed_with(ciphertext: Any) -> list[str]:
    """The key of a ciphertext, which names it: Decrypt need not."""
    from moto.kms.utils import _deserialize_ciphertext_blob

    try:
        return [_deserialize_ciphertext_blob(ciphertext).key_id] if ciphertext else []
    except (TypeError, ValueError, struct.error):  # no ciphertext of this KMS, which says so itself
        return []


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, Mapping):
        return [str(key) for key in value]
    return [each for each in value or [] if isinstance(each, str)]


def _bare(value: str, place: str) -> str:
    if place == "QueueUrl":
        return value.rstrip("/").rpartition("/")[2]
    return value.removeprefix("alias/") if place == "AliasName" else value.removeprefix("https://")


def _of_log_group(arn: str) -> str:
    return arn.removesuffix(":*") if ":logs:" in arn else arn


def _named(arn: str, service: str, request: Request, account: str) -> str:
    """The ARN that a name stands for: with the path of an IAM resource, the key behind an alias, the secret's end."""
    kind, _, name = arn.split(":", 5)[5].partition("/")
    if service == "iam":
        return _with_path(arn, kind, name, request, account)
    if service == "kms" and kind == "key":
        found = store.key(name, account, request.region)
        return str(found.arn) if found else arn
    if service == "secretsmanager":
        return store.secret(arn.rpartition(":")[2], account, request.region) or f"{arn}-??????"
    return arn


def _with_path(arn: str, kind: str, name: str, request: Request, account: str) -> str:
    backend = store.backends("iam", account, "aws")
    found: Mapping[str, Any] = {
        "role": {r.name: r for r in list(backend.roles.values())},
        "user": backend.users,
        "group": backend.groups,
        "instance-profile": {p.name: p for p in list(backend.instance_profiles.values())},
    }.get(kind, {})
    if name in found:
        return str(found[name].arn)
    path = request.parameters.get("Path") or "/"
    return arn.replace(f"{kind}/{name}", f"{kind}{path}{name}")


def _transaction(request: Request, account: str) -> Iterator[tuple[str, str]]:
    for item in request.parameters.get("TransactItems") or []:
        for kind, part in item.items():
            name = str(part.get("TableName", "*"))
            arn = (
                name
                if name.startswith("arn:")
                else f"arn:aws:dynamodb:{request.region}:{account}:table/{name}"
            )
            yield TRANSACTIONS.get(kind, f"dynamodb:{kind}"), arn
