"""The settings of the network: a VPC of the stack's own, or one that is there already."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from facts.texts import text
from infra.network.cidr import Plan, plan
from infra.settings.model import SettingsModel, refuse

# What CloudWatch Logs accepts as a retention: API reference of PutRetentionPolicy.
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653
]
# Services that a node or a job may have to reach without a way to the internet.
EndpointService = Literal[
    "ec2", "ecr.api", "ecr.dkr", "elasticmapreduce", "glue", "kms", "logs", "monitoring", "sns", "sqs", "ssm",
    "ssmmessages", "sts",
]  # fmt: skip
# Every step assumes its job's role (sts), and disks and data are encrypted (kms): without them no step runs.
ESSENTIAL_ENDPOINTS: tuple[EndpointService, ...] = ("kms", "sts")

VpcId = Annotated[str, text(r"^vpc-[0-9a-f]{8,17}$", "the id of a VPC, as vpc-0123456789abcdef0")]
SubnetId = Annotated[str, text(r"^subnet-[0-9a-f]{8,17}$", "the id of a subnet, as subnet-0123456789abcdef0")]
Zones = Annotated[tuple[str, ...], Field(min_length=2, max_length=3)]


class AdoptedNetworkSettings(SettingsModel):
    """A VPC that is there already. Routes, endpoints and flow logs are its owner's; the security groups are ours."""

    vpc_id: VpcId
    """The VPC."""
    # https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_NetworkConfiguration.html
    private_subnet_ids: tuple[SubnetId, ...] = Field(min_length=1, max_length=16)
    """Its private subnets for nodes, each with the tag for-use-with-amazon-emr-managed-policies=true."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> AdoptedNetworkSettings:
        refuse(_twice("private_subnet_ids", self.private_subnet_ids))
        return self


class NetworkSettings(SettingsModel):
    """The VPC: made, or adopted. A change of `cidr` or `zones` replaces subnets and with them every cluster."""

    adopt: AdoptedNetworkSettings | None = None
    """A VPC that is there already, in place of one that the stack makes: then nothing else is said of the network."""
    cidr: str = "10.20.0.0/16"
    """The VPC's block: private, /16 to /24, with room for every node and endpoint."""
    zones: Zones | None = None
    """Availability zones of the region, by name, so that a new zone of AWS moves nothing; two or three."""
    nat: Literal["none", "one", "per_zone"] = "none"
    """Ways to the internet from the nodes."""
    interface_endpoints: tuple[EndpointService, ...] = ESSENTIAL_ENDPOINTS
    """AWS services that nodes reach without the internet, each a private endpoint with an hourly price."""
    flow_log_retention_days: RetentionDays = 90
    """How long the VPC's flow logs are kept."""

    @field_validator("cidr")
    @classmethod
    def _a_private_block(cls, value: str) -> str:
        try:
            block = IPv4Network(value)
        except ValueError:
            raise ValueError("must be an IPv4 block such as 10.20.0.0/16, with no host bits set") from None
        if not 16 <= block.prefixlen <= 24:
            raise ValueError("must be between /16 (the largest VPC) and /24 (the least that holds a cluster)")
        if not block.is_private:
            raise ValueError("must be a private block (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)")
        return value

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> NetworkSettings:
        refuse(self._adoption_mistakes() if self.adopt else self._mistakes())
        return self

    def _adoption_mistakes(self) -> Iterable[str]:
        for key in sorted(self.model_fields_set - {"adopt"}):
            yield (
                f"{key}: stands beside adopt, but of an adopted VPC this is its owner's to say; "
                "remove one of the two"
            )

    def _mistakes(self) -> Iterable[str]:
        if self.zones is None:
            yield "zones: is missing; name two or three zones of the region, or adopt a VPC (adopt)"
        yield from _twice("zones", self.zones or ())
        yield from _twice("interface_endpoints", self.interface_endpoints)
        if self.nat == "none":
            for service in ESSENTIAL_ENDPOINTS:
                if service not in self.interface_endpoints:
                    yield (
                        f"interface_endpoints: '{service}' is missing while nat is 'none': no step can run without it; "
                        "add it, or set nat to 'one' or 'per_zone'"
                    )

    def reaches(self, service: EndpointService) -> bool:
        """Whether nodes reach the service, as far as can be told: of an adopted VPC its owner sees to that."""
        return self.adopt is not None or self.nat != "none" or service in self.interface_endpoints

    def subnets(self) -> Plan:
        """The subnets of a network that the stack makes."""
        return plan(IPv4Network(self.cidr), self.zones or ())


def _twice(key: str, names: tuple[str, ...]) -> Iterable[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{key}: '{name}' stands twice; name each once"
