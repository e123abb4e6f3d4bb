"""The network as it is registered for dev."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.network.rules import CLUSTER_RULES, ENDPOINT_RULES, Group
from local.cloud.emr import managed_groups
from tests.infra.recording import Recorder

Run = tuple[Recorder, dict[str, Any]]


def test_both_ends_of_each_connection_have_their_rule() -> None:
    ends = {(r.direction, r.group, r.peer, r.port) for r in (*CLUSTER_RULES, *ENDPOINT_RULES) if r.peer}
    alone = [end for end in ends if end[0] == "egress" and ("ingress", end[2], end[1], end[3]) not in ends]
    assert alone == []


@pytest.mark.parametrize("release", ["emr-7.13.0", "emr-spark-8.0.0"])
def test_emr_misses_no_rule_between_groups(release: str) -> None:
    """What it added would name them crosswise, and AWS deletes no group that another names."""
    groups: dict[str, Group] = dict(zip(managed_groups.GROUPS, ("primary", "node", "service"), strict=True))
    said = {(r.group, r.peer, r.direction, r.protocol, r.ports) for r in CLUSTER_RULES}
    for added in managed_groups.rules(release):
        if added.peer:
            protocol, *ports = added.traffic
            rule = (groups[added.group], groups[added.peer], added.side, protocol, tuple(ports))
            assert rule in said


def test_nothing_may_come_in_from_outside_the_groups(dev: Run) -> None:
    ingress = dev[0].of("SecurityGroupIngressRule")
    assert ingress
    assert not any(rule.inputs.get("cidrIpv4") for rule in ingress)


def test_the_default_group_is_closed_and_ours_are_emptied_before_they_go(dev: Run) -> None:
    made, _ = dev
    closed = made.one("DefaultSecurityGroup", "default").inputs
    assert (closed["ingress"], closed["egress"]) == ([], [])
    assert all(group.inputs["revokeRulesOnDelete"] for group in made.of("SecurityGroup"))


def test_gateway_endpoints_serve_every_private_subnet(dev: Run) -> None:
    made, _ = dev
    tables = {f"{table.name}-id" for table in made.of("RouteTable")}
    for service in ("s3", "dynamodb"):
        inputs = made.one("VpcEndpoint", service).inputs
        assert inputs["vpcEndpointType"] == "Gateway"
        assert inputs["serviceName"] == f"com.amazonaws.us-east-1.{service}"
        assert set(inputs["routeTableIds"]) == tables


def test_interface_endpoints_answer_under_the_services_own_name(dev: Run) -> None:
    made, _ = dev
    for service in ("kms", "sts"):
        inputs = made.one("VpcEndpoint", service).inputs
        assert (inputs["vpcEndpointType"], inputs["privateDnsEnabled"]) == ("Interface", True)
        assert inputs["securityGroupIds"] == ["endpoints-id"]
        assert len(inputs["subnetIds"]) == 2


def test_emr_itself_is_reached_through_an_endpoint_with_its_own_group(dev: Run) -> None:
    made, _ = dev
    inputs = made.one("VpcEndpoint", "emr-service").inputs
    assert inputs["serviceName"] == "aws.api.us-east-1.emr-service-cell01"
    assert inputs["securityGroupIds"] == ["service-id"]
    rules = {
        (rule.inputs["securityGroupId"], rule.inputs.get("referencedSecurityGroupId")): rule.inputs.get(
            "fromPort"
        )
        for rule in made.of("SecurityGroupIngressRule")
        if rule.inputs.get("fromPort") == 443
    }
    assert {("service-id", "primary-id"), ("service-id", "node-id")} <= rules.keys()


def test_nobody_comes_in_by_ssh(dev: Run, prod: Run) -> None:
    for made, _ in (dev, prod):
        assert all(rule.inputs.get("fromPort") != 22 for rule in made.of("SecurityGroupIngressRule"))
        for cluster in made.of("Cluster"):
            assert "keyName" not in cluster.inputs["ec2Attributes"]


def test_flow_logs_go_encrypted_into_a_group_that_only_their_role_writes(dev: Run) -> None:
    made, _ = dev
    group = made.one("LogGroup", "flow-logs").inputs
    assert group["kmsKeyId"].endswith("key/logs")
    assert group["retentionInDays"] == 30
    assert made.one("FlowLog", "flow-logs").inputs["trafficType"] == "ALL"
    policy = json.loads(made.one("RolePolicy", "flow-logs").inputs["policy"])
    writes = next(s for s in policy["Statement"] if s["Sid"] == "WriteFlowLogs")
    assert all(f"log-group:{group['name']}" in arn for arn in writes["Resource"])
