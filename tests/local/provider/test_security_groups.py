"""Rules in a security group: what stays said is never gone, not even for a moment."""

from __future__ import annotations

from typing import Any

from tests.local.provider.conftest import Peer, World

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
