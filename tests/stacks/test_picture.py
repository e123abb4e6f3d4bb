"""A stack drawn: what stands below which component, counted and named."""

from __future__ import annotations

from typing import Any

from stacks import picture

STACK = "urn:pulumi:dev::emr::pulumi:pulumi:Stack::emr-dev"


def _urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::emr::{kind}::{name}"


def _step(kind: str, name: str, parent: str, *, custom: bool = True) -> dict[str, Any]:
    new = {"type": kind, "urn": _urn(kind, name), "parent": parent, "custom": custom}
    return {"op": "create", "urn": new["urn"], "newState": new}


NETWORK, GROUPS = _urn("emr:network:Network", "network"), _urn("emr:network:Groups", "groups")
PREVIEW = {
    "steps": [
        {
            "op": "same",
            "urn": STACK,
            "newState": {"type": "pulumi:pulumi:Stack", "urn": STACK, "custom": False},
        },
        _step("pulumi:providers:aws", "aws", STACK),
        _step("emr:network:Network", "network", STACK, custom=False),
        _step("aws:ec2/vpc:Vpc", "vpc", NETWORK),
        {**_step("aws:ec2/vpc:Vpc", "vpc", NETWORK), "op": "replace"},
        *(_step("aws:ec2/subnet:Subnet", f"private-{n}", NETWORK) for n in range(6)),
        _step("emr:network:Groups", "groups", NETWORK, custom=False),
        _step("aws:ec2/securityGroup:SecurityGroup", "node", GROUPS),
        {"op": "delete", "urn": "gone", "oldState": {"type": "aws:ec2/vpc:Vpc", "urn": "gone"}},
    ]
}


def test_each_component_has_what_stands_below_it_and_its_parts() -> None:
    (network,) = picture.components(picture.planned(PREVIEW))
    assert [network] == picture.components(reversed(picture.planned(PREVIEW)))
    assert (network.type, network.name) == ("emr:network:Network", "network")
    assert network.resources == {"Vpc": ["vpc"], "Subnet": [f"private-{n}" for n in range(6)]}
    (groups,) = network.parts
    assert groups.resources == {"SecurityGroup": ["node"]}


def test_many_of_a_type_are_one_box_with_their_number_and_the_first_names() -> None:
    (network,) = picture.components(picture.planned(PREVIEW))
    assert picture.mermaid(network).splitlines() == [
        "flowchart LR",
        '  c(["<b>network</b><br/>emr:network:Network"])',
        '  c --> cr0["Subnet × 6<br/><small>private-0, private-1, private-2, private-3, …</small>"]',
        '  c --> cr1["Vpc<br/><small>vpc</small>"]',
        "  c --> cp0",
        '  cp0(["<b>groups</b><br/>emr:network:Groups"])',
        '  cp0 --> cp0r0["SecurityGroup<br/><small>node</small>"]',
    ]


def test_the_page_has_a_section_a_component() -> None:
    page = picture.page("dev", PREVIEW)
    assert page.startswith("# What stack `dev` makes\n")
    assert page.count("```mermaid") == 1
    assert "## network (`emr:network:Network`)" in page
