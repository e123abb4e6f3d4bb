"""IAM: who may become a role."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from policies.documents import Statement, read
from policies.grants import ROLE, is_exact, may_be_limited
from policies.neutral import why_neutral
from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts, checkov
from policies.unknown import Unknown
from policies.view import Resource

TRUST = frozenset({ROLE})
ACCOUNT = re.compile(r"(\d{12})|arn:[^:]+:(?:iam|sts)::(\d{12}):(.+)")
# Where a token of GitHub comes from: an organisation that is named, then a repository, pattern or not.
GITHUB = "token.actions.githubusercontent.com"
GITHUB_SUBJECT = re.compile(
    r"repo:[\w.-]+/[^:]+(:.+)?|repository_owner:[\w.-]+.*|job_workflow_ref:[\w.-]+/.+"
)


def _statements(resource: Resource) -> Iterator[Statement | Unknown]:
    document = read(resource.get("assumeRolePolicy"))
    for statement in document.allowing() if document else ():
        yield from statement.settled()
        yield statement


def _check_trust(resource: Resource, _: Config) -> Verdicts:
    document = read(resource.get("assumeRolePolicy"))
    for statement in document.allowing() if document else ():
        yield from statement.settled()
        if statement.not_principals:
            yield Finding(f"{statement.where} of its trust policy allows everyone but those of NotPrincipal")
        anyone = [kind for kind, name in statement.principals if name == "*"]
        limited = any(is_exact(condition) for condition in statement.conditions) or may_be_limited(statement)
        if anyone and not limited:
            yield Finding(
                f"{statement.where} of its trust policy lets any {anyone[0]} principal ('*') assume it"
            )


def _limited(statement: Statement) -> bool:
    """Whether some condition tells callers apart."""
    return any(not why_neutral(one, statement) for one in statement.conditions)


def _principals(resource: Resource) -> Iterator[tuple[Statement, str, str, str] | Unknown]:
    """Principals of an account that no condition limits: statement, as written, account, and what of it."""
    for statement in _statements(resource):
        if isinstance(statement, Unknown):
            yield statement
        elif not _limited(statement) and not may_be_limited(statement):
            for kind, name in statement.principals:
                found = ACCOUNT.fullmatch(name) if kind == "AWS" else None
                if found:
                    yield statement, name, found[1] or found[2], found[3] or "root"


def _check_whole_account(resource: Resource, config: Config) -> Verdicts:
    # One's own account leaves it to its own IAM: the caller needs sts:AssumeRole on this role as well.
    own = {*config["accounts"], *_accounts_of_provider(resource)}
    for found in _principals(resource):
        if isinstance(found, Unknown):
            yield found
            continue
        statement, name, account, what = found
        if what == "root" and account not in own:
            yield Finding(f"{statement.where} of its trust policy trusts a whole account ('{name}')")


def _check_other_account(resource: Resource, config: Config) -> Verdicts:
    own = {*config["accounts"], *_accounts_of_provider(resource)}
    for found in _principals(resource):
        if isinstance(found, Unknown):
            yield found
            continue
        statement, name, account, _what = found
        if own and account not in own:
            yield Finding(
                f"{statement.where} of its trust policy trusts '{name}' of another account without a condition"
            )


def _accounts_of_provider(resource: Resource) -> list[str]:
    """Accounts that the program may be run in: a provider's nested values travel as JSON text."""
    node = resource.provider.get("allowedAccountIds")
    value = node.value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return []
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _check_federated(resource: Resource, _: Config) -> Verdicts:
    for statement in _statements(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        if may_be_limited(statement):
            continue
        for kind, name in statement.principals:
            if kind == "Federated":
                yield from _federation(statement, name)


def _check_actions(resource: Resource, _: Config) -> Verdicts:
    for statement in _statements(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        wide = [action for action in statement.actions if action.lower() in ("*", "sts:*")]
        if wide or statement.not_actions:
            what = f"'{wide[0]}'" if wide else "all but its NotAction"
            yield Finding(f"{statement.where} of its trust policy allows {what}")


ACCOUNTS = {
    "accounts": {
        "type": "array",
        "items": {"type": "string", "pattern": "^[0-9]{12}$"},
        "default": [],
        "description": "Accounts of one's own, beside those that the provider is allowed.",
    }
}


def _federation(statement: Statement, provider: str) -> Verdicts:
    where = f"{statement.where} of its trust policy"
    keys = (":aud", ":iss", ":sub") if "saml-provider/" in provider else (":sub",)
    if "cognito-identity" in provider:
        keys = (":aud",)
    tests = [one for one in statement.conditions if one.key.endswith(keys) and is_exact(one)]
    if not tests:
        yield Finding(
            f"{where} lets anyone whom '{provider}' knows become the role: no condition on {keys[0]}"
        )
        return
    for value in (value for test in tests if test.key.endswith(":sub") for value in test.values):
        if GITHUB in provider and not GITHUB_SUBJECT.fullmatch(value):
            yield Finding(f"{where} takes the subject '{value}', which names no repository of an owner")
        elif set(value.split(":")[0]) & {"*", "?"} or set(value.split(":", 1)[-1]) <= {"*", "?", ":"}:
            yield Finding(f"{where} takes the subject '{value}', which anyone of '{provider}' may have")


RULES = (
    ResourceRule(
        id="iam-trust-not-public",
        title="No role may be assumed by everyone",
        protects="The role's rights, from strangers",
        remedy="Name the principals, or test aws:PrincipalOrgID, aws:PrincipalArn or aws:SourceAccount",
        severity=Severity.CRITICAL,
        types=frozenset({ROLE}),
        controls=checkov("CKV_AWS_60", "CKV_AWS_283"),
        check=_check_trust,
    ),
    ResourceRule(
        id="iam-trust-no-whole-account",
        title="No role trusts a whole account without a condition",
        protects="The role's rights, from every identity of an account that may call sts:AssumeRole",
        remedy="Name the role or user, or add a condition as on sts:ExternalId, aws:PrincipalArn or aws:PrincipalTag",
        types=TRUST,
        controls=checkov("CKV_AWS_61"),
        config=ACCOUNTS,
        check=_check_whole_account,
    ),
    ResourceRule(
        id="iam-trust-other-account",
        title="A role that another account may assume has a condition",
        protects="Against a confused deputy: the other account acts for whoever asks it",
        remedy="Add a condition on sts:ExternalId or aws:PrincipalOrgID, or list the account as one of yours",
        types=TRUST,
        config=ACCOUNTS,
        check=_check_other_account,
    ),
    ResourceRule(
        id="iam-trust-no-wildcard-action",
        title="A trust policy names how a role may be assumed",
        protects="Session tags and source identities, which decide on rights, from who was only to assume the role",
        remedy="Name sts:AssumeRole, and sts:TagSession or sts:SetSourceIdentity where they are needed",
        severity=Severity.MEDIUM,
        types=TRUST,
        check=_check_actions,
    ),
    ResourceRule(
        id="iam-trust-federated-subject",
        title="A role for federated callers says for which of them",
        protects="The role's rights, from everybody else of GitHub, of the cluster or of the company",
        remedy="Add StringEquals on the provider's :sub, as in repo:OWNER/REPOSITORY:ref:refs/heads/main",
        severity=Severity.CRITICAL,
        types=TRUST,
        controls=checkov("CKV_AWS_358", "CKV_AWS_393"),
        check=_check_federated,
    ),
)
