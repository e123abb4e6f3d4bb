"""KMS: keys and their aliases."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types.common import NOT_MODELLED, unsupported

_KEY = {"KeyId": "$id"}


def _enable(run: Run) -> None:
    if run.props.get("isEnabled", True):
        run.call("EnableKey", KeyId=run.id)


def _disable(run: Run) -> None:
    if not run.props.get("isEnabled", True):
        run.call("DisableKey", KeyId=run.id)


def _rotate(run: Run) -> None:
    if not run.props.get("enableKeyRotation"):
        run.call("DisableKeyRotation", KeyId=run.id)
        return
    params: dict[str, Any] = {"KeyId": run.id}
    if run.props.get("rotationPeriodInDays"):
        params["RotationPeriodInDays"] = int(run.props["rotationPeriodInDays"])
    run.call("EnableKeyRotation", **params)


KEY = Resource(
    type="aws:kms/key:Key",
    terraform="aws_kms_key",
    service="kms",
    create=Call(op="CreateKey", by_name=True, args={"Tags": "$tagsAll"}),
    id="=KeyMetadata.KeyId",
    reads=(
        Part(
            call=Call(op="DescribeKey", args=_KEY),
            at="KeyMetadata",
            take={"isEnabled": "KeyMetadata.Enabled"},
        ),
        Part(
            call=Call(op="GetKeyPolicy", args={**_KEY, "PolicyName": "default"}),
            take={"policy": "Policy"},
        ),
        Part(
            call=Call(op="GetKeyRotationStatus", args=_KEY),
            skip=frozenset({"keyId"}),
            take={"enableKeyRotation": "KeyRotationEnabled", "rotationPeriodInDays": "RotationPeriodInDays"},
        ),
        Part(call=Call(op="ListResourceTags", args=_KEY), take={"tagsAll": "Tags"}),
    ),
    gone=lambda run: run.answers["DescribeKey"]["KeyMetadata"]["KeyState"].startswith("PendingDeletion"),
    changes=(
        # A key that is off takes no changes: it goes on before them, and off after them.
        Change(props=("isEnabled",), do=(_enable,)),
        Change(
            props=("description",),
            do=(Call(op="UpdateKeyDescription", args={**_KEY, "Description": "$description"}),),
        ),
        Change(
            props=("policy",),
            do=(
                Call(
                    op="PutKeyPolicy",
                    args={
                        **_KEY,
                        "PolicyName": "default",
                        "Policy": "$policy",
                        "BypassPolicyLockoutSafetyCheck": "$bypassPolicyLockoutSafetyCheck",
                    },
                ),
            ),
            unset=False,
        ),
        Change(
            props=("enableKeyRotation", "rotationPeriodInDays"), do=(_rotate,), on_create=True, initial=False
        ),
        Change(props=("isEnabled",), do=(_disable,), on_create=True, initial=True),
    ),
    delete=(Call(op="ScheduleKeyDeletion", args={**_KEY, "PendingWindowInDays": "$deletionWindowInDays"}),),
    tagging=Tagging(
        add=Call(op="TagResource", args={**_KEY, "Tags": "$tagsAdded"}),
        remove=Call(op="UntagResource", args={**_KEY, "TagKeys": "$tagsRemoved"}),
    ),
    names={"customerMasterKeySpec": "KeySpec"},
    defaults={
        "bypassPolicyLockoutSafetyCheck": False,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "enableKeyRotation": False,
        "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
    },
    keep=frozenset({"deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"}),
    json=frozenset({"policy"}),
    volatile=frozenset({"rotationPeriodInDays"}),  # it goes and comes with the rotation
    unsupported=unsupported(NOT_MODELLED, "customKeyStoreId", "xksKeyId"),
)


def _find_alias(run: Run) -> bool:
    """There is no call that describes one alias: look through all."""
    marker: dict[str, str] = {}
    while True:
        answer = run.call("ListAliases", **marker)
        for one in answer["Aliases"]:
            if one["AliasName"] == run.id and one.get("TargetKeyId"):
                run.found |= {"name": run.id, "arn": one["AliasArn"], "targetKeyId": one["TargetKeyId"]}
                key = one["AliasArn"].rpartition(":")[0] + ":key/" + one["TargetKeyId"]
                run.found["targetKeyArn"] = key
                return False
        if not answer.get("Truncated"):
            return True
        marker = {"Marker": answer["NextMarker"]}


def same_key(one: object, other: object) -> bool:
    """Whether two names of a key are of one key: its ARN ends with its id."""
    return str(one).rpartition("/")[2] == str(other).rpartition("/")[2]


ALIAS = Resource(
    type="aws:kms/alias:Alias",
    terraform="aws_kms_alias",
    service="kms",
    create=Call(op="CreateAlias", args={"AliasName": "$name", "TargetKeyId": "$targetKeyId"}),
    id="$name",
    reads=(),
    gone=_find_alias,
    changes=(
        Change(
            props=("targetKeyId",),
            do=(Call(op="UpdateAlias", args={"AliasName": "$id", "TargetKeyId": "$targetKeyId"}),),
        ),
    ),
    delete=(Call(op="DeleteAlias", args={"AliasName": "$id"}),),
    name=Name(length=238, prefix="alias/"),
    keep=frozenset({"namePrefix"}),
    by_hook=frozenset({"name", "arn", "targetKeyId", "targetKeyArn"}),
    same={"targetKeyId": same_key},
    volatile=frozenset({"targetKeyArn"}),
)

ROWS = (ALIAS, KEY)
