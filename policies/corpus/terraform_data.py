"""What Terraform's data sources give, as far as a file alone tells."""

from __future__ import annotations

from typing import Any

from policies.corpus.terraform_documents import document
from policies.corpus.values import ACCOUNT, PARTITION, REGION, UNKNOWN, arn, joined

OF_THE_PROVIDER: dict[tuple[str, str], str] = {
    ("aws_caller_identity", "account_id"): ACCOUNT,
    ("aws_region", "name"): REGION,
    ("aws_region", "region"): REGION,
    ("aws_region", "id"): REGION,
    ("aws_partition", "partition"): PARTITION,
    ("aws_partition", "dns_suffix"): "amazonaws.com",
}
# What can be told by how it is asked for: the source, and the attribute that is told.
TOLD = {
    ("aws_iam_policy_document", "json"),
    ("aws_iam_policy", "arn"),
    ("aws_kms_key", "arn"),
    ("aws_kms_alias", "arn"),
    ("aws_kms_alias", "target_key_arn"),
}


def datum(kind: str, values: dict[str, Any]) -> Any:
    """What a data source of TOLD gives, by its evaluated arguments."""
    if kind == "aws_iam_policy_document":
        return document(values)
    if kind == "aws_iam_policy":
        return values.get("arn") or joined([f"arn:{PARTITION}:iam::aws:policy/", values.get("name", UNKNOWN)])
    return _key(values.get("key_id" if kind == "aws_kms_key" else "name"))


def _key(name: Any) -> Any:
    """The ARN of a key that is looked up: by its alias, where that is what names it."""
    if not isinstance(name, str) or name == UNKNOWN:
        return UNKNOWN
    return arn("kms", "alias", name.removeprefix("alias/")) if name.startswith("alias/") else name
