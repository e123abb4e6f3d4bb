"""Words of a stack file for hypothesis: names, principals, topics, images, at their limits."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from infra.naming import MAX_STACK_LENGTH, partition_of

Tree = dict[str, Any]
Draw = st.DrawFn
ACCOUNT = "123456789012"
DIGEST = "sha256:" + "0123456789abcdef" * 4
# Regions with prices, one each without, with the longest name, and of another partition.
REGIONS = (
    "us-east-1",
    "eu-central-1",
    "ap-southeast-1",
    "us-west-2",
    "me-south-1",
    "ap-northeast-3",
    "us-gov-west-1",
)
PRICED = ("us-east-1", "eu-central-1", "ap-southeast-1", "us-west-2")
# What the program itself calls things, beside names at their limits: who shares them must not collide.
OWN = (
    "main", "task", "core", "primary", "node", "service", "endpoints", "flow-logs", "serverless", "analysts", "logs",
    "page", "ticket", "event-logs", "keys", "network", "aws", "autoscaling", "runs", "break-glass", "boundary", "job",
    "default", "a", "x" * 31, "a-" + "b" * 28 + "-", "main-task", "idle",
)  # fmt: skip
NAMES = st.one_of(st.sampled_from(OWN), st.from_regex(r"\A[a-z][a-z0-9-]{0,30}\Z"))
STACKS = st.one_of(
    st.sampled_from(["dev", "prod", "a", "x" * MAX_STACK_LENGTH]),
    st.from_regex(rf"\A[a-z][a-z0-9-]{{0,{MAX_STACK_LENGTH - 2}}}[a-z0-9]\Z"),
)
WORDS = st.text("abcXYZ019 _.:/=+@-é", min_size=1, max_size=30).filter(lambda one: one == one.strip())


def said(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    """A mapping of what is not left out."""
    return st.fixed_dictionaries({}, optional=keys).map(
        lambda one: {k: v for k, v in one.items() if v is not None}
    )


def arns(kind: str, most: int, partition: str) -> st.SearchStrategy[list[str]]:
    """Principals, with names at IAM's limits."""
    name = st.text("aZ0+=,.@_-/", min_size=1, max_size=64).filter(lambda one: one.strip("/") == one)
    return st.lists(
        name.map(lambda one: f"arn:{partition}:iam::{ACCOUNT}:{kind}/{one}"), max_size=most, unique=True
    )


def topics(region: str) -> st.SearchStrategy[list[str]]:
    name = st.from_regex(r"\A[A-Za-z0-9_-]{1,40}\Z")
    return st.lists(
        name.map(lambda one: f"arn:{partition_of(region)}:sns:{region}:{ACCOUNT}:{one}"),
        max_size=8,
        unique=True,
    )


def images(region: str) -> st.SearchStrategy[str]:
    return st.from_regex(r"\A[a-z0-9]{1,12}(/[a-z0-9]{1,40}){0,4}\Z").map(
        lambda name: f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{name}@{DIGEST}"
    )
