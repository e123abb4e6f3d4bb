"""EMR's node labels: which partition of YARN a node belongs to, when a cluster's yarn-site asks for them.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html: off by default since
EMR 6; with `yarn.node-labels.enabled` and an expression for application masters, core nodes carry CORE, or, where the
expression names a market, every node carries its market. A label is shared: what asks for no label may use idle nodes
that have one, as `yarn rmadmin -addToClusterNodeLabels "CORE(exclusive=false)"` on EMR's nodes says
(https://repost.aws/knowledge-center/emr-configure-node-labeling-yarn).
"""

from __future__ import annotations

from collections.abc import Mapping

from local.contracts import Instance
from local.spark.classifications import is_true
from local.spark.hadoop import Conf

ENABLED = "yarn.node-labels.enabled"
MASTERS = "yarn.node-labels.am.default-node-label-expression"
_HADOOPS = (
    "yarn.resourcemanager.node-labels.am.default-node-label-expression"  # Hadoop's own name of EMR's property
)
_MARKETS = ("ON_DEMAND", "SPOT")


def of_cluster(yarn_site: Mapping[str, str]) -> tuple[str, ...]:
    """The labels of a cluster with these properties; none when labels are off."""
    if not is_true(yarn_site.get(ENABLED)):
        return ()
    return _MARKETS if yarn_site.get(MASTERS, "").strip() in _MARKETS else ("CORE",)


def of_node(instance: Instance, cluster: tuple[str, ...]) -> str | None:
    """The label of one node. A task node has none where labels tell core from task."""
    if not cluster:
        return None
    if cluster == _MARKETS:
        return instance.market
    return None if instance.role == "TASK" else "CORE"


def resource_manager(yarn_site: Mapping[str, str]) -> Conf:
    """What the ResourceManager is told: nodes say their labels themselves, and where masters go."""
    if not of_cluster(yarn_site):
        return {}
    masters = yarn_site.get(MASTERS, "").strip()
    return {"yarn.node-labels.configuration-type": "distributed"} | ({_HADOOPS: masters} if masters else {})


def node_manager(label: str | None) -> Conf:
    """What a NodeManager is told of its label."""
    if label is None:
        return {}
    return {
        "yarn.nodemanager.node-labels.provider": "config",
        "yarn.nodemanager.node-labels.provider.configured-node-partition": label,
    }


def queues(cluster: tuple[str, ...]) -> Conf:
    """What the capacity scheduler has by default, as on EMR: other queues are given their share of a label by name."""
    conf: Conf = {}
    for label in cluster:
        for queue in ("root", "root.default"):
            base = f"yarn.scheduler.capacity.{queue}.accessible-node-labels"
            conf |= {base: "*", f"{base}.{label}.capacity": "100"}
    return conf
