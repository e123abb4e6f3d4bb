"""The provider's functions that find what exists already: networks, keys, roles, buckets, instance types.

Each as the data source of its name in terraform-provider-aws does it (the file is named at each).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.provider.errors import ProviderError, explain, is_absent
from local.provider.place import Place
from local.provider.shapes import follow, from_scalar, text

Args = Mapping[str, Any]
Function = Callable[[Place, Args], dict[str, Any]]
Found = dict[str, Any]


class Asked:
    """One question: where it is asked, and what is being read, for AWS's errors."""

    def __init__(self, at: Place, args: Args, service: str, what: str) -> None:
        self.at, self.args, self.what = at, args, what
        self.region = str(args.get("region") or at.region)
        self._client = at.clients.get(service, self.region, at.credentials)

    def call(self, op: str, **params: Any) -> Found:
        """Call an operation; an error of AWS is one line that says what was being read."""
        try:
            answer: Found = getattr(self._client, op)(**params)
            return answer
        except (ClientError, BotoCoreError) as error:
            raise ProviderError(explain(f"reading {self.what}", error)) from error

    def maybe(self, op: str, **params: Any) -> Found | None:
        """The same; None where AWS says that there is none."""
        try:
            return self.call(op, **params)
        except ProviderError as error:
            if error.__cause__ is not None and is_absent(error.__cause__):  # type: ignore[arg-type]
                return None
            raise

    def every(self, op: str, key: str, **params: Any) -> list[Found]:
        """All items of an operation's pages; none where AWS knows no such id."""
        try:
            pages = self._client.get_paginator(op).paginate(**params)
            return [one for page in pages for one in page.get(key) or []]
        except ClientError as error:
            if is_absent(error):
                return []
            raise ProviderError(explain(f"reading {self.what}", error)) from error

    def only(self, op: str, key: str, **params: Any) -> Found:
        """The one that is meant; otherwise the real provider's words (internal/tfresource/not_found_error.go)."""
        found = self.every(op, key, **params)
        if not found:
            raise ProviderError(f"no matching {self.what} found")
        if len(found) > 1:
            raise ProviderError(
                f"multiple {self.what}s matched; use additional constraints to reduce matches to a single {self.what}"
            )
        return found[0]

    def arn(self, service: str, owner: str, resource: str) -> str:
        """An ARN in the region that was asked."""
        return f"arn:{self.at.partition}:{service}:{self.region}:{owner}:{resource}"


def filters(args: Args, names: Mapping[str, str]) -> Found:
    """EC2's `Filters` from arguments of that meaning, from `tags` and from `filters`; none at all drop out."""
    given = {name: args.get(prop) for prop, name in names.items()}
    found = [{"Name": name, "Values": [text(value)]} for name, value in given.items() if value]
    found += [{"Name": f"tag:{key}", "Values": [value]} for key, value in (args.get("tags") or {}).items()]
    found += [{"Name": one["name"], "Values": list(one["values"])} for one in args.get("filters") or []]
    return {"Filters": found} if found else {}


def tags_of(one: Found) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags") or []}
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def take(one: Found, paths: Mapping[str, str]) -> Found:
    """Outputs from the paths of an answer; what is not there is left out, a time is text."""
    found = {name: follow(one, path) for name, path in paths.items()}
    return {
        name: value if isinstance(value, bool | int | float | list) else from_scalar(value, "string")
        for name, value in found.items()
        if value is not None
    }


def same(*names: str) -> dict[str, str]:
    """Outputs that are named as the members are, but for the first letter."""
    return {name: name[0].upper() + name[1:] for name in names}


_VPC = {
    "id": "VpcId",
    "default": "IsDefault",
    **same("cidrBlock", "dhcpOptionsId", "instanceTenancy", "ownerId", "state"),
}
_VPC_ASKED = {
    "cidrBlock": "cidr",
    "dhcpOptionsId": "dhcp-options-id",
    "default": "isDefault",
    "state": "state",
}
_VPC_SWITCHES = ("enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics")


