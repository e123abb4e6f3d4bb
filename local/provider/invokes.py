"""The provider's functions (`aws.get_…`): what is looked up and not made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from local.provider import instance_types, lookups
from local.provider.errors import ProviderError
from local.provider.place import Place
from local.provider.policy_document import policy_document

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


def _policy_document(_at: Place, args: Mapping[str, Any]) -> dict[str, Any]:
    for unused in ("overrideJson", "sourceJson"):
        if args.get(unused):
            raise ProviderError(f"expected {unused} to be an empty string, got {args[unused]}")
    return {**args, **policy_document(args)}


def _release_labels(at: Place, args: Mapping[str, Any]) -> dict[str, Any]:
    """internal/service/emr/release_labels_data_source.go: the labels joined are the id."""
    given = args.get("filters") or {}
    filters = {member: given[name] for name, member in _LABEL_FILTERS.items() if given.get(name)}
    client = at.clients.get("emr", args.get("region") or at.region, at.credentials)
    params: dict[str, Any] = {"Filters": filters} if filters else {}
    labels: list[str] = []
    while True:
        page = client.list_release_labels(**params)
        labels += page["ReleaseLabels"]
        if not page.get("NextToken"):
            break
        params["NextToken"] = page["NextToken"]
    if not labels:
        raise ProviderError("reading EMR Release Labels: empty result")
    return {
        **args,
        "releaseLabels": labels,
        "id": ",".join(labels),
        "region": args.get("region") or at.region,
    }


def _ami(at: Place, args: Mapping[str, Any]) -> dict[str, Any]:
    """internal/service/ec2/ec2_ami_data_source.go: one image, or the most recent when that is asked for."""
    region = args.get("region") or at.region
    params: dict[str, Any] = {"IncludeDeprecated": bool(args.get("includeDeprecated"))}
    for name, member in (("owners", "Owners"), ("executableUsers", "ExecutableUsers")):
        if args.get(name):
            params[member] = args[name]
    if args.get("filters"):
        params["Filters"] = [{"Name": one["name"], "Values": one["values"]} for one in args["filters"]]
    images = at.clients.get("ec2", region, at.credentials).describe_images(**params)["Images"]
    if args.get("nameRegex"):
        images = [one for one in images if re.search(args["nameRegex"], one.get("Name", ""))]
    if not images:
        raise ProviderError(
            "Your query returned no results. Please change your search criteria and try again."
        )
    if len(images) > 1 and not args.get("mostRecent"):
        raise ProviderError(
            "Your query returned more than one result. Please try a more specific search criteria, or set "
            "`most_recent` attribute to true."
        )
    image = max(images, key=lambda one: str(one["CreationDate"]))
    return {
        **args,
        **_image(image),
        "id": image["ImageId"],
        "region": region,
        **_image_arn(at, region, image),
    }


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    """An image's members of plain values under the names of the outputs, and its tags."""
    members = {name: image.get(name[0].upper() + name[1:]) for name in _IMAGE}
    found = {name: value for name, value in members.items() if value is not None}
    tags = {one["Key"]: one["Value"] for one in image.get("Tags") or []}
    devices = [
        {
            "deviceName": one.get("DeviceName", ""), "virtualName": one.get("VirtualName", ""), "noDevice": "",
            "ebs": {key[0].lower() + key[1:]: str(value).lower() for key, value in one.get("Ebs", {}).items()},
        }
        for one in image.get("BlockDeviceMappings") or []
    ]  # fmt: skip
    return {**found, "tags": tags, "blockDeviceMappings": devices}


def _image_arn(at: Place, region: str, image: Mapping[str, Any]) -> dict[str, str]:
    return {"arn": f"arn:{at.partition}:ec2:{region}::image/{image['ImageId']}"}


# The outputs of getAmi that are members of EC2's Image, in its words but for the first letter.
_IMAGE = (
    "architecture", "bootMode", "creationDate", "deprecationTime", "description", "enaSupport", "hypervisor",
    "imageId", "imageLocation", "imageOwnerAlias", "imageType", "imdsSupport", "kernelId", "name", "ownerId",
    "platform", "platformDetails", "public", "ramdiskId", "rootDeviceName", "rootDeviceType", "sriovNetSupport",
    "state", "tpmSupport", "usageOperation", "virtualizationType",
)  # fmt: skip
_LABEL_FILTERS = {"application": "Application", "prefix": "Prefix"}
_Function = Callable[[Place, Mapping[str, Any]], dict[str, Any]]
_FUNCTIONS: dict[str, tuple[_Function, frozenset[str]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": (_caller_identity, frozenset({"id"})),
    "aws:index/getRegion:getRegion": (_region, frozenset({"id", "name", "region"})),
    "aws:index/getPartition:getPartition": (_partition, frozenset({"id"})),
    "aws:index/getAvailabilityZones:getAvailabilityZones": (
        _availability_zones,
        frozenset({"state", "filters", "excludeNames", "excludeZoneIds", "region"}),
    ),
    "aws:iam/getPolicyDocument:getPolicyDocument": (
        _policy_document,
        frozenset(
            {
                "overrideJson",
                "overridePolicyDocuments",
                "policyId",
                "sourceJson",
                "sourcePolicyDocuments",
                "statements",
                "version",
            }
        ),
    ),
    "aws:emr/getReleaseLabels:getReleaseLabels": (_release_labels, frozenset({"filters", "region"})),
    "aws:ec2/getAmi:getAmi": (
        _ami,
        frozenset(
            {
                "executableUsers",
                "filters",
                "includeDeprecated",
                "mostRecent",
                "nameRegex",
                "owners",
                "region",
            }
        ),
    ),
    **instance_types.FUNCTIONS,
    **lookups.FUNCTIONS,
}
