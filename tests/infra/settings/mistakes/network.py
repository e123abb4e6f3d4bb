"""The VPC: zones, block, endpoints, and one that is adopted."""

from __future__ import annotations

from tests.infra.settings.trees import VPC, Case

BAD: list[Case] = [
    ("one zone", lambda t: t["network"].update(zones=["us-east-1a"]), r"must have at least 2 entries"),
    ("four zones", lambda t: t["network"].update(zones=list("abcd")), r"must have at most 3 entries"),
    (
        "foreign zone",
        lambda t: t["network"].update(zones=["us-east-1a", "eu-west-1b"]),
        r"zones\[1\]: 'eu-west-1b' is no",
    ),
    (
        "zone twice",
        lambda t: t["network"].update(zones=["us-east-1a"] * 2),
        r"zones: 'us-east-1a' stands twice",
    ),
    (
        "host bits",
        lambda t: t["network"].update(cidr="10.0.0.1/16"),
        r'cidr: is "10\.0\.0\.1/16"; must be an IPv4 block',
    ),
    ("public block", lambda t: t["network"].update(cidr="8.8.0.0/16"), r"must be a private block"),
    ("tiny block", lambda t: t["network"].update(cidr="10.0.0.0/25"), r"must be between /16 .* and /24"),
    (
        "no way to sts",
        lambda t: t["network"].update(interface_endpoints=["kms"]),
        r"'sts' is missing while nat is 'none'",
    ),
    (
        "unknown service",
        lambda t: t["network"].update(interface_endpoints=["kms", "sts", "s4"]),
        r"\[2\]: is \"s4\"; allowed",
    ),
    (
        "zones missing",
        lambda t: t["network"].pop("zones"),
        r"^emr:network\.zones: is missing; .* or adopt a VPC",
    ),
    (
        "adopted and made",
        lambda t: t.update(network={"adopt": VPC, "zones": ["us-east-1a", "us-east-1b"]}),
        r"^emr:network\.zones: stands beside adopt",
    ),
    ("no subnets", lambda t: t.update(network={"adopt": {**VPC, "private_subnet_ids": []}}), r"at least 1"),
    (
        "vpc id",
        lambda t: t.update(network={"adopt": {**VPC, "vpc_id": "main"}}),
        r'^emr:network\.adopt\.vpc_id: is "main"; must be',
    ),
    (
        "vpc missing",
        lambda t: t.update(network={"adopt": {"private_subnet_ids": VPC["private_subnet_ids"]}}),
        r"^emr:network\.adopt\.vpc_id: is missing",
    ),
    (
        "subnet id",
        lambda t: t.update(network={"adopt": {**VPC, "private_subnet_ids": ["a"]}}),
        r'private_subnet_ids\[0\]: is "a"; must be',
    ),
    (
        "subnet twice",
        lambda t: t.update(network={"adopt": {**VPC, "private_subnet_ids": VPC["private_subnet_ids"] * 2}}),
        r"^emr:network\.adopt\.private_subnet_ids: 'subnet-0123456789abcdef0' stands twice",
    ),
]
