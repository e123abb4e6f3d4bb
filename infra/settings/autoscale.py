"""Custom autoscaling of instance groups, and the pairs of rules that would undo each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field, model_validator

from infra.settings.model import SettingsModel, refuse

MEMORY = "YARNMemoryAvailablePercentage"
PENDING = "ContainerPendingRatio"
# EMR publishes every five minutes; with a shorter cooldown two activities would go by the same number.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html
PERIOD_SECONDS = 300


class ScaleOutSettings(SettingsModel):
    """When nodes are added."""

    metric: Literal["YARNMemoryAvailablePercentage", "ContainerPendingRatio"]
    """What is watched: memory in percent, when less is left; waiting containers for each that runs, when more wait."""
    threshold: float = Field(gt=0, le=100)
    """Where it begins to count."""
    periods: int = Field(default=1, ge=1, le=12)
    """For how many five-minute periods on end."""
    nodes: int = Field(default=1, ge=1, le=100)
    """How many nodes are added."""
    cooldown_seconds: int = Field(ge=PERIOD_SECONDS, le=3600)
    """How long nothing is scaled afterwards, so that the metric can follow."""


class ScaleInSettings(SettingsModel):
    """When nodes are taken away: when more of YARN's memory is left than this."""

    available_percent: float = Field(gt=0, lt=100)
    """The memory left, in percent, above which it counts."""
    periods: int = Field(default=3, ge=1, le=12)
    """For how many five-minute periods on end."""
    nodes: int = Field(default=1, ge=1, le=100)
    """How many nodes are taken away."""
    cooldown_seconds: int = Field(ge=PERIOD_SECONDS, le=3600)
    """How long nothing is scaled afterwards, so that the metric can follow."""


class AutoscaleSettings(SettingsModel):
    """A group that scales by rules of one's own. Both directions, or it would be a one-way street."""

    minimum_nodes: int = Field(ge=1, le=1000)
    """The group never has less."""
    maximum_nodes: int = Field(ge=1, le=1000)
    """The group never has more."""
    scale_out: tuple[ScaleOutSettings, ...] = Field(min_length=1, max_length=2)
    """When nodes are added; with two, either is enough."""
    scale_in: ScaleInSettings
    """When nodes are taken away."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> AutoscaleSettings:
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterable[str]:
        if self.minimum_nodes > self.maximum_nodes:
            yield (
                f"minimum_nodes: is {self.minimum_nodes}, above maximum_nodes ({self.maximum_nodes}); "
                "it can be at most that"
            )
            return
        if self.minimum_nodes == self.maximum_nodes:
            yield (
                f"maximum_nodes: is {self.maximum_nodes}, as is minimum_nodes, so that nothing would scale; raise it, "
                "or remove the group's rules"
            )
        for index, rule in enumerate(self.scale_out):
            for line in flapping(rule, self.scale_in, self.minimum_nodes, self.maximum_nodes):
                yield f"scale_out[{index}].{line}"


def flapping(rule: ScaleOutSettings, scale_in: ScaleInSettings, minimum: int, maximum: int) -> Iterator[str]:
    """Why the two rules would undo each other, in a group of `minimum` to `maximum` nodes, with the work unchanged.

    Memory in use stays what it is when nodes come or go, so what is left in percent follows from their number. Rules
    flap when one's activity brings the metric to where the other begins. Of waiting containers nothing follows for the
    memory, so that such a rule can be held only by its cooldown.
    """
    if rule.metric != MEMORY:
        return
    out, back = rule.threshold, scale_in.available_percent
    if out >= back:
        yield (
            f"threshold: is {out:g}, and scale_in.available_percent {back:g}: between them both rules hold at once; "
            "put the first below the second"
        )
        return
    for nodes in range(minimum, maximum + 1):
        more = min(nodes + rule.nodes, maximum)
        left = available(out, nodes, more)
        if more > nodes and left > back:
            yield (
                f"threshold: is {out:g}; {more - nodes} more than {nodes} nodes leave {left:.0f} %, above "
                f"scale_in.available_percent ({back:g}), which takes them away again; widen the gap or add fewer"
            )
            return
        fewer = max(nodes - scale_in.nodes, minimum)
        left = available(back, nodes, fewer)
        if fewer < nodes and left < out:
            yield (
                f"threshold: is {out:g}; {nodes - fewer} fewer than {nodes} nodes bring the memory left from {back:g} "
                f"to {max(left, 0):.0f} %, which adds them again; widen the gap or take fewer away"
            )
            return


def available(percent: float, nodes: int, then: int) -> float:
    """What is left, in percent, when `nodes` with `percent` left become `then`, and the work stays."""
    return 100 - (100 - percent) * nodes / then
