"""IAM: statements that do not say what they seem to: no such action, a resource of another type, idle conditions."""

from __future__ import annotations

from collections.abc import Iterator

from policies.actions import narrowable, stray
from policies.documents import Statement, read
from policies.grants import IDENTITY_POLICIES, ROLE, documents, grants, is_everything
from policies.neutral import why_neutral
from policies.resources import fits, granted_by
from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts
from policies.unknown import Unknown
from policies.view import Resource

# Types with a policy of a resource, and the property that holds it.
RESOURCE_POLICIES = {
    ROLE: "assumeRolePolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
}
# Services whose reference says on what their actions are granted. Of others AWS's own managed policies say otherwise:
# ec2:CreateLaunchTemplate on subnets, logs:GetLogDelivery on log groups, cloudformation:CreateStackSet on stacks.
EXACT = (
    "athena",
    "dynamodb",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "iam",
    "kms",
    "s3",
    "secretsmanager",
    "sqs",
    "sts",
)
# Of these, actions without resources have none: s3:ListAllMyBuckets, kms:ListKeys. Elsewhere they may be asked for all
# of a type or by path, which the reference does not say (logs:DescribeLogGroups, iam:ListRoles).
NOWHERE = ("s3:", "kms:")
ALL_POLICIES = IDENTITY_POLICIES | frozenset(RESOURCE_POLICIES)


def _statements(resource: Resource) -> Iterator[Statement | Unknown]:
    """Every statement of every policy in the resource, those that deny too."""
    found = list(documents(resource)) if resource.type in IDENTITY_POLICIES else []
    if resource.type in RESOURCE_POLICIES:
        own = read(resource.get(RESOURCE_POLICIES[resource.type]))
        found += [own] if own else []
    for document in found:
        if isinstance(document, Unknown):
            yield document
            continue
        for statement in document.statements:
            yield from statement.settled()
            yield statement


def _check_actions(resource: Resource, _: Config) -> Verdicts:
    for statement in _statements(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        for action in (*statement.actions, *statement.not_actions):
            wrong = stray(action)
            if wrong:
                yield Finding(f"{statement.where} names the action '{action}', {wrong}")


def _check_resources(resource: Resource, config: Config) -> Verdicts:
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        arns = statement.resources
        # What is not known, or no ARN, may be anything.
        if not arns or any(".Resource" in path for path in statement.unknowns):
            continue
        if not all(arn.startswith("arn:") for arn in arns) or any(map(is_everything, arns)):
            continue
        for action in statement.actions:
            if action.partition(":")[0].lower() in config["services"]:
                yield from _misfit(statement, action)


def _misfit(statement: Statement, action: str) -> Verdicts:
    takes = granted_by(action)
    if any(
        fits(arn, template) for _, templates in takes for template in templates for arn in statement.resources
    ):
        return
    shown = statement.resources[0] + (" and the like" if statement.resources[1:] else "")
    if takes:
        wanted = takes[0][1][0] if takes[0][1] else "*"
        yield Finding(
            f"{statement.where} allows {action} on {shown}, which grants nothing: it is granted on {wanted}",
            remedy="Name a resource of that type",
        )
    elif action.startswith(NOWHERE) and not stray(action) and not narrowable(action):
        yield Finding(
            f"{statement.where} allows {action} on {shown}, which grants nothing: it is granted on '*' only",
            remedy="Put the action into a statement of its own with Resource '*'",
        )


def _check_conditions(resource: Resource, _: Config) -> Verdicts:
    for statement in _statements(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        for one in statement.conditions if statement.allows else ():
            why = why_neutral(one, statement)
            if why:
                yield Finding(f"{statement.where} has the condition {one.operator} {one.key}, which {why}")


RULES = (
    ResourceRule(
        id="iam-known-actions",
        title="Every action in a policy is one that AWS has",
        protects="Against grants, and refusals, that are misspelt and so do nothing",
        remedy="Write it as the service authorization reference does",
        severity=Severity.MEDIUM,
        types=ALL_POLICIES,
        check=_check_actions,
    ),
    ResourceRule(
        id="iam-resource-fits-action",
        title="Every action is granted on a resource that it knows",
        protects="Against grants that grant nothing, which are widened until something works",
        remedy="Name a resource that the action knows",
        severity=Severity.MEDIUM,
        types=IDENTITY_POLICIES,
        config={
            "services": {
                "type": "array",
                "items": {"type": "string"},
                "default": list(EXACT),
                "description": "Services whose actions are held against the reference.",
            }
        },
        check=_check_resources,
    ),
    ResourceRule(
        id="iam-condition-limits",
        title="Every condition of a grant limits something",
        protects="Against limits that are none: any value, any address, a key that may be left out",
        remedy="Test for a value, and for a key that may be absent add Null or leave IfExists and ForAllValues out",
        types=ALL_POLICIES,
        check=_check_conditions,
    ),
)
