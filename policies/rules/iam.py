"""IAM: what identities are granted, and who may become them."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.actions import covering, narrowable
from policies.documents import Statement, read
from policies.grants import IDENTITY_POLICIES, ROLE, grants, is_everything, is_exact, is_narrowed
from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts, checkov, cis, fsbp, nag
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
                yield Finding(f"{statement.where} allows the action '{action}', {what}")
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
            yield Finding(f"{statement.where} allows {', '.join(actions[:3])}{more} on the resource '{wide}'")


def _pass_role(resource: Resource) -> Iterator[tuple[Statement, str] | Unknown]:
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        action = covering(statement.actions, "iam:PassRole")
        if (
            action is None
            and statement.not_actions
            and covering(statement.not_actions, "iam:PassRole") is None
        ):
            action = "NotAction"
        if action is not None:
            yield statement, action


def _all_roles(text: str) -> bool:
    name = text.rsplit(":", 1)[-1].removeprefix("role")
    return "*" in name and set(name) <= {"*", "?", "/"}


def _check_pass_role_resource(resource: Resource, _: Config) -> Verdicts:
    for found in _pass_role(resource):
        if isinstance(found, Unknown):
            yield found
            continue
        statement, action = found
        wide = [text for text in statement.resources if _all_roles(text)]
        if statement.not_resources:
            wide = [f"every resource but {', '.join(statement.not_resources)}"]
        if wide:
            yield Finding(f"{statement.where} allows iam:PassRole (by '{action}') on '{wide[0]}', any role")


def _check_pass_role_service(resource: Resource, _: Config) -> Verdicts:
    for found in _pass_role(resource):
        if isinstance(found, Unknown):
            yield found
            continue
        statement, action = found
        if not any(c.key == "iam:passedtoservice" and is_exact(c) for c in statement.conditions):
            if any(".Condition" in path for path in statement.unknowns):
                continue  # listed as unknown already: the condition may be there
            yield Finding(f"{statement.where} allows iam:PassRole (by '{action}') to any service")


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
        if ":aws:policy/" in arn and (name.endswith("FullAccess") or name in config["forbidden"]):
            yield Finding(f"attaches the AWS managed policy '{name}'")


def _check_trust(resource: Resource, _: Config) -> Verdicts:
    document = read(resource.get("assumeRolePolicy"))
    for statement in document.allowing() if document else ():
        yield from statement.settled()
        if statement.not_principals:
            yield Finding(f"{statement.where} of its trust policy allows everyone but those of NotPrincipal")
        anyone = [kind for kind, name in statement.principals if name == "*"]
        if anyone and not any(is_exact(condition) for condition in statement.conditions):
            yield Finding(
                f"{statement.where} of its trust policy lets any {anyone[0]} principal ('*') assume it"
            )


RULES = (
    ResourceRule(
        id="iam-no-wildcard-action",
        title="No identity is allowed every action, nor every action of a service",
        protects="Least privilege: a grant says what it is for",
        remedy="Name the actions that are needed",
        severity=Severity.CRITICAL,
        types=IDENTITY_POLICIES,
        controls=checkov("CKV_AWS_62", "CKV_AWS_63", "CKV2_AWS_40")
        + fsbp("IAM.1", "IAM.21")
        + nag("AwsSolutions-IAM5")
        + cis("1.15"),
        check=_check_action,
    ),
    ResourceRule(
        id="iam-no-wildcard-resource",
        title="No identity is allowed an action on every resource where AWS lets it be narrowed",
        protects="Least privilege: a grant says on what (actions that know no resources are let be)",
        remedy="Name the ARNs, or tie the statement by a condition on aws:ResourceTag or aws:RequestTag",
        types=IDENTITY_POLICIES,
        controls=checkov("CKV_AWS_289", "CKV_AWS_290", "CKV_AWS_355") + nag("AwsSolutions-IAM5"),
        check=_check_resource,
    ),
    ResourceRule(
        id="iam-pass-role-named",
        title="iam:PassRole names the roles that may be passed",
        protects="Against escalation: who may pass any role holds the rights of the strongest one",
        remedy="Name the role ARNs as the statement's Resource",
        severity=Severity.CRITICAL,
        types=IDENTITY_POLICIES,
        controls=checkov("CKV_AWS_286"),
        check=_check_pass_role_resource,
    ),
    ResourceRule(
        id="iam-pass-role-to-service",
        title="iam:PassRole says to which service",
        protects="Against escalation: a role meant for one service handed to another",
        remedy="Add the condition StringEquals iam:PassedToService, as in elasticmapreduce.amazonaws.com",
        types=IDENTITY_POLICIES,
        check=_check_pass_role_service,
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
        controls=checkov("CKV_AWS_274", "CKV2_AWS_56") + nag("AwsSolutions-IAM4"),
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
        id="iam-trust-not-public",
        title="No role may be assumed by everyone",
        protects="The role's rights, from strangers",
        remedy="Name the principals, or test aws:PrincipalOrgID, aws:PrincipalArn or aws:SourceAccount",
        severity=Severity.CRITICAL,
        types=frozenset({ROLE}),
        controls=checkov("CKV_AWS_60"),
        check=_check_trust,
    ),
)
