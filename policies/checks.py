"""What most rules ask of a property: that it is set, on, not off, or one of some values; and what stands beside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from policies.rule import Config, Finding, Verdicts
from policies.unknown import NotYetKnownError
from policies.view import Node, Resource, Stack, show

Check = Callable[[Resource, Config], Verdicts]
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
MANAGED_KEY = re.compile(r"(^|:)alias/aws/")
StackCheck = Callable[[Resource, Stack, Config], Verdicts]


def at(resource: Resource, path: str) -> Node:
    """The value at a dotted path, as in `configuration.resultConfiguration`; absent where the way ends."""
    node = resource.props
    for key in path.split("."):
        node = node.get(key)
    return node


def said(node: Node) -> str:
    """What a property holds, for a finding: `kmsKeyId is not set`, `mode is 'Off'`."""
    return f"{node.path} is {show(node.value)}" if node.present else f"{node.path} is not set"


def must_be_set(path: str, problem: str) -> Check:
    """Judge that the property is there, whatever it holds."""

    def check(resource: Resource, _: Config) -> Verdicts:
        if not at(resource, path).present:
            yield Finding(f"{problem}: {path} is not set")

    return check


def is_own_key(node: Node) -> bool:
    """Whether a KMS key of one's own is named; the keys that AWS manages are called alias/aws/SERVICE."""
    return node.present and (node.unknown or not MANAGED_KEY.search(node.text() or ""))


def must_be_own_key(path: str, problem: str) -> Check:
    """Judge that a KMS key is named, and that it is not one that AWS manages."""

    def check(resource: Resource, _: Config) -> Verdicts:
        if not is_own_key(at(resource, path)):
            yield Finding(f"{problem}: {said(at(resource, path))}")

    return check


def must_be_true(path: str, problem: str) -> Check:
    """Judge that a flag is on; left out it is off."""

    def check(resource: Resource, _: Config) -> Verdicts:
        flag = at(resource, path)
        if flag.flag() is not True:
            yield Finding(f"{problem}: {said(flag)}")

    return check


def must_not_be_false(path: str, problem: str) -> Check:
    """Judge that a flag is not off; left out it is on."""

    def check(resource: Resource, _: Config) -> Verdicts:
        if at(resource, path).flag() is False:
            yield Finding(f"{problem}: {path} is false")

    return check


def must_be_one_of(path: str, allowed: tuple[str, ...], problem: str) -> Check:
    """Judge that a text is one of `allowed`; left out it is not."""

    def check(resource: Resource, _: Config) -> Verdicts:
        node = at(resource, path)
        if node.text() not in allowed:
            yield Finding(f"{problem}: {said(node)}")

    return check


def must_have_beside(what: str, prop: str, types: tuple[str, ...], inline: str = "") -> StackCheck:
    """Judge that a resource of `types` names this one in its `prop`, or that the property `inline` is set."""

    def check(resource: Resource, stack: Stack, _: Config) -> Verdicts:
        if not stack.referring(resource, prop, *types) and not (inline and _holds(resource.given(inline))):
            yield Finding(f"has no {what} beside it in the stack")

    return check


def _holds(node: Node) -> bool:
    return node.unknown or (node.present and node.value not in ([], {}, [{}]))


def either(*checks: Check) -> Check:
    """Judge that one of the checks finds nothing; else what the first finds. An unknown leaves it open."""

    def check(resource: Resource, config: Config) -> Verdicts:
        first: list[Finding] = []
        waiting: NotYetKnownError | None = None
        for one in checks:
            try:
                found = [verdict for verdict in one(resource, config) if isinstance(verdict, Finding)]
            except NotYetKnownError as error:
                waiting = waiting or error
                continue
            if not found:
                return
            first = first or found
        if waiting:
            raise waiting
        yield from first

    return check


def every(*checks: Check) -> Check:
    """Judge by each of the checks."""

    def check(resource: Resource, config: Config) -> Verdicts:
        waiting: NotYetKnownError | None = None
        for one in checks:
            try:
                yield from one(resource, config)
            except NotYetKnownError as error:
                waiting = error
        if waiting:
            raise waiting

    return check


def blocks(node: Node) -> Iterator[Node]:
    """The blocks of a property that holds one or several."""
    if node.unknown or isinstance(node.value, list):
        yield from node.items()
    elif node.present:
        yield node


def must_not_be_one_of(path: str, refused: tuple[str, ...], problem: str) -> Check:
    """Judge that a text is none of `refused`."""

    def check(resource: Resource, _: Config) -> Verdicts:
        node = at(resource, path)
        if node.text() in refused:
            yield Finding(f"{problem}: {said(node)}")

    return check
