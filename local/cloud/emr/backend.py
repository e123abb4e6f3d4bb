"""moto's EMR backend with clusters that live.

moto keeps security configurations, the block-public-access setting and the tables of releases and instance
types; clusters, their nodes and their steps are ours, because moto's never change state.
"""

from __future__ import annotations

from copy import deepcopy

from moto.emr.models import ElasticMapReduceBackend

from local.cloud.emr import public_access
from local.cloud.emr.account import MotoAccount
from local.cloud.emr.control import EmrControl
from local.cloud.emr.model import Cluster
from local.cloud.emr.operations.catalogue import CatalogueOperations
from local.cloud.emr.operations.clusters import ClusterOperations
from local.cloud.emr.operations.nodes import NodeOperations
from local.cloud.emr.operations.policies import PolicyOperations
from local.cloud.emr.operations.steps import StepOperations


class EmrBackend(
    ClusterOperations,
    NodeOperations,
    StepOperations,
    PolicyOperations,
    CatalogueOperations,
    ElasticMapReduceBackend,
):
    """The EMR of one account and region."""

    def __init__(self, region_name: str, account_id: str, *, control: EmrControl) -> None:
        super().__init__(region_name, account_id)
        # moto knows nothing before it is told; AWS has a default.
        self.block_public_access_configuration = deepcopy(dict(public_access.DEFAULT))
        self.control = control
        self.account = MotoAccount(self)
        self.clusters: dict[str, Cluster] = control.clusters_of(account_id, region_name)

    def reset(self) -> None:
        """Forget everything, as moto's reset does; running clusters end."""
        control, region, account_id = self.control, self.region_name, self.account_id
        control.forget(account_id, region)
        self.__dict__ = {}
        self.__init__(region, account_id, control=control)  # type: ignore[misc]