def _vpc(at: Place, args: Args) -> Found:
    """internal/service/ec2/vpc_data_source.go."""
    asked = Asked(at, args, "ec2", "EC2 VPC")
    ids = {"VpcIds": [args["id"]]} if args.get("id") else {}
    one = asked.only("describe_vpcs", "Vpcs", **ids, **filters(args, _VPC_ASKED))
    known, owner = one["VpcId"], one.get("OwnerId") or at.account
    switches: Found = {}
    for name in _VPC_SWITCHES:
        told = asked.call("describe_vpc_attribute", VpcId=known, Attribute=name)
        switches[name] = bool(told[name[0].upper() + name[1:]]["Value"])
    main = filters({"vpc": known, "main": True}, {"vpc": "vpc-id", "main": "association.main"})
    tables = asked.every("describe_route_tables", "RouteTables", **main)
    blocks = one.get("CidrBlockAssociationSet") or []
    return {
        **args,
        **take(one, _VPC),
        **switches,
        "arn": asked.arn("ec2", owner, f"vpc/{known}"),
        "cidrBlockAssociations": [
            {**take(block, same("associationId", "cidrBlock")), "state": block["CidrBlockState"]["State"]}
            for block in blocks
        ],
        "mainRouteTableId": tables[0]["RouteTableId"] if tables else "",
        "region": asked.region,
        "tags": tags_of(one),
    }


_DNS = "PrivateDnsNameOptionsOnLaunch."
_SUBNET = {
    "id": "SubnetId",
    "arn": "SubnetArn",
    "enableResourceNameDnsARecordOnLaunch": _DNS + "EnableResourceNameDnsARecord",
    "enableResourceNameDnsAaaaRecordOnLaunch": _DNS + "EnableResourceNameDnsAAAARecord",
    "privateDnsHostnameTypeOnLaunch": _DNS + "HostnameType",
    **same(
        "assignIpv6AddressOnCreation", "availabilityZone", "availabilityZoneId", "cidrBlock", "defaultForAz",
        "enableDns64", "ipv6Native", "mapPublicIpOnLaunch", "ownerId", "state", "vpcId",
    ),
    "availableIpAddressCount": "AvailableIpAddressCount",
}  # fmt: skip
_SUBNET_ASKED = {
    "availabilityZone": "availabilityZone",
    "availabilityZoneId": "availabilityZoneId",
    "cidrBlock": "cidrBlock",
    "defaultForAz": "defaultForAz",
    "state": "state",
    "vpcId": "vpc-id",
}


def _subnet(at: Place, args: Args) -> Found:
    """internal/service/ec2/vpc_subnet_data_source.go."""
    asked = Asked(at, args, "ec2", "EC2 Subnet")
    ids = {"SubnetIds": [args["id"]]} if args.get("id") else {}
    one = asked.only("describe_subnets", "Subnets", **ids, **filters(args, _SUBNET_ASKED))
    return {**args, **take(one, _SUBNET), "region": asked.region, "tags": tags_of(one)}


def _subnets(at: Place, args: Args) -> Found:
    """internal/service/ec2/vpc_subnets_data_source.go: none is an answer, too."""
    asked = Asked(at, args, "ec2", "EC2 Subnets")
    found = asked.every("describe_subnets", "Subnets", **filters(args, {}))
    ids = [one["SubnetId"] for one in found]
    return {"tags": {}, **args, "ids": ids, "id": asked.region, "region": asked.region}


_KEY = same(
    "arn", "cloudHsmClusterId", "creationDate", "customKeyStoreId", "customerMasterKeySpec", "deletionDate",
    "description", "enabled", "expirationModel", "keyManager", "keySpec", "keyState", "keyUsage", "multiRegion",
    "origin", "pendingDeletionWindowInDays", "validTo",
)  # fmt: skip


