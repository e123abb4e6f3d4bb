"""Rules in a security group: what stays said is never gone, not even for a moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from local.provider.types import security_groups
from tests.local.provider.conftest import Made, Peer, World

GROUP = "aws:ec2/securityGroup:SecurityGroup"


def _ingress(*ports: int) -> dict[str, Any]:
    rules = [
        {"protocol": "tcp", "fromPort": port, "toPort": port, "cidrBlocks": ["10.0.0.0/8", "10.1.0.0/16"], "self": True}
        for port in ports
    ]  # fmt: skip
    return {"ingress": rules}


def _rule_ids(aws: Any, group: str) -> dict[tuple[int, str], str]:
    """The ids of the rules that let in, by port and source: a rule that is made anew has another one."""
    found = aws("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return {
        (rule["FromPort"], rule.get("CidrIpv4", "self")): rule["SecurityGroupRuleId"]
        for rule in found["SecurityGroupRules"]
        if not rule["IsEgress"]
    }


def test_only_rules_that_change_are_touched(peer: Peer, world: World, aws: Any) -> None:
    vpc = world.make("vpc").id
    made = peer.create(GROUP, {"vpcId": vpc, **_ingress(443, 8443)}, "rules")
    before = _rule_ids(aws, made.id)
    wanted = _ingress(443, 9443)
    wanted["ingress"][0]["cidrBlocks"] = ["10.0.0.0/8"]
    updated = peer.update(made, peer.inputs(GROUP, {"vpcId": vpc, **wanted}, made.name, made.inputs))
    after = _rule_ids(aws, made.id)
    kept = {(443, "10.0.0.0/8"), (443, "self")}
    assert {of: after[of] for of in kept} == {of: before[of] for of in kept}
    assert set(after) - kept == {(9443, "10.0.0.0/8"), (9443, "10.1.0.0/16"), (9443, "self")}
    peer.delete(updated)


def _tied(peer: Peer, world: World, aws: Any, *, revoke: bool) -> tuple[Made, Made]:
    """Two groups that name each other by rules which no program knows, as EMR leaves them."""
    vpc = world.make("vpc").id
    one, other = (
        peer.create(GROUP, {"vpcId": vpc, "revokeRulesOnDelete": revoke}, f"tied-{name}-{revoke}")
        for name in ("one", "other")
    )
    for group, named in ((one, other), (other, one)):
        rule = {
            "IpProtocol": "tcp",
            "FromPort": 0,
            "ToPort": 65535,
            "UserIdGroupPairs": [{"GroupId": named.id}],
        }
        aws("ec2").authorize_security_group_ingress(GroupId=group.id, IpPermissions=[rule])
    return one, other


def test_groups_that_name_each_other_go_together_when_they_are_emptied_first(
    peer: Peer, world: World, aws: Any
) -> None:
    groups = _tied(peer, world, aws, revoke=True)
    with ThreadPoolExecutor() as engine:  # which deletes at once what does not depend on each other
        list(engine.map(peer.delete, groups))
    left = aws("ec2").describe_security_groups()["SecurityGroups"]
    assert not {group.id for group in groups} & {group["GroupId"] for group in left}


def test_a_group_that_another_names_says_so_after_its_time(
    peer: Peer, world: World, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security_groups, "_DELETE_SECONDS", 0.5)
    one, other = _tied(peer, world, aws, revoke=False)
    with pytest.raises(grpc.RpcError, match=rf"DependencyViolation: .*{one.id} has a dependent object"):
        peer.delete(one)
    for group in (one, other):
        permissions = aws("ec2").describe_security_groups(GroupIds=[group.id])["SecurityGroups"][0][
            "IpPermissions"
        ]
        aws("ec2").revoke_security_group_ingress(GroupId=group.id, IpPermissions=permissions)
    for group in (one, other):
        peer.delete(group)
