"""KMS: keys that rotate and are not everyone's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.documents import read
from policies.grants import is_tied
from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts, checkov, cis, fsbp, nag
from policies.view import Resource

KEY = "aws:kms/key:Key"


def _check_rotation(resource: Resource, _: Config) -> Verdicts:
    spec = resource.get("customerMasterKeySpec").text() or "SYMMETRIC_DEFAULT"
    usage = resource.get("keyUsage").text() or "ENCRYPT_DECRYPT"
    # AWS rotates only what it made itself, and only symmetric keys that encrypt.
    if spec != "SYMMETRIC_DEFAULT" or usage != "ENCRYPT_DECRYPT" or resource.get("customKeyStoreId").present:
        return
    rotation = resource.get("enableKeyRotation")
    if rotation.flag() is not True:
        yield Finding(f"does not rotate: enableKeyRotation is {'false' if rotation.present else 'not set'}")


def _rotate(resource: Resource, config: Config) -> Mapping[str, Any]:
    return {"enableKeyRotation": True} if any(True for _ in _check_rotation(resource, config)) else {}


def _check_policy(resource: Resource, _: Config) -> Verdicts:
    # "Resource": "*" in a key policy means this key, and kms:* for the account's root is AWS's own default.
    document = read(resource.get("policy"))
    for statement in document.allowing() if document else ():
        yield from statement.settled()
        if statement.not_principals:
            yield Finding(f"{statement.where} allows everyone but those of NotPrincipal")
        if any(name == "*" for _, name in statement.principals) and not is_tied(statement):
            yield Finding(f"{statement.where} allows {', '.join(statement.actions)} to every principal ('*')")


RULES = (
    ResourceRule(
        id="kms-rotation",
        title="KMS keys rotate every year",
        protects="Data under a key whose material leaked",
        remedy="Set enableKeyRotation to true",
        severity=Severity.MEDIUM,
        types=frozenset({KEY}),
        controls=checkov("CKV_AWS_7") + fsbp("KMS.4") + nag("AwsSolutions-KMS5") + cis("3.6"),
        check=_check_rotation,
        remediate=_rotate,
    ),
    ResourceRule(
        id="kms-policy-not-public",
        title="No key policy lets everyone use the key",
        protects="Data under the key, from other accounts",
        remedy="Name the principals, or test kms:CallerAccount, aws:PrincipalAccount or aws:PrincipalOrgID",
        severity=Severity.CRITICAL,
        types=frozenset({KEY, "aws:kms/keyPolicy:KeyPolicy"}),
        controls=checkov("CKV_AWS_33") + fsbp("KMS.5"),
        check=_check_policy,
    ),
)
