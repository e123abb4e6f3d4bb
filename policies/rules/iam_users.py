"""IAM: people come by a role; users, keys and passwords of one's own are the exception that leaks."""

from __future__ import annotations

from collections.abc import Callable

from policies.rule import (
    Config,
    Finding,
    ResourceRule,
    Rule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    cis,
    fsbp,
)
from policies.view import Resource, Stack, show

USER = "aws:iam/user:User"
GROUP = "aws:iam/group:Group"
KEY = "aws:iam/accessKey:AccessKey"
LOGIN = "aws:iam/userLoginProfile:UserLoginProfile"
PASSWORDS = frozenset({"aws:iam/accountPasswordPolicy:AccountPasswordPolicy"})
MEMBERS, MEMBERSHIP = (
    "aws:iam/groupMembership:GroupMembership",
    "aws:iam/userGroupMembership:UserGroupMembership",
)
OF_USERS = frozenset(
    {
        "aws:iam/userPolicy:UserPolicy",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        "aws:iam/policyAttachment:PolicyAttachment",
    }
)


def _check_user(_resource: Resource, _: Config) -> Verdicts:
    yield Finding("is a user of IAM, whose credentials last until somebody takes them away")


def _check_user_policy(resource: Resource, _: Config) -> Verdicts:
    if resource.type != "aws:iam/policyAttachment:PolicyAttachment":
        yield Finding("gives a policy to a single user")
    elif resource.get("users").items():
        yield Finding(f"gives a policy to the users {show(resource.get('users').value)}")


def _check_login(_resource: Resource, _: Config) -> Verdicts:
    yield Finding("gives a user of IAM a password for the console")


def _check_key(resource: Resource, _: Config) -> Verdicts:
    user = resource.get("user").text()
    if (user or "").lower() == "root":
        yield Finding("is an access key of the account's root user")


def _check_key_kept(resource: Resource, _: Config) -> Verdicts:
    if not resource.get("pgpKey").present:
        yield Finding("is an access key whose secret stands in the state")


