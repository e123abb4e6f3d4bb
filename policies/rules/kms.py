"""KMS: keys that rotate and are not everyone's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.checks import must_have_beside, must_not_be_false
from policies.openness import check_public
from policies.rule import (
    Config,
    Finding,
    ResourceRule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    cis,
    fsbp,
    nag,
)
from policies.view import Resource

KEY = "aws:kms/key:Key"
POLICY = "aws:kms/keyPolicy:KeyPolicy"


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


# "Resource": "*" in a key policy means this key, and kms:* for the account's root is AWS's own default.
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
        types=frozenset({KEY, POLICY}),
        controls=checkov("CKV_AWS_33", "CKV_AWS_283") + fsbp("KMS.5"),
        check=check_public,
    ),
    ResourceRule(
        id="kms-key-enabled",
        title="KMS keys are enabled",
        protects="Whoever has to read what the key guards",
        remedy="Leave isEnabled out, or set it to true",
        severity=Severity.MEDIUM,
        types=frozenset({KEY}),
        controls=checkov("CKV_AWS_227"),
        check=must_not_be_false("isEnabled", "can decrypt nothing"),
    ),
    StackRule(
        id="kms-has-policy",
        title="Every KMS key has a policy of its own",
        protects="The key: AWS's default leaves it to every identity policy of the account",
        remedy="Set policy, or add a KeyPolicy",
        severity=Severity.MEDIUM,
        types=frozenset({KEY}),
        controls=checkov("CKV2_AWS_64"),
        check=must_have_beside("KeyPolicy", "keyId", (POLICY,), inline="policy"),
    ),
)
