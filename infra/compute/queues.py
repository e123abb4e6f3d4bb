"""YARN's queues, one a team: the capacity scheduler's properties from each team's share. A pure function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# A queue may take what others leave idle, and gives it back as their jobs come.
MOST_PERCENT = 100
# Half of a queue for its jobs' masters, so that two small jobs at once both start (Hadoop's own tenth lets one).
MASTERS_SHARE = "0.5"
DEFAULT = "default"
_ROOT = "yarn.scheduler.capacity.root"


def mistakes(shares: Mapping[str, int]) -> Iterator[str]:
    """What is wrong with the shares of a cluster's queues, a line each."""
    if not shares:
        return
    if (total := sum(shares.values())) != 100:
        yield f"queues: the shares add up to {total}; they must add up to 100"
    if DEFAULT not in shares:
        yield f"queues: '{DEFAULT}' is missing, where a job goes that names no queue; give it a share"


def capacity_scheduler(shares: Mapping[str, int], labels: tuple[str, ...]) -> dict[str, str]:
    """What the class `capacity-scheduler` says; a label of nodes is shared out as the cluster is.

    https://hadoop.apache.org/docs/stable/hadoop-yarn/hadoop-yarn-site/CapacityScheduler.html, and for the labels
    https://hadoop.apache.org/docs/stable/hadoop-yarn/hadoop-yarn-site/NodeLabel.html: a queue without a share of a
    label starts nothing there, and masters go to the nodes that are labelled CORE.
    """
    if not shares:
        return {}
    conf = {
        f"{_ROOT}.queues": ",".join(sorted(shares)),
        "yarn.scheduler.capacity.maximum-am-resource-percent": MASTERS_SHARE,
    }
    for label in labels:
        conf |= {
            f"{_ROOT}.accessible-node-labels": "*",
            f"{_ROOT}.accessible-node-labels.{label}.capacity": "100",
        }
    for team, share in sorted(shares.items()):
        queue = f"{_ROOT}.{team}"
        conf |= {
            f"{queue}.capacity": str(share),
            f"{queue}.maximum-capacity": str(MOST_PERCENT),
            f"{queue}.state": "RUNNING",
            # All steps are one user's: without it, one job could never have more than its queue's own share.
            f"{queue}.user-limit-factor": str(-(-MOST_PERCENT // share)),
        }
        for label in labels:
            conf |= {
                f"{queue}.accessible-node-labels": "*",
                f"{queue}.accessible-node-labels.{label}.capacity": str(share),
                f"{queue}.accessible-node-labels.{label}.maximum-capacity": str(MOST_PERCENT),
            }
    return conf