def _check_in_group(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    member = stack.referring(resource, "users", MEMBERS)
    if not member and not any(
        _names_some(one, "groups") for one in stack.referring(resource, "user", MEMBERSHIP)
    ):
        yield Finding("is in no group of this stack")


def _check_has_users(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    joined = stack.referring(resource, "groups", MEMBERSHIP)
    if not joined and not any(
        _names_some(one, "users") for one in stack.referring(resource, "group", MEMBERS)
    ):
        yield Finding("has no user in this stack")


def _names_some(membership: Resource, key: str) -> bool:
    return membership.get(key).value not in (None, [])


def _check_length(resource: Resource, config: Config) -> Verdicts:
    length = resource.get("minimumPasswordLength").number() or 0
    if length < config["minLength"]:
        yield Finding(f"takes passwords of {length:.0f} characters, fewer than {config['minLength']:.0f}")


def _check_age(resource: Resource, config: Config) -> Verdicts:
    days = resource.get("maxPasswordAge").number() or 0
    if not 0 < days <= config["maxDays"]:
        yield Finding(f"lets passwords grow {f'{days:.0f} days old' if days else 'old without end'}")


def _check_reuse(resource: Resource, config: Config) -> Verdicts:
    kept = resource.get("passwordReusePrevention").number() or 0
    if kept < config["minKept"]:
        yield Finding(f"remembers {kept:.0f} passwords, fewer than {config['minKept']:.0f}")


def _requires(key: str, what: str) -> Callable[[Resource, Config], Verdicts]:
    def check(resource: Resource, _: Config) -> Verdicts:
        if resource.get(key).flag() is not True:
            yield Finding(f"takes passwords without {what}: {key} is not true")

    return check


def _password_rule(
    rule_id: str,
    title: str,
    remedy: str,
    check: Callable[[Resource, Config], Verdicts],
    *public: str,
    **option: float,
) -> Rule:
    """A rule on the account's passwords; `public` is Checkov's id, then FSBP's and CIS's."""
    first, *others = public
    return ResourceRule(
        id=rule_id,
        title=title,
        protects="Accounts of people who sign in with a password",
        remedy=remedy,
        severity=Severity.MEDIUM,
        types=PASSWORDS,
        controls=checkov(first)
        + fsbp(*(one for one in others if one.startswith("IAM")))
        + cis(*(one for one in others if not one.startswith("IAM"))),
        config={
            key: {"type": "number", "minimum": 1, "default": value, "description": title}
            for key, value in option.items()
        },
        check=check,
    )


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="iam-no-users",
        title="People and programs come by a role, not as users of IAM",
        protects="Against credentials that last",
        remedy="Give people a role by way of the identity provider, and programs the role of what they run on",
        severity=Severity.MEDIUM,
        types=frozenset({USER}),
        controls=checkov("CKV_AWS_273") + cis("1.20"),
        check=_check_user,
    ),
    ResourceRule(
        id="iam-no-policies-on-users",
        title="No user has policies of their own",
        protects="Rights that are given by group or role, where one sees who has them",
        remedy="Attach the policy to a group or a role",
        severity=Severity.MEDIUM,
        types=OF_USERS,
        controls=checkov("CKV_AWS_40") + fsbp("IAM.2") + cis("1.14"),
        check=_check_user_policy,
    ),
    ResourceRule(
        id="iam-no-console-passwords",
        title="No user of IAM has a password for the console",
        protects="Against passwords that are shared and kept",
        remedy="Let people sign in by the identity provider",
        severity=Severity.MEDIUM,
        types=frozenset({LOGIN}),
        controls=checkov("CKV2_AWS_22"),
        check=_check_login,
    ),
    ResourceRule(
        id="iam-no-root-access-key",
        title="The account's root user has no access key",
        protects="The account: nothing limits its root user",
        remedy="Take the key away, and use a role",
        severity=Severity.CRITICAL,
        types=frozenset({KEY}),
        controls=checkov("CKV_AWS_348") + fsbp("IAM.4") + cis("1.3"),
        check=_check_key,
    ),
    ResourceRule(
        id="iam-no-access-key-in-state",
        title="No secret of an access key stands in the state",
        protects="The user's rights, from everyone who may read the state",
        remedy="Use a role; where a key must be, set pgpKey",
        types=frozenset({KEY}),
        check=_check_key_kept,
    ),
    StackRule(
        id="iam-users-in-groups",
        title="Every user of IAM is in a group",
        protects="Rights that are given by group, where one sees who has them",
        remedy="Add a UserGroupMembership or GroupMembership",
        severity=Severity.LOW,
        types=frozenset({USER}),
        controls=checkov("CKV2_AWS_21"),
        check=_check_in_group,
    ),
    StackRule(
        id="iam-groups-have-users",
        title="Every group of IAM has a user",
        protects="Against rights that lie about for whoever is added",
        remedy="Add a GroupMembership, or take the group away",
        severity=Severity.LOW,
        types=frozenset({GROUP}),
        controls=checkov("CKV2_AWS_14"),
        check=_check_has_users,
    ),
    _password_rule(
        "iam-password-length",
        "Passwords are long",
        "Set minimumPasswordLength",
        _check_length,
        "CKV_AWS_10",
        "IAM.7",
        "IAM.15",
        "1.7",
        minLength=14,
    ),
    _password_rule(
        "iam-password-age",
        "Passwords end after a time",
        "Set maxPasswordAge",
        _check_age,
        "CKV_AWS_9",
        "IAM.7",
        "IAM.17",
        maxDays=90,
    ),
    _password_rule(
        "iam-password-reuse",
        "Passwords are not used again",
        "Set passwordReusePrevention",
        _check_reuse,
        "CKV_AWS_13",
        "IAM.7",
        "IAM.16",
        "1.8",
        minKept=24,
    ),
    _password_rule(
        "iam-password-lowercase",
        "Passwords have a small letter",
        "Set requireLowercaseCharacters to true",
        _requires("requireLowercaseCharacters", "a small letter"),
        "CKV_AWS_11",
        "IAM.7",
        "IAM.12",
    ),
    _password_rule(
        "iam-password-uppercase",
        "Passwords have a capital letter",
        "Set requireUppercaseCharacters to true",
        _requires("requireUppercaseCharacters", "a capital letter"),
        "CKV_AWS_15",
        "IAM.7",
        "IAM.11",
    ),
    _password_rule(
        "iam-password-numbers",
        "Passwords have a digit",
        "Set requireNumbers to true",
        _requires("requireNumbers", "a digit"),
        "CKV_AWS_12",
        "IAM.7",
        "IAM.14",
    ),
    _password_rule(
        "iam-password-symbols",
        "Passwords have a symbol",
        "Set requireSymbols to true",
        _requires("requireSymbols", "a symbol"),
        "CKV_AWS_14",
        "IAM.7",
        "IAM.13",
    ),
)
