"""Where moto's EC2 is mended: what it takes of a change and does not do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from local.cloud import mend

# In the words of AWS's own refusal: https://github.com/aws-cloudformation/cfn-lint/issues/173. An apostrophe is none.
_DESCRIBED = "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_DAY = re.compile(r"20\d\d\.?[01]\d\.?[0-3]\d(?!\d)")  # 20260930 or 2017.10.13


def install() -> None:
    """Mend moto's EC2, once it is loaded."""
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.amis import AmiBackend
    from moto.ec2.models.security_groups import SecurityGroupRule
    from moto.ec2.responses.launch_templates import LaunchTemplates
    from moto.ec2.responses.vpcs import VPCs

    mend.after(LaunchTemplates, "create_launch_template", _untagged)
    mend.before(EC2Backend, "describe_launch_templates", _tags_of_now)
    mend.after(VPCs, "modify_vpc_endpoint", _modify_private_dns)
    mend.after(EC2Backend, "modify_security_group_rules", _modify_sources)
    mend.around(SecurityGroupRule, "__eq__", _described_or_not)
    mend.before(EC2Backend, "delete_security_group", _refuse_while_named)
    mend.before(EC2Backend, "delete_nat_gateway", _refuse_unknown_gateway)
    mend.before(EC2Backend, "create_security_group", _refuse_description)
    for way in ("ingress", "egress"):
        mend.before(EC2Backend, f"authorize_security_group_{way}", _refuse_descriptions)
    mend.after(EC2Backend, "delete_nat_gateway", _without_its_interface)
    mend.after(AmiBackend, "_load_amis", _date_images)


def _date_images(backend: Any) -> None:
    """moto 5.2.5 has all of Amazon's images made now; those that name their day are of that day, others older."""
    for image in backend.amis.values():
        days = _DAY.findall(image.name or "")
        day = days[-1].replace(".", "") if days else "20100101"
        image.creation_date = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)


def _untagged(response: Any) -> None:
    """moto 5.2.5 puts the tags of a template itself among those that it gives to what is launched from it."""
    template = response.ec2_backend.get_launch_template_by_name(response._get_param("LaunchTemplateName"))
    data = template.versions[0].data
    given = [one for one in data.get("TagSpecifications", []) if one["ResourceType"] != "launch-template"]
    data.pop("TagSpecifications", None)
    if given:
        data["TagSpecifications"] = given


def _tags_of_now(backend: Any, *_args: object, **_more: object) -> None:
    """moto 5.2.5 describes a launch template with the tags it was made with."""
    for template in backend.launch_templates.values():
        template.tags = template.get_tags()


def _modify_private_dns(response: Any) -> None:
    """moto 5.2.5 leaves PrivateDnsEnabled out of ModifyVpcEndpoint."""
    wanted = response._get_bool_param("PrivateDnsEnabled")
    if wanted is not None:
        ids = [response._get_param("VpcEndpointId")]
        response.ec2_backend.describe_vpc_endpoints(vpc_end_point_ids=ids)[0].private_dns_enabled = wanted


def _modify_sources(backend: Any, group_id: str, rules: Mapping[str, Mapping[str, Any]]) -> None:
    """moto 5.2.5 changes only the source of a rule for IPv4, and keeps a description that is no more said.

    That a rule stays of its kind (no IPv6 range for a group) the provider sees to: such a change replaces the rule.
    """
    group = backend.get_security_group_by_name_or_id(group_id)
    for rule_id, wanted in rules.items():
        rule = group.get_rule(rule_id)
        if wanted.get("CidrIpv6"):
            rule.ip_range["CidrIpv6"] = wanted["CidrIpv6"]
        if wanted.get("PrefixListId"):
            rule.prefix_list_id = wanted["PrefixListId"]
        if wanted.get("ReferencedGroupId"):
            rule.source_group = {**rule.source_group, "GroupId": wanted["ReferencedGroupId"]}
        if not wanted.get("Description"):
            rule.ip_range.pop("Description", None)


def _described_or_not(equal: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """moto 5.2.5 tells rules whose source is a group apart by all that was said of the source, descriptions too.

    A description is no part of a rule on AWS: without it a rule is found, and with another it is a duplicate
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html).
    """

    def bare(rule: Any) -> SimpleNamespace:
        return SimpleNamespace(**{**vars(rule), "source_group": (rule.source_group or {}).get("GroupId")})

    return lambda rule, other: equal(bare(rule), bare(other))


def _refuse_while_named(backend: Any, _name: str | None = None, group_id: str | None = None) -> None:
    """moto 5.2.5 deletes a group that rules of others name, and then cannot revoke these.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
    """
    from moto.ec2.exceptions import DependencyViolationError

    for group in [group for groups in backend.groups.values() for group in groups.values()]:
        rules = [*group.ingress_rules, *group.egress_rules]
        if group.id != group_id and any(
            (rule.source_group or {}).get("GroupId") == group_id for rule in rules
        ):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")


def _refuse_unknown_gateway(backend: Any, nat_gateway_id: str) -> None:
    """moto 5.2.5 fails on a NAT gateway that is not there.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    from moto.ec2.exceptions import EC2ClientError

    if nat_gateway_id not in backend.nat_gateways:
        raise EC2ClientError("NatGatewayNotFound", f"NAT gateway {nat_gateway_id} was not found")


def _refuse_description(_backend: Any, _name: str, description: str, *_args: object, **_more: object) -> None:
    """moto 5.2.5 takes any description."""
    _described("security group", description)


def _refuse_descriptions(
    _backend: Any,
    *_args: Any,
    ip_ranges: Any = (),
    source_groups: Any = (),
    prefix_list_ids: Any = (),
    **_more: object,
) -> None:
    for source in (*(ip_ranges or ()), *(source_groups or ()), *(prefix_list_ids or ())):
        if isinstance(source, dict):
            _described("rule", source.get("Description"))


def _described(what: str, description: str | None) -> None:
    from moto.ec2.exceptions import EC2ClientError

    if not _DESCRIPTION.fullmatch(description or ""):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid {what} description. Valid descriptions are strings less than 256 characters from the following "
            f"set: {_DESCRIBED}",
        )


def _without_its_interface(backend: Any, nat_gateway_id: str) -> None:
    """moto 5.2.5 keeps a NAT gateway's network interface when the gateway goes."""
    backend.enis.pop(backend.nat_gateways[nat_gateway_id]._eni.id, None)
