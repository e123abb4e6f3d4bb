"""IAM: what identities are granted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from policies.actions import covering, narrowable
from policies.allowed import allowed, listed
from policies.documents import Statement
from policies.grants import IDENTITY_POLICIES, ROLE, documents, grants, is_everything, is_exact, is_narrowed
from policies.neutral import why_neutral
from policies.resources import is_write, permissions
from policies.rule import Config, Finding, Level, ResourceRule, Severity, Verdicts, checkov, cis, fsbp, nag
from policies.unknown import Unknown
from policies.view import Resource

ATTACHMENTS = frozenset(
    {
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
        "aws:iam/policyAttachment:PolicyAttachment",
        ROLE,
    }
)
# Beside every *FullAccess: the administrators' ones, and EMR's first generation, which allows s3:*, ec2:*, ….
FORBIDDEN = (
    "AdministratorAccess",
    "PowerUserAccess",
    "AmazonElasticMapReduceRole",
    "AmazonElasticMapReduceforEC2Role",
)


def _check_action(resource: Resource, _: Config) -> Verdicts:
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        for action in statement.actions:
            service, _colon, name = action.partition(":")
            if set(name or service) <= {"*", "?"}:
                what = (
                    "everything" if not name or set(service) <= {"*", "?"} else f"every action of {service}"
                )
                where = " on every resource" if "*" in statement.resources else ""
                yield Finding(f"{statement.where} allows the action '{action}', {what}{where}")
        if statement.not_actions:
            listed = ", ".join(statement.not_actions)
            yield Finding(f"{statement.where} allows every action but {listed} (NotAction)")


def _check_resource(resource: Resource, _: Config) -> Verdicts:
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        if statement.not_resources:
            listed = ", ".join(statement.not_resources)
            yield Finding(f"{statement.where} allows every resource but {listed} (NotResource)")
            continue
        wide = next((text for text in statement.resources if is_everything(text)), None)
        if wide is None or is_narrowed(statement):
            continue
        actions = [name for action in statement.actions for name in narrowable(action)]
        if statement.not_actions:
            actions = ["every action but those of NotAction"]
        if actions:
            more = f" and {len(actions) - 3} more" if actions[3:] else ""
            writes = sum(map(is_write, actions))
            also = "" if not writes else ", which writes" if not actions[1:] else f", {writes} of which write"
            yield Finding(
                f"{statement.where} allows {', '.join(actions[:3])}{more} on the resource '{wide}'{also}"
            )


KMS_READS = ("kms:Decrypt", "kms:ReEncryptFrom")


def _all_keys(text: str) -> bool:
    """Whether the ARN stands for every key; one that names another service stands for none."""
    parts = text.split(":")
    service = parts[2] if len(parts) > 3 else "*"
    return fnmatchcase("kms", service) and parts[-1] in ("*", "key/*", "alias/*")


def _check_decrypt(resource: Resource, _: Config) -> Verdicts:
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        wide = next((text for text in statement.resources if _all_keys(text)), None)
        action = next((a for a in KMS_READS if covering(statement.actions, a)), None)
        tied = any(
            c.key.startswith(("kms:resourcealiases", "aws:resourcetag/")) and is_exact(c)
            for c in statement.conditions
        )
        if wide is not None and action is not None and not tied:
            yield Finding(f"{statement.where} allows {action} on '{wide}', every key of the account")


def _check_managed(resource: Resource, config: Config) -> Verdicts:
    if resource.type == ROLE:
        arns = resource.get("managedPolicyArns")
        nodes = [arns] if arns.unknown else arns.items()
    else:
        nodes = [resource.get("policyArn")]
    for node in nodes:
        if node.unknown:
            yield node.value
            continue
        arn = node.text() or ""
        name = arn.rsplit("/", 1)[-1]
        forbidden = config.get("forbidden")
        if ":aws:policy/" in arn and (forbidden is None or name.endswith("FullAccess") or name in forbidden):
            yield Finding(f"attaches the AWS managed policy '{name}'")


def _check_no_pattern(resource: Resource, _: Config) -> Verdicts:
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        patterns = [text for text in (*statement.actions, *statement.resources) if "*" in text]
        if patterns:
            yield Finding(f"{statement.where} allows by a pattern: {listed(patterns)}")


DATA: Mapping[str, Any] = json.loads(
    (Path(__file__).resolve().parent.parent / "data" / "escalation.json").read_text()
)
# Tools of everyone who pulls an image: AWS takes no resource for them, and what they return opens registries only.
REGISTRY_TOKENS = ("ecr:GetAuthorizationToken", "ecr-public:GetAuthorizationToken")


def _check_permissions(resource: Resource, _: Config) -> Verdicts:
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        wide = next((text for text in statement.resources if is_everything(text)), None)
        if wide is None or any(not why_neutral(one, statement) for one in statement.conditions):
            continue
        found = [name for action in statement.actions for name in permissions(action) if narrowable(name)]
        if found:
            yield Finding(f"{statement.where} allows {listed(found)} on the resource '{wide}'")


def _check_listed(resource: Resource, config: Config) -> Verdicts:
    """Actions of a list that are allowed on every resource, document by document taken together."""
    everything = allowed(documents(resource))
    yield from everything.unknowns
    found: dict[Statement, list[str]] = {}
    for action in config["actions"]:
        statement = everything.by(action)
        if statement is not None:
            found.setdefault(statement, []).append(action)
    for statement, actions in found.items():
        yield Finding(f"{statement.where} allows {listed(actions)} on every resource")


def _actions(default: list[str], description: str) -> dict[str, dict[str, Any]]:
    return {
        "actions": {
            "type": "array",
            "items": {"type": "string"},
            "default": default,
            "description": description,
        }
    }


RULES = (
    ResourceRule(
        id="iam-no-wildcard-action",
        title="No identity is allowed every action, nor every action of a service",
        protects="Least privilege: a grant says what it is for",
        remedy="Name the actions that are needed",
        severity=Severity.CRITICAL,
        types=IDENTITY_POLICIES,
        controls=checkov("CKV_AWS_1", "CKV_AWS_49", "CKV_AWS_62", "CKV_AWS_63", "CKV2_AWS_40")
        + fsbp("IAM.1", "IAM.21")
        + cis("1.15"),
        check=_check_action,
    ),
    ResourceRule(
        id="iam-no-wildcard-resource",
        title="No identity is allowed an action on every resource where AWS lets it be narrowed",
        protects="Least privilege: a grant says on what (actions that know no resources are let be)",
        remedy="Name the ARNs, or tie the statement by a condition on aws:ResourceTag or aws:RequestTag",
        types=IDENTITY_POLICIES,
        controls=checkov("CKV_AWS_111", "CKV_AWS_290", "CKV_AWS_355", "CKV_AWS_356"),
        check=_check_resource,
    ),
    ResourceRule(
        id="iam-no-decrypt-on-all-keys",
        title="No identity may decrypt with every key",
        protects="Encrypted data, from whoever may read the ciphertext",
        remedy="Name the key ARNs",
        types=IDENTITY_POLICIES,
        controls=fsbp("KMS.1", "KMS.2"),
        check=_check_decrypt,
    ),
    ResourceRule(
        id="iam-no-full-access-managed-policy",
        title="No AWS managed policy with full access is attached",
        protects="Least privilege, from policies that grow with every release of AWS",
        remedy="Attach a policy of your own with the actions that are needed",
        types=ATTACHMENTS,
        controls=checkov("CKV_AWS_274", "CKV_AWS_275", "CKV2_AWS_56") + fsbp("IAM.27") + cis("1.21"),
        config={
            "forbidden": {
                "type": "array",
                "items": {"type": "string"},
                "default": list(FORBIDDEN),
                "description": "AWS managed policies refused beside every *FullAccess.",
            }
        },
        check=_check_managed,
    ),
    ResourceRule(
        id="iam-no-aws-managed-policy",
        title="No AWS managed policy is attached",
        protects="Least privilege, from policies that AWS writes for everyone",
        remedy="Attach a policy of your own with the actions and resources that are needed",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=ATTACHMENTS,
        controls=nag("AwsSolutions-IAM4"),
        check=_check_managed,
    ),
    ResourceRule(
        id="iam-no-pattern",
        title="No identity is allowed anything by a pattern",
        protects="Least privilege, from actions and resources that nobody thought of",
        remedy="Name each action and each resource",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=IDENTITY_POLICIES,
        controls=nag("AwsSolutions-IAM5"),
        check=_check_no_pattern,
    ),
    ResourceRule(
        id="iam-no-permissions-on-all",
        title="No identity decides on everybody's permissions",
        protects="Policies, keys and shares, from who may rewrite any of them",
        remedy="Name the ARNs whose permissions may be changed, or put the statement under a condition",
        severity=Severity.CRITICAL,
        types=IDENTITY_POLICIES,
        controls=checkov("CKV_AWS_109", "CKV_AWS_289"),
        check=_check_permissions,
    ),
    ResourceRule(
        id="iam-no-data-exfiltration",
        title="No identity reads every object, parameter or secret",
        protects="Data and secrets, from a grant that means all of them",
        remedy="Name the ARNs that are read",
        types=IDENTITY_POLICIES,
        controls=checkov("CKV_AWS_108", "CKV_AWS_288"),
        config=_actions(DATA["exfiltration"], "Actions that carry data away."),
        check=_check_listed,
    ),
    ResourceRule(
        id="iam-no-credentials-exposure",
        title="No identity is handed everybody's credentials",
        protects="Other identities, whose keys and passwords the listed actions return",
        remedy="Name the ARNs, or take the action out",
        types=IDENTITY_POLICIES,
        controls=checkov("CKV_AWS_107", "CKV_AWS_287"),
        config=_actions(
            [action for action in DATA["credentials"] if action not in REGISTRY_TOKENS],
            "Actions that return credentials.",
        ),
        check=_check_listed,
    ),
)
