"""Queues: the shares add up, of the cluster and of its labelled nodes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.compute import queues

ROOT = "yarn.scheduler.capacity.root"


@st.composite
def shares(draw: st.DrawFn) -> dict[str, int]:
    """A default queue and some teams, 100 together."""
    cuts = sorted(draw(st.sets(st.integers(1, 99), min_size=1, max_size=8)))
    parts = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return {queues.DEFAULT if index == 0 else f"team-{index}": part for index, part in enumerate(parts)}


@given(shares=shares(), labels=st.sampled_from([(), ("CORE",), ("ON_DEMAND", "SPOT")]))
def test_the_shares_of_the_cluster_and_of_every_label_sum_to_100(
    shares: dict[str, int], labels: tuple[str, ...]
) -> None:
    conf = queues.capacity_scheduler(shares, labels)
    named = conf[f"{ROOT}.queues"].split(",")
    assert set(named) == set(shares)
    assert sum(int(conf[f"{ROOT}.{name}.capacity"]) for name in named) == 100
    for label in labels:
        of_label = "accessible-node-labels." + label + ".capacity"
        assert conf[f"{ROOT}.{of_label}"] == "100"
        assert sum(int(conf[f"{ROOT}.{name}.{of_label}"]) for name in named) == 100
    for name, share in shares.items():
        assert share * int(conf[f"{ROOT}.{name}.user-limit-factor"]) >= 100  # one user may use what is idle
    backwards = dict(reversed(shares.items()))
    assert queues.capacity_scheduler(backwards, labels) == conf
    assert list(queues.mistakes(shares)) == []


def test_shares_that_do_not_add_up_or_lack_the_default_are_told() -> None:
    assert list(queues.mistakes({})) == []
    assert list(queues.mistakes({"default": 60, "a": 50})) == [
        "queues: the shares add up to 110; they must add up to 100"
    ]
    assert list(queues.mistakes({"a": 100})) == [
        "queues: 'default' is missing, where a job goes that names no queue; give it a share"
    ]


def test_a_cluster_without_queues_keeps_emrs_own() -> None:
    assert queues.capacity_scheduler({}, ("CORE",)) == {}
