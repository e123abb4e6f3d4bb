"""What EMR needs of its service role, and EC2 of the nodes' role, before a cluster can come up.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.cloud.iam import context, store
from local.cloud.iam.credentials import Identity
from local.cloud.iam.judge import Policies, judge
from local.cloud.iam.language import Question
from local.cloud.iam.principals import Caller
from local.cloud.iam.words import explain

EMR, EC2 = "elasticmapreduce.amazonaws.com", "ec2.amazonaws.com"
Asked = tuple[str, str, Mapping[str, str]]  # action, resource, what is true beside


def problem(cluster: Any, security_configuration: Mapping[str, Any]) -> str | None:
    """Why the cluster cannot come up, in EMR's words; None when its roles allow it.

    Found while provisioning, as on EMR: the call succeeds and the cluster ends with VALIDATION_ERROR.
    """
    region, account = cluster.arn.split(":")[3:5]
    service = store.role_named(cluster.request["ServiceRole"], account, "aws")
    nodes = store.role_of_profile(cluster.request["JobFlowRole"], account, "aws")
    if service is None or nodes is None:
        return None if service is None else f"Instance profile {cluster.request['JobFlowRole']} has no role."
    source = {"aws:sourceaccount": account, "aws:sourcearn": cluster.arn}
    for principal, role, told in ((EMR, service, source), (EC2, nodes, {})):
        caller = Caller(kind="service", account="", arn=principal, service=principal)
        trust = Policies(resource=store.document(role.assume_role_policy_document), resource_decides=True)
        if judge(_question(caller, ("sts:AssumeRole", role.arn, told)), trust):
            return f"{principal} cannot assume the role {role.arn}: its trust policy does not allow it."
    caller = Caller(
        kind="session", account=account, role_arn=service.arn,
        arn=f"arn:aws:sts::{account}:assumed-role/{service.name}/EMR",
    )  # fmt: skip
    own = Identity(
        caller=caller, secret="", identity=store.of_identity(service), boundary=store.boundary(service)
    )
    for asked in _needs(cluster, nodes.arn, region, account, security_configuration):
        question, policies = _question(caller, asked, own), _policies(own, asked)
        refusal = judge(question, policies)
        if refusal is not None:
            return (
                f"Service role {service.arn} has insufficient EC2 permissions. {explain(question, refusal)}"
            )
    return None


def _needs(
    cluster: Any, nodes: str, region: str, account: str, security_configuration: Mapping[str, Any]
) -> Iterator[Asked]:
    """What EMR does with the service role to launch the nodes, each with its resource and context."""
    instances = cluster.request.get("Instances") or {}
    ec2 = f"arn:aws:ec2:{region}:{account}"
    launch = "ec2:CreateFleet" if cluster.collection == "INSTANCE_FLEET" else "ec2:RunInstances"
    where = {"aws:requestedregion": region}
    yield "iam:PassRole", nodes, {"iam:passedtoservice": EC2}
    yield "ec2:DescribeSubnets", "*", where
    subnets = [instances.get("Ec2SubnetId"), *(instances.get("Ec2SubnetIds") or [])]
    # Those that the nodes are launched into; a group that EMR makes itself, it tags itself.
    named_groups = (instances.get(f"EmrManaged{each}SecurityGroup") for each in ("Master", "Slave"))
    more = (instances.get(f"Additional{each}SecurityGroups") or [] for each in ("Master", "Slave"))
    groups = {*filter(None, named_groups), *(group for each in more for group in each)}
    named = [
        *(f"{ec2}:subnet/{each}" for each in subnets if each),
        *(f"{ec2}:security-group/{each}" for each in sorted(groups)),
    ]
    for arn in named:
        tags = {f"aws:resourcetag/{name.lower()}": value for name, value in store.tags(arn).items()}
        yield launch, arn, {**where, **tags}
    asked = {f"aws:requesttag/{name.lower()}": value for name, value in cluster.tags.items()}
    for kind in ("instance", "volume"):
        yield launch, f"{ec2}:{kind}/*", {**where, **asked}
        yield "ec2:CreateTags", f"{ec2}:{kind}/*", {**where, "ec2:createaction": launch.partition(":")[2]}
    yield from _disks(security_configuration, region, account)


def _disks(security_configuration: Mapping[str, Any], region: str, account: str) -> Iterator[Asked]:
    """EBS uses the disks' key by a grant that the service role makes for it."""
    rest = security_configuration.get("EncryptionConfiguration", {}).get("AtRestEncryptionConfiguration", {})
    disks = rest.get("LocalDiskEncryptionConfiguration", {})
    key = store.key(disks["AwsKmsKey"], account, region) if disks.get("AwsKmsKey") else None
    if key is not None and disks.get("EnableEbsEncryption"):
        through = {"kms:viaservice": f"ec2.{region}.amazonaws.com", "aws:viaawsservice": "true"}
        yield "kms:GenerateDataKeyWithoutPlaintext", key.arn, through
        yield "kms:CreateGrant", key.arn, {**through, "kms:grantisforawsresource": "true"}


def _question(caller: Caller, asked: Asked, identity: Identity | None = None) -> Question:
    action, arn, told = asked
    common = context.of_caller(identity) if identity else {}
    known = {**common, "aws:securetransport": "true", **told}
    return Question(
        caller=caller,
        action=action,
        resource=arn,
        context={k: (v,) for k, v in known.items() if v is not None},
    )


def _policies(own: Identity, asked: Asked) -> Policies:
    key = asked[1].startswith("arn:aws:kms:")
    document = store.of_resource(asked[1])[0] if key else None
    return Policies(identity=own.identity, boundary=own.boundary, resource=document, resource_decides=key)
