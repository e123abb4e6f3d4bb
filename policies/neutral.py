"""Conditions that look like a limit and are none.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from policies.documents import Condition, Statement

EVERY_ADDRESS = {"0.0.0.0/0", "::/0"}
# What says who calls and from where: a request without it must not pass. Other keys (sizes, regions, tags of what is
# made beside the thing asked for) are rightly tested where they are there.
GUARDS = (
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:principal",
    "aws:source",
    "aws:securetransport",
    "aws:vpcsourceip",
    "kms:calleraccount",
    "sts:externalid",
)


# Flags by which a request is the safer one; a grant to those without is none that is limited.
ASKED_FOR = ("aws:multifactorauthpresent", "aws:securetransport")


def why_neutral(condition: Condition, statement: Statement) -> str | None:
    """Why a condition of an allowing statement limits nothing; None when it does."""
    operator, values = condition.operator.lower(), condition.values
    base = operator.removeprefix("forallvalues:").removeprefix("foranyvalue:").removesuffix("ifexists")
    bare = any(value and set(value) <= {"*"} for value in values)
    # A tag, or a pair of the encryption context, that matches `*` must still be there, which is what is asked for.
    named = "tag" in condition.key or condition.key.startswith("kms:encryptioncontext:")
    if base in ("stringlike", "arnlike", "arnequals") and bare and not named:
        return "matches every value ('*')"
    if base == "ipaddress" and EVERY_ADDRESS & set(values):
        return f"matches every address ('{(EVERY_ADDRESS & set(values)).pop()}')"
    if base == "bool" and {"true", "false"} <= {value.lower() for value in values}:
        return "matches true and false"
    if base == "bool" and condition.key in ASKED_FOR and {value.lower() for value in values} == {"false"}:
        return f"holds for whoever comes without what {condition.key} stands for"
    if (
        operator.startswith("forallvalues:")
        and not _asks(condition.key)
        and not _present(condition.key, statement)
    ):
        return "holds where the key is absent (ForAllValues)"
    if operator.endswith("ifexists") and condition.key.startswith(GUARDS):
        return "holds where the key is absent (IfExists)"
    return None


def _asks(key: str) -> bool:
    """Whether the key lists what is asked for, so that without it nothing is: tags to set, or what a grant allows."""
    return key.endswith("tagkeys") or key == "kms:grantoperations"


def _present(key: str, statement: Statement) -> bool:
    """Whether another condition sees to it that the key is in the request."""
    for other in statement.conditions:
        operator = other.operator.lower()
        if operator == "null" and other.key == key and other.values == ("false",):
            return True
        if operator.startswith("forallvalues:") or operator.endswith("ifexists") or operator == "null":
            continue
        if other.key == key:
            return True
    return False
