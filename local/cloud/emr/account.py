"""What a launch looks up in the account it happens in, read from moto's other services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from json import JSONDecodeError, loads
from typing import TYPE_CHECKING, Any

from local.cloud.emr import managed_groups, public_access
from local.cloud.emr.errors import InvalidRequestError, ValidationError
from local.cloud.emr.public_access import OpenRule

if TYPE_CHECKING:
    from local.cloud.emr.backend import EmrBackend


class MotoAccount:
    """The account and region of one EMR backend."""

    def __init__(self, backend: EmrBackend) -> None:
        self._backend = backend

    def cluster_arn(self, cluster_id: str) -> str:
        b = self._backend
        return f"arn:{b.partition}:elasticmapreduce:{b.region_name}:{b.account_id}:cluster/{cluster_id}"

    def has_role(self, name_or_arn: str) -> bool:
        return any(name_or_arn in (role.name, role.arn) for role in self._iam(name_or_arn).get_roles())

    def has_instance_profile(self, name_or_arn: str) -> bool:
        profiles = self._iam(name_or_arn).get_instance_profiles()
        return any(name_or_arn in (profile.name, profile.arn) for profile in profiles)

    def subnet_zone(self, subnet_id: str) -> str | None:
        from moto.ec2.exceptions import InvalidSubnetIdError

        try:
            return str(self._backend.ec2_backend.get_subnet(subnet_id).availability_zone)
        except InvalidSubnetIdError:
            return None

    def security_groups(self, instances: Mapping[str, Any], release_label: str) -> dict[str, str]:
        from moto.ec2.exceptions import EC2ClientError, InvalidSubnetIdError
        from moto.emr import utils

        subnet = instances.get("Ec2SubnetId") or next(iter(instances.get("Ec2SubnetIds") or []), "")
        asked = {name: instances.get(name) for name in managed_groups.GROUPS}
        ec2 = self._backend.ec2_backend
        try:
            vpc = ec2.get_subnet(subnet).vpc_id
        except InvalidSubnetIdError:
            return {name: group for name, group in asked.items() if group}
        make = utils.EmrSecurityGroupManager(ec2, vpc)._get_or_create_sg
        defaults = (
            utils.EmrManagedMasterSecurityGroup,
            utils.EmrManagedSlaveSecurityGroup,
            utils.EmrManagedServiceAccessSecurityGroup,
        )
        try:
            found = {
                name: make(asked[name], default).id
                for name, default in zip(managed_groups.GROUPS, defaults, strict=True)
            }
            managed_groups.add(ec2, vpc, found, release_label)
        except (ValueError, EC2ClientError) as error:
            raise ValidationError(f"The security group configuration was invalid: {error}") from error
        return found

    def check_public_access(self, subnets: Sequence[str], groups: Iterable[str]) -> None:
        if any(self._is_public(subnet) for subnet in subnets):
            rules = [rule for group in groups for rule in self._open_rules(group)]
            public_access.check(self._backend.block_public_access_configuration, rules)

    def knows_release(self, label: str) -> bool:
        return label in self._backend._release_labels

    def instance_types(self, release_label: str) -> frozenset[str]:
        try:
            return frozenset(self._backend._get_instance_type_names(release_label))
        except FileNotFoundError:
            return frozenset()

    def security_configuration(self, name: str) -> Mapping[str, Any]:
        try:
            document = loads(self._backend.get_security_configuration(name).security_configuration)
        except JSONDecodeError as error:
            raise InvalidRequestError(
                f"Security configuration '{name}' is not valid JSON: {error}"
            ) from error
        return document if isinstance(document, dict) else {}

    def zones(self) -> list[str]:
        return [zone.name for zone in self._backend.ec2_backend.describe_availability_zones()]

    def _is_public(self, subnet_id: str) -> bool:
        """Whether the subnet's route table, its VPC's main one if it has none, leads to an internet gateway."""
        ec2 = self._backend.ec2_backend
        vpc = ec2.get_subnet(subnet_id).vpc_id
        tables = [table for table in ec2.route_tables.values() if table.vpc_id == vpc]
        own = [table for table in tables if subnet_id in table._associations.values()]
        chosen = own or [table for table in tables if table.main_association_id]
        return any((route.gateway_id or "").startswith("igw-") for table in chosen for route in table.routes)

    def _open_rules(self, group_id: str) -> list[OpenRule]:
        group = self._backend.ec2_backend.get_security_group_from_id(group_id)
        lowest, highest = public_access.ALL_PORTS
        return [
            OpenRule(
                group=group_id,
                lowest=lowest if rule.from_port is None else int(rule.from_port),
                highest=highest if rule.to_port is None else int(rule.to_port),
            )
            for rule in (group.ingress_rules if group else ())
            if rule.ip_range.get("CidrIp") == "0.0.0.0/0" or rule.ip_range.get("CidrIpv6") == "::/0"
        ]

    def _iam(self, name_or_arn: str) -> Any:
        from moto.iam.models import iam_backends

        account = name_or_arn.split(":")[4] if name_or_arn.startswith("arn:") else self._backend.account_id
        return iam_backends[account][self._backend.partition]
