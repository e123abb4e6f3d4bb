"""What the SDK hands to a rule, read as rules see it; once a request where the pack is served (`policies.serving`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pulumi_policy as sdk

from policies.view import Resource, Stack

_RESOURCE: ContextVar[Resource | None] = ContextVar("resource", default=None)
_STACK: ContextVar[Stack | None] = ContextVar("stack", default=None)


@contextmanager
def shared() -> Iterator[None]:
    """Inside, what a reader reads (`read_resource`, `read_stack`) is what every rule is given, on this thread alone."""
    resource, stack = _RESOURCE.set(None), _STACK.set(None)
    try:
        yield
    finally:
        _RESOURCE.reset(resource)
        _STACK.reset(stack)


def read_resource(args: sdk.ResourceValidationArgs, _tell: sdk.ReportViolation) -> None:
    """The validation of a policy that finds nothing: it reads the resource for all others."""
    _RESOURCE.set(_resource(args))


def read_stack(args: sdk.StackValidationArgs, _tell: sdk.ReportViolation) -> None:
    """The validation of a policy that finds nothing: it reads the stack for all others."""
    _STACK.set(graph(args.resources))


def resource(args: sdk.ResourceValidationArgs) -> Resource:
    """The resource to judge: the one read for all, else read from `args`."""
    return _RESOURCE.get() or _resource(args)


def stack(args: sdk.StackValidationArgs) -> Stack:
    """The stack to judge: the one read for all, else read from `args`."""
    return _STACK.get() or graph(args.resources)


def _resource(args: sdk.ResourceValidationArgs | sdk.PolicyResource) -> Resource:
    provider = args.provider.props if args.provider is not None else None
    ignored = tuple(args.opts.ignore_changes) if args.opts is not None else ()
    return Resource(args.resource_type, args.name, args.urn, args.props, provider, ignored)


def graph(resources: Iterable[sdk.PolicyResource]) -> Stack:
    """The stack as the rules see it, with the flow of outputs between its resources."""
    given = list(resources)
    seen = {id(r): _resource(r) for r in given}
    for one in given:
        seen[id(one)].parent = seen.get(id(one.parent))
        seen[id(one)].references = {
            prop: [seen[id(source)] for source in sources if id(source) in seen]
            for prop, sources in one.property_dependencies.items()
        }
    return Stack(list(seen.values()))
