"""IAM documents as Terraform's own blocks say them.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

import json
from typing import Any

from policies.corpus.values import UNKNOWN, holds_unknown


def document(values: dict[str, Any]) -> Any:
    """The document of a data source's evaluated blocks: JSON text, or a structure where something is not known."""
    statements: list[Any] = []
    for source in ("source_policy_documents", "override_policy_documents"):
        for text in _many(values.get(source)):
            statements += _statements(text)
    blocks = values.get("statement", [])
    if blocks == UNKNOWN:
        return UNKNOWN
    statements += [_statement(one) for one in _many(blocks)]
    found = {"Version": values.get("version", "2012-10-17"), "Statement": statements}
    return found if holds_unknown(found) else json.dumps(found)


# What a policy with principals is attached to, by the service of what it allows.
OF_RESOURCES = {
    "ecr": "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "kms": "aws:kms/keyPolicy:KeyPolicy",
    "secretsmanager": "aws:secretsmanager/secretPolicy:SecretPolicy",
    "sns": "aws:sns/topicPolicy:TopicPolicy",
    "sqs": "aws:sqs/queuePolicy:QueuePolicy",
}


def bearer(document: Any) -> tuple[str, dict[str, Any]]:
    """A resource as which a document can be judged that stands by itself: its type and its properties."""
    try:
        text = document if isinstance(document, str) else json.dumps(document)
        statements = [one for one in json.loads(text)["Statement"] if isinstance(one, dict)]
    except (json.JSONDecodeError, TypeError):
        return "aws:iam/policy:Policy", {"policy": UNKNOWN}
    if not any("Principal" in one or "NotPrincipal" in one for one in statements):
        return "aws:iam/policy:Policy", {"policy": document}
    services = [str(a).partition(":")[0].lower() for one in statements for a in _many(one.get("Action"))]
    if services and set(services) == {"sts"}:
        return "aws:iam/role:Role", {"assumeRolePolicy": document}
    kind = next(
        (OF_RESOURCES[name] for name in services if name in OF_RESOURCES), "aws:s3/bucketPolicy:BucketPolicy"
    )
    return kind, {"policy": document}


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _statements(document: Any) -> list[Any]:
    if isinstance(document, str) and document != UNKNOWN:
        try:
            document = json.loads(document)
        except json.JSONDecodeError:
            return [UNKNOWN]
    return _many(document.get("Statement")) if isinstance(document, dict) else [UNKNOWN]


def _statement(block: dict[str, Any]) -> dict[str, Any]:
    names = {
        "actions": "Action",
        "not_actions": "NotAction",
        "resources": "Resource",
        "not_resources": "NotResource",
    }
    found: dict[str, Any] = {"Effect": block.get("effect", "Allow")}
    if block.get("sid"):
        found["Sid"] = block["sid"]
    found |= {element: block[key] for key, element in names.items() if block.get(key)}
    for key, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if key in block:
            found[element] = _principals(block[key])
    if "condition" in block:
        found["Condition"] = _conditions(block["condition"])
    return found


def _principals(blocks: Any) -> Any:
    if blocks == UNKNOWN:
        return UNKNOWN
    found: dict[str, list[Any]] = {}
    for one in _many(blocks):
        if one.get("type") == "*":
            return "*"
        found.setdefault(one.get("type", UNKNOWN), []).extend(_many(one.get("identifiers", UNKNOWN)))
    return UNKNOWN if UNKNOWN in found else found


def _conditions(blocks: Any) -> Any:
    if blocks == UNKNOWN:
        return UNKNOWN
    found: dict[str, dict[str, list[Any]]] = {}
    for one in _many(blocks):
        test, variable = one.get("test", UNKNOWN), one.get("variable", UNKNOWN)
        if UNKNOWN in (test, variable):
            return UNKNOWN
        found.setdefault(test, {}).setdefault(variable, []).extend(_many(one.get("values", UNKNOWN)))
    return found