def _key(at: Place, args: Args) -> Found:
    """internal/service/kms/key_data_source.go: by id, ARN, alias or alias ARN; `keyId` stays what was asked."""
    asked = Asked(at, args, "kms", f"KMS Key ({args['keyId']})")
    tokens = {"GrantTokens": args["grantTokens"]} if args.get("grantTokens") else {}
    one = asked.call("describe_key", KeyId=args["keyId"], **tokens)["KeyMetadata"]
    regions = one.get("MultiRegionConfiguration")
    kind = [{"multiRegionKeyType": regions["MultiRegionKeyType"]}] if regions else []
    return {
        **take(one, _KEY),
        **args,
        "awsAccountId": one["AWSAccountId"],
        "id": one["KeyId"],
        "multiRegionConfigurations": kind,
        "region": asked.region,
    }


def _alias(at: Place, args: Args) -> Found:
    """internal/service/kms/alias_data_source.go: the target is what DescribeKey says of the alias."""
    asked = Asked(at, args, "kms", f"KMS Alias ({args['name']})")
    every = asked.every("list_aliases", "Aliases")
    found = next((one for one in every if one["AliasName"] == args["name"]), None)
    if found is None:
        raise ProviderError(f"reading {asked.what}: couldn't find resource")
    key = asked.call("describe_key", KeyId=args["name"])["KeyMetadata"]
    return {
        **args,
        "arn": found["AliasArn"],
        "id": found["AliasArn"],
        "region": asked.region,
        "targetKeyArn": key["Arn"],
        "targetKeyId": key["KeyId"],
    }


def _bucket(at: Place, args: Args) -> Found:
    """internal/service/s3/bucket_data_source.go."""
    name = args["bucket"]
    asked = Asked(at, args, "s3", f"S3 Bucket ({name})")
    asked.call("head_bucket", Bucket=name)
    region = asked.call("get_bucket_location", Bucket=name).get("LocationConstraint") or "us-east-1"
    domain = f"s3-website-{region}.amazonaws.com"
    site = {"websiteDomain": domain, "websiteEndpoint": f"{name}.{domain}"}
    return {
        **args,
        **(site if asked.maybe("get_bucket_website", Bucket=name) else {}),
        "arn": f"arn:{at.partition}:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": region,
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "id": name,
        "region": asked.region,
    }


_ROLE = {
    **same("arn", "createDate", "description", "maxSessionDuration", "path"),
    "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
    "uniqueId": "RoleId",
}


def _role(at: Place, args: Args) -> Found:
    """internal/service/iam/role_data_source.go."""
    asked = Asked(at, args, "iam", f"IAM Role ({args['name']})")
    one = asked.call("get_role", RoleName=args["name"])["Role"]
    used = take(one.get("RoleLastUsed") or {}, {"lastUsedDate": "LastUsedDate", "region": "Region"})
    return {
        "description": "",
        "permissionsBoundary": "",
        **take(one, _ROLE),
        "name": args["name"],
        "id": args["name"],
        "assumeRolePolicy": text(one["AssumeRolePolicyDocument"]),
        "roleLastUseds": [used] if used else [],
        "tags": tags_of(one),
    }


_PLACES = frozenset({"filters", "region", "tags"})
FUNCTIONS: dict[str, tuple[Function, frozenset[str]]] = {
    "aws:ec2/getVpc:getVpc": (_vpc, _PLACES | {"id", *_VPC_ASKED}),
    "aws:ec2/getSubnet:getSubnet": (_subnet, _PLACES | {"id", *_SUBNET_ASKED}),
    "aws:ec2/getSubnets:getSubnets": (_subnets, _PLACES),
    "aws:iam/getRole:getRole": (_role, frozenset({"name"})),
    "aws:kms/getAlias:getAlias": (_alias, frozenset({"name", "region"})),
    "aws:kms/getKey:getKey": (_key, frozenset({"grantTokens", "keyId", "region"})),
    "aws:s3/getBucket:getBucket": (_bucket, frozenset({"bucket", "region"})),
}
