"""Security groups, the VPC's default one, and rules as resources of their own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.provider.errors import ProviderError, code_of
from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, When
from local.provider.types.common import EC2_TAGGING, ec2_tags, filters

_SIDES = {"ingress": ("IpPermissions", "Ingress"), "egress": ("IpPermissionsEgress", "Egress")}
# The four kinds of source of a rule: the argument, the API's list, the field of its items.
_SOURCES = (
    ("cidrBlocks", "IpRanges", "CidrIp"),
    ("ipv6CidrBlocks", "Ipv6Ranges", "CidrIpv6"),
    ("prefixListIds", "PrefixListIds", "PrefixListId"),
    ("securityGroups", "UserIdGroupPairs", "GroupId"),
)
_ALL_PROTOCOLS = "-1"
_DELETE_SECONDS = 600.0  # aws/resource_aws_security_group.go of provider 3.39.0


def _permission(rule: Mapping[str, Any], group: str) -> dict[str, Any]:
    """A rule block as the API's IpPermission."""
    permission: dict[str, Any] = {"IpProtocol": str(rule["protocol"])}
    if permission["IpProtocol"] != _ALL_PROTOCOLS:
        permission |= {"FromPort": int(rule["fromPort"]), "ToPort": int(rule["toPort"])}
    text = {"Description": rule["description"]} if rule.get("description") else {}
    for prop, member, field in _SOURCES:
        items = list(rule.get(prop) or [])
        if prop == "securityGroups" and rule.get("self"):
            items.append(group)
        if items:
            permission[member] = [{field: one, **text} for one in items]
    return permission


def _rules(permissions: Iterable[Mapping[str, Any]], group: str) -> list[dict[str, Any]]:
    """The API's IpPermissions as rule blocks: one for each protocol, ports and description."""
    blocks: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in permissions:
        for prop, member, field in _SOURCES:
            for item in one.get(member) or []:
                protocol = one["IpProtocol"]
                ports = (
                    (0, 0) if protocol == _ALL_PROTOCOLS else (one.get("FromPort", 0), one.get("ToPort", 0))
                )
                text = item.get("Description") or ""
                block = blocks.setdefault(
                    (protocol, *ports, text),
                    {"protocol": protocol, "fromPort": int(ports[0]), "toPort": int(ports[1]), "self": False},
                )
                if text:
                    block["description"] = text
                if item.get(field) == group and prop == "securityGroups":
                    block["self"] = True
                else:
                    block.setdefault(prop, []).append(item.get(field))
    return list(blocks.values())


def _atoms(rules: Any) -> set[tuple[Any, ...]]:
    """Rule blocks taken apart, so that it does not matter how a program groups them."""
    atoms: set[tuple[Any, ...]] = set()
    for rule in rules if isinstance(rules, list) else []:
        every = str(rule.get("protocol")) == _ALL_PROTOCOLS
        ports = (0, 0) if every else (int(rule.get("fromPort") or 0), int(rule.get("toPort") or 0))
        head = (str(rule.get("protocol")), *ports, rule.get("description") or "")
        atoms |= {(*head, prop, one) for prop, _, _ in _SOURCES for one in rule.get(prop) or []}
        if rule.get("self"):
            atoms.add((*head, "self", True))
    return atoms


def _same_rules(one: Any, other: Any) -> bool:
    return isinstance(one, list) and isinstance(other, list) and _atoms(one) == _atoms(other)


