"""What an engine that was killed was creating just then: it may exist, and the state does not know.

Such a resource would be made again by the next update, which fails when its name is given. A type whose id is known
before it exists is looked for under that id and taken into the state when it is there; of the others the mark is
dropped, and what may have been made stays behind, as it does with the engine alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Type → the property that is its id, from "Import" in the provider's page of each.
ID_IS: dict[str, str] = {
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:emr/securityConfiguration:SecurityConfiguration": "name",
    "aws:iam/instanceProfile:InstanceProfile": "name",
    "aws:iam/role:Role": "name",
    "aws:kms/alias:Alias": "name",
    "aws:s3/bucket:Bucket": "bucket",
}
# Type → its ARN, which is its id, made of the properties that name it.
ARN_IS: dict[str, str] = {
    "aws:cloudtrail/trail:Trail": "arn:aws:cloudtrail:{region}:{account}:trail/{name}",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "arn:aws:iam::{account}:oidc-provider/{url}",
    "aws:iam/policy:Policy": "arn:aws:iam::{account}:policy{path}{name}",
}
PROVIDER = "pulumi:providers:aws"


def creates(deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources that were being created when the state was last written."""
    operations = deployment.get("pending_operations") or []
    return [operation["resource"] for operation in operations if operation["type"] == "creating"]


def settled(deployment: Mapping[str, Any], account: str | None) -> dict[str, Any]:
    """The state without pending creations, those whose id is known beforehand being resources of it.

    They are to be refreshed: what is not there falls out again. `account` is where the stack lives. A resource that
    was being replaced keeps its old self alone: the state cannot hold two of one name.
    """
    resources = list(deployment.get("resources") or [])
    known = {entry["urn"] for entry in resources}
    region = next((one["inputs"].get("region") for one in resources if one["type"] == PROVIDER), None)
    for entry in creates(deployment):
        for name in _known_id(entry, account, region):
            if entry["urn"] not in known:
                resources.append({**entry, "id": name, "outputs": {}})
    others = [one for one in deployment.get("pending_operations") or [] if one["type"] != "creating"]
    return {**deployment, "resources": resources, "pending_operations": others}


def _known_id(entry: Mapping[str, Any], account: str | None, region: str | None) -> Iterator[str]:
    inputs = entry.get("inputs") or {}
    name = inputs.get(ID_IS.get(entry["type"], ""))
    if isinstance(name, str):
        yield name
    elif account and entry["type"] in ARN_IS:
        parts = {
            "account": account,
            "region": inputs.get("region") or region,
            "name": inputs.get("name"),
            "path": inputs.get("path") or "/",
            "url": str(inputs.get("url")).removeprefix("https://"),
        }
        template = ARN_IS[entry["type"]]
        if all(isinstance(parts[key], str) for key in parts if f"{{{key}}}" in template):
            yield template.format(**parts)
