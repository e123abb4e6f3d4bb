"""Resources of a foreign program, as the pack would see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from policies.cases import Given

Flows = dict[str, list[str]]


@dataclass
class Declared:
    """A resource under the name that labels give it. `owner` is the one whose nested setting it was, if it was one.

    `names` are other names that labels may use; instances of one resource share one. What is `aside` counts only where
    a label names it: a document that stands alone, a resource that the values at hand leave out. `flows` are the
    resources, by address, whose outputs reach a property.
    """

    address: str
    type: str
    props: dict[str, Any]
    flows: Flows = field(default_factory=dict)
    provider: dict[str, Any] | None = None
    parent: str | None = None
    owner: str | None = None
    names: tuple[str, ...] = ()
    aside: bool = False

    def given(self, known: set[str]) -> Given:
        """The resource for the pack; what flows from resources outside of `known` has no source."""
        flows = {
            prop: [source for source in dict.fromkeys(sources) if source in known and source != self.address]
            for prop, sources in self.flows.items()
        }
        return Given(
            type=self.type,
            name=self.address,
            props=self.props,
            flows={prop: sources for prop, sources in flows.items() if sources},
            provider=self.provider,
            parent=self.parent if self.parent in known else None,
        )


class CorpusError(Exception):
    """A file that cannot be read as what it should be; the message names it."""
