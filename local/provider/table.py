"""What one row of the provider's table says: how a Pulumi type is created, read, changed and deleted through
AWS.

A row is data. Arguments of a call are templates: `"$cidrBlock"` is the property of that name, `"$id"` the
resource's id, `"$region"`, `"$account"` and `"$partition"` the place; text around a `$name` makes a string.
What is not set drops out. Values are converted by botocore's shapes (shapes.py), so a template never spells
out nested structures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.provider.run import Run

Template = Any  # str, bool, int, list, dict of templates, or When
Hook = Callable[["Run"], Any]
Same = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class When:
    """A template that drops out unless the property is set (and not empty)."""

    prop: str
    then: Template


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API call."""

    op: str  # botocore's name of the operation
    args: Mapping[str, Template] = field(default_factory=dict)
    by_name: bool = False  # also send every supported property that the operation has a member for
    skip: frozenset[str] = frozenset()  # … but these
    service: str = ""  # when it is not the row's


@dataclass(frozen=True, kw_only=True)
class Part:
    """One call that reads some of the properties."""

    call: Call
    at: str = ""  # path of the structure in the answer: "Vpcs.0"; properties are taken from it by name
    take: Mapping[str, str] = field(default_factory=dict)  # property → path in the answer
    skip: frozenset[str] = frozenset()  # properties not to take by name
    missing_ok: bool = (
        False  # an error that says "not found" leaves the properties unset, not the resource gone
    )
    when: Hook | None = None  # read only when this holds


@dataclass(frozen=True, kw_only=True)
class Change:
    """What to do when one of `props` has changed."""

    props: tuple[str, ...]
    do: tuple[Call | Hook, ...]
    on_create: bool = False  # also after the create call, for properties that are set and it cannot take
    initial: Any = None  # … and differ from what AWS starts with
    unset: bool | None = None  # only when the (first) property was unset (True) or is set (False)


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """How tags are changed; `$tagsAdded` is a map, `$tagsRemoved` a list of keys."""

    add: Call
    remove: Call | None = None  # None: `add` replaces the whole set
    clear: Call | None = None  # when nothing is left and `add` cannot say so
    on_create: bool = False  # the create call takes no tags

    def on_creation(self) -> Tagging:
        """The same for a type whose create call takes no tags."""
        return replace(self, on_create=True)


@dataclass(frozen=True, kw_only=True)
class Name:
    """How the engine's random seed makes a physical name; the provider's own limits."""

    prop: str = "name"
    length: int = 255
    lower: bool = False
    prefix: str = ""  # "alias/"
    prefix_prop: str = "namePrefix"
    random: int = 7  # hexadecimal digits after the resource's name; 0: the resource's name as it is


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One Pulumi type."""

    type: str  # the token: "aws:ec2/vpc:Vpc"
    terraform: str  # the type's name in the facts
    service: str
    create: Call | Hook
    id: str  # template of the id ("$bucket", "$role:$name"), or "=" and a path in the create call's answer
    reads: tuple[Part, ...]
    delete: tuple[Call | Hook, ...]
    changes: tuple[Change, ...] = ()
    settle: Hook | None = None  # wait until it is usable
    tagging: Tagging | None = None
    name: Name | None = None
    names: Mapping[str, str] = field(
        default_factory=dict
    )  # dotted property → dotted member, where they differ
    defaults: Mapping[str, Any] = field(
        default_factory=dict
    )  # what Check fills in, as the real provider does
    outputs: Mapping[str, Template] = field(default_factory=dict)  # computed from others
    finish: Hook | None = None  # last word over what was read: changes run.found in place
    keep: frozenset[str] = frozenset()  # arguments of the provider itself, which no API returns
    forgotten: frozenset[str] = (
        frozenset()
    )  # arguments that the local AWS takes and does not always give back
    by_hook: frozenset[str] = frozenset()  # arguments and outputs that hooks handle
    json: frozenset[str] = frozenset()  # arguments compared as JSON documents
    same: Mapping[str, Same] = field(default_factory=dict)  # arguments with an equality of their own
    volatile: frozenset[str] = frozenset()  # outputs that an update in place changes
    unsupported: Mapping[str, str] = field(default_factory=dict)  # argument → why
    absent: Mapping[str, str] = field(default_factory=dict)  # output that stays unset → why
    # arguments that replace only in some cases: (state, wanted) → those that do
    replaces_if: Callable[[Mapping[str, Any], Mapping[str, Any]], frozenset[str]] | None = None
    delete_first: bool = False  # a replacement cannot stand beside the old one
    import_id: str = ""  # template of the id that import takes, when it is not `id`
    gone: Hook | None = None  # what was read says that the resource is no more
    check: Callable[[Mapping[str, Any]], tuple[str, str] | None] | None = None  # (property, what is wrong)