def _group(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.call("DescribeSecurityGroups", GroupIds=[run.id])["SecurityGroups"][0]
    return found


def _revoke(run: Run, side: str) -> None:
    member, name = _SIDES[side]
    permissions = _group(run).get(member)
    if permissions:
        run.call(f"RevokeSecurityGroup{name}", GroupId=run.id, IpPermissions=permissions)


def _revoke_egress(run: Run) -> None:
    """A new group lets everything out; the real provider takes that rule away, so that egress is what is
    said."""
    _revoke(run, "egress")


def _sync(side: str) -> Any:
    """Take away the rules that are said no more and add the new ones; what stays is never gone in between."""
    member, name = _SIDES[side]

    def hook(run: Run) -> None:
        had, wanted = _rules(_group(run).get(member) or [], run.id), run.props.get(side) or []
        for verb, rules in (("Revoke", _beyond(had, wanted)), ("Authorize", _beyond(wanted, had))):
            if rules:
                permissions = [_permission(rule, run.id) for rule in rules]
                run.call(f"{verb}SecurityGroup{name}", GroupId=run.id, IpPermissions=permissions)

    return hook


def _beyond(rules: Iterable[Mapping[str, Any]], others: Any) -> list[dict[str, Any]]:
    """What rule blocks say and others do not, a block for each source."""
    known, sources = _atoms(others), {"self", *(prop for prop, _, _ in _SOURCES)}
    found = []
    for rule in rules:
        head = {name: value for name, value in rule.items() if name not in sources}
        each: list[dict[str, Any]] = [
            {**head, prop: [one]} for prop, _, _ in _SOURCES for one in rule.get(prop) or []
        ]
        each += [{**head, "self": True}] if rule.get("self") else []
        found += [one for one in each if not _atoms([one]) <= known]
    return found


def _read_rules(run: Run) -> None:
    group = run.answers["DescribeSecurityGroups"]["SecurityGroups"][0]
    for side, (member, _) in _SIDES.items():
        run.found[side] = _rules(group.get(member) or [], run.id)


def _revoke_on_delete(run: Run) -> None:
    """Rules of other groups may name this one (EMR leaves such pairs): they go first when the program says
    so."""
    if not run.old.get("revokeRulesOnDelete"):
        return
    for side in _SIDES:
        _revoke(run, side)


def _delete(run: Run) -> None:
    """Delete the group; as the real provider does, wait for other groups that name it, which go or revoke by
    themselves, and say at last what AWS says."""
    until = time.monotonic() + _DELETE_SECONDS

    def deleted() -> bool:
        try:
            run.call("DeleteSecurityGroup", GroupId=run.id)
        except ClientError as error:
            if code_of(error) != "DependencyViolation" or time.monotonic() > until:
                raise
            return False
        return True

    run.wait(f"others to let go of {run.id}", deleted)


_READ = Part(call=Call(op="DescribeSecurityGroups", args={"GroupIds": ["$id"]}), at="SecurityGroups.0")
_CHANGES = tuple(Change(props=(side,), do=(_sync(side),), on_create=True) for side in _SIDES)
_ARN = "arn:$partition:ec2:$region:$ownerId:security-group/$id"

SECURITY_GROUP = Resource(
    type="aws:ec2/securityGroup:SecurityGroup",
    terraform="aws_security_group",
    service="ec2",
    create=Call(
        op="CreateSecurityGroup", by_name=True, args={"TagSpecifications": ec2_tags("security-group")}
    ),
    id="=GroupId",
    # Every group has a name that never changes in place, so this runs exactly once, after the creation.
    changes=(Change(props=("name",), do=(_revoke_egress,), on_create=True), *_CHANGES),
    reads=(_READ,),
    finish=_read_rules,
    delete=(_revoke_on_delete, _delete),
    tagging=EC2_TAGGING,
    name=Name(),
    names={"name": "GroupName"},
    defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
    by_hook=frozenset(_SIDES),
    keep=frozenset({"revokeRulesOnDelete", "namePrefix"}),
    same=dict.fromkeys(_SIDES, _same_rules),
    outputs={"arn": _ARN},
)


def _adopt(run: Run) -> dict[str, Any]:
    """The VPC's default group is there already: take it and start from no rules, as the real provider
    does."""
    vpc = run.props.get("vpcId")
    if vpc is None:
        vpcs = run.call("DescribeVpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        vpc = vpcs[0]["VpcId"] if vpcs else None
    answer = run.call(
        "DescribeSecurityGroups",
        Filters=[{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [vpc or ""]}],
    )
    if not answer["SecurityGroups"]:
        raise ProviderError(f"the VPC {vpc} has no default security group")
    run.id = answer["SecurityGroups"][0]["GroupId"]
    for side in _SIDES:
        _revoke(run, side)
    return {"Id": run.id}


DEFAULT_SECURITY_GROUP = Resource(
    type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    terraform="aws_default_security_group",
    service="ec2",
    create=_adopt,
    id="=Id",
    changes=_CHANGES,
    reads=(_READ,),
    finish=_read_rules,
    delete=(),  # it goes with its VPC; the real provider only forgets it
    tagging=EC2_TAGGING.on_creation(),
    names={"name": "GroupName"},
    defaults={"revokeRulesOnDelete": False},
    by_hook=frozenset({*_SIDES, "vpcId"}),
    keep=frozenset({"revokeRulesOnDelete"}),
    same=dict.fromkeys(_SIDES, _same_rules),
    outputs={"arn": _ARN},
    absent={"namePrefix": "the default group's name is given"},
)


def _rule_params(run: Run) -> dict[str, Any]:
    params = {
        "IpProtocol": str(run.props["ipProtocol"]),
        "FromPort": int(run.props.get("fromPort", -1)),
        "ToPort": int(run.props.get("toPort", -1)),
    }
    sources = {"cidrIpv4": "CidrIpv4", "cidrIpv6": "CidrIpv6", "prefixListId": "PrefixListId"}
    params |= {member: run.props[prop] for prop, member in sources.items() if run.props.get(prop)}
    if run.props.get("referencedSecurityGroupId"):
        params["ReferencedGroupId"] = run.props["referencedSecurityGroupId"]
    if run.props.get("description"):
        params["Description"] = run.props["description"]
    return params


def _modify_rule(run: Run) -> None:
    run.call(
        "ModifySecurityGroupRules",
        GroupId=run.props["securityGroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": run.id, "SecurityGroupRule": _rule_params(run)}],
    )


def _no_ports_of_all(run: Run) -> None:
    """AWS answers -1 for the ports of a rule for all protocols, which has none."""
    if run.found.get("ipProtocol") == _ALL_PROTOCOLS:
        for prop in ("fromPort", "toPort"):
            run.found.pop(prop, None)


_ONE_SOURCE = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def _check_source(inputs: Mapping[str, Any]) -> tuple[str, str] | None:
    given = [prop for prop in _ONE_SOURCE if inputs.get(prop) is not None]
    if len(given) == 1:
        return None
    said = ", ".join(given) or "none"
    return given[
        1
    ] if given else "cidrIpv4", f"a rule has exactly one of {', '.join(_ONE_SOURCE)}; given: {said}"


def _other_kind(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """AWS cannot make a rule's range a group or a group a range: the real provider replaces the rule."""
    had = {prop for prop in _ONE_SOURCE if old.get(prop) is not None}
    wants = {prop for prop in _ONE_SOURCE if new.get(prop) is not None}
    return frozenset(had ^ wants)


def _rule(side: str) -> Resource:
    text = {"Description": "$description"}
    permission = {
        "IpProtocol": "$ipProtocol",
        "FromPort": "$fromPort",
        "ToPort": "$toPort",
        "IpRanges": [When("cidrIpv4", {"CidrIp": "$cidrIpv4", **text})],
        "Ipv6Ranges": [When("cidrIpv6", {"CidrIpv6": "$cidrIpv6", **text})],
        "PrefixListIds": [When("prefixListId", {"PrefixListId": "$prefixListId", **text})],
        "UserIdGroupPairs": [
            When("referencedSecurityGroupId", {"GroupId": "$referencedSecurityGroupId", **text})
        ],
    }
    group = {"GroupId": "$securityGroupId"}
    return Resource(
        type=f"aws:vpc/securityGroup{side}Rule:SecurityGroup{side}Rule",
        terraform=f"aws_vpc_security_group_{side.lower()}_rule",
        service="ec2",
        create=Call(
            op=f"AuthorizeSecurityGroup{side}",
            args={
                **group,
                "IpPermissions": [permission],
                "TagSpecifications": ec2_tags("security-group-rule"),
            },
        ),
        id="=SecurityGroupRules.0.SecurityGroupRuleId",
        reads=(
            Part(
                call=Call(
                    op="DescribeSecurityGroupRules", args={"Filters": filters(security_group_rule_id="$id")}
                ),
                at="SecurityGroupRules.0",
            ),
        ),
        finish=_no_ports_of_all,
        changes=(
            Change(
                props=(*_ONE_SOURCE, "ipProtocol", "fromPort", "toPort", "description"), do=(_modify_rule,)
            ),
        ),
        delete=(Call(op=f"RevokeSecurityGroup{side}", args={**group, "SecurityGroupRuleIds": ["$id"]}),),
        tagging=EC2_TAGGING,
        names={"securityGroupId": "GroupId", "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId"},
        outputs={
            "arn": "arn:$partition:ec2:$region:$account:security-group-rule/$id",
            "securityGroupRuleId": "$id",
        },
        forgotten=frozenset({"description"}),  # of a rule whose source is a group
        check=_check_source,
        replaces_if=_other_kind,
    )


ROWS = (DEFAULT_SECURITY_GROUP, SECURITY_GROUP, _rule("Ingress"), _rule("Egress"))
