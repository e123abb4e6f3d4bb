"""The provider's functions (`aws.get_…`): what is looked up and not made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.provider.errors import ProviderError
from local.provider.place import Place

# From botocore's endpoints: the DNS suffix and the reverse DNS prefix of a partition.
_SUFFIX = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}
_REVERSE = {"aws": "com.amazonaws", "aws-cn": "cn.com.amazonaws", "aws-us-gov": "com.amazonaws"}


def invoke(at: Place, token: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the function `token`; one that is not in the table is an error that names it."""
    row = _FUNCTIONS.get(token)
    if row is None:
        known = ", ".join(sorted(one.split(":")[-1] for one in _FUNCTIONS))
        raise ProviderError(f"the local provider has no function {token}; it has {known}")
    function, allowed = row
    given = {key: value for key, value in args.items() if value is not None}
    for key in given:
        if key not in allowed:
            raise ProviderError(f"the local provider does not support {key!r} of {token}")
    return function(at, given)


def _caller_identity(at: Place, _args: Mapping[str, Any]) -> dict[str, Any]:
    caller = at.clients.get("sts", at.region, at.credentials).get_caller_identity()
    account = caller["Account"]
    return {"accountId": account, "arn": caller["Arn"], "userId": caller["UserId"], "id": account}


def _region(at: Place, args: Mapping[str, Any]) -> dict[str, Any]:
    name = args.get("region") or args.get("name") or args.get("id") or at.region
    if name not in at.clients.regions():
        raise ProviderError(f"aws:index/getRegion:getRegion: {name!r} is no AWS region")
    endpoint = f"ec2.{name}.{_SUFFIX.get(at.partition, 'amazonaws.com')}"
    return {"id": name, "name": name, "region": name, "endpoint": endpoint, "description": name}


def _partition(at: Place, _args: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": at.partition,
        "partition": at.partition,
        "dnsSuffix": _SUFFIX.get(at.partition, "amazonaws.com"),
        "reverseDnsPrefix": _REVERSE.get(at.partition, "com.amazonaws"),
    }


def _availability_zones(at: Place, args: Mapping[str, Any]) -> dict[str, Any]:
    region = args.get("region") or at.region
    filters = [{"Name": one["name"], "Values": one["values"]} for one in args.get("filters") or []]
    if args.get("state"):
        filters.append({"Name": "state", "Values": [args["state"]]})
    client = at.clients.get("ec2", region, at.credentials)
    zones = client.describe_availability_zones(Filters=filters)["AvailabilityZones"]
    names, ids = set(args.get("excludeNames") or []), set(args.get("excludeZoneIds") or [])
    zones = sorted(
        (one for one in zones if one["ZoneName"] not in names and one.get("ZoneId") not in ids),
        key=lambda one: str(one["ZoneName"]),
    )
    return {
        "id": region,
        "region": region,
        "names": [one["ZoneName"] for one in zones],
        "zoneIds": [one.get("ZoneId", "") for one in zones],
        "groupNames": sorted({one.get("GroupName") or region for one in zones}),
        **{key: args[key] for key in ("state", "filters", "excludeNames", "excludeZoneIds") if key in args},
    }


_Function = Callable[[Place, Mapping[str, Any]], dict[str, Any]]
_FUNCTIONS: dict[str, tuple[_Function, frozenset[str]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": (_caller_identity, frozenset({"id"})),
    "aws:index/getRegion:getRegion": (_region, frozenset({"id", "name", "region"})),
    "aws:index/getPartition:getPartition": (_partition, frozenset({"id"})),
    "aws:index/getAvailabilityZones:getAvailabilityZones": (
        _availability_zones,
        frozenset({"state", "filters", "excludeNames", "excludeZoneIds", "region"}),
    ),
}
