"""What the rows of several services share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Hook, Tagging, Template, When

IPAM = "address pools of IPAM are not modelled here"
IPV6 = "the local network has no IPv6"
NOT_MODELLED = "the local AWS does not model it"
OTHER_ACCOUNTS = {"expectedBucketOwner": "buckets of other accounts are not reached from here"}


def ec2_tags(kind: str) -> list[Template]:
    """The `TagSpecifications` of an EC2 create call."""
    return [When("tagsAll", {"ResourceType": kind, "Tags": "$tagsAll"})]


EC2_TAGGING = Tagging(
    add=Call(op="CreateTags", args={"Resources": ["$id"], "Tags": "$tagsAdded"}),
    remove=Call(op="DeleteTags", args={"Resources": ["$id"], "Tags": "$tagsRemoved"}),
)


def filters(**wanted: Template) -> list[Template]:
    """EC2 filters: `filters(vpc_id="$id")`; a filter whose value is not set drops out."""
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in wanted.items()]


def delta(op: str, args: Mapping[str, str], prop: str, add: str, remove: str) -> Hook:
    """A hook that sends what came and what went of a list of identifiers."""

    def hook(run: Run) -> None:
        old, new = set(run.old.get(prop) or []), set(run.props.get(prop) or [])
        params: dict[str, Any] = {member: run.text(template) for member, template in args.items()}
        if new - old:
            params[add] = sorted(new - old)
        if old - new:
            params[remove] = sorted(old - new)
        run.call(op, **params)

    return hook


def unsupported(why: str, *props: str) -> dict[str, str]:
    """The same reason for several arguments."""
    return dict.fromkeys(props, why)
