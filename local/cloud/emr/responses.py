"""How requests reach EMR's operations: moto's response class, with a method for each operation of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.emr.responses import ElasticMapReduceResponse

from local.cloud.emr.backend import EmrBackend
from local.cloud.emr.errors import InvalidRequestError, ValidationError
from local.cloud.shapes import check
from local.cloud.strict import StrictResponse

# The operations that are ours. moto's own (security configurations, block public access, supported instance
# types) stay as they are; whatever is in neither answers NotImplemented (local/cloud/gateway.py).
OPERATIONS = (
    "AddInstanceFleet", "AddInstanceGroups", "AddJobFlowSteps", "AddTags", "CancelSteps", "DescribeCluster",
    "DescribeReleaseLabel", "DescribeStep", "GetAutoTerminationPolicy", "GetManagedScalingPolicy",
    "ListBootstrapActions", "ListClusters", "ListInstanceFleets", "ListInstanceGroups", "ListInstances",
    "ListReleaseLabels", "ListSecurityConfigurations", "ListSteps", "ModifyCluster", "ModifyInstanceFleet",
    "ModifyInstanceGroups", "PutAutoScalingPolicy", "PutAutoTerminationPolicy", "PutManagedScalingPolicy",
    "RemoveAutoScalingPolicy", "RemoveAutoTerminationPolicy", "RemoveManagedScalingPolicy", "RemoveTags",
    "RunJobFlow", "SetKeepJobFlowAliveWhenNoSteps", "SetTerminationProtection", "SetUnhealthyNodeReplacement",
    "SetVisibleToAllUsers", "TerminateJobFlows",
)  # fmt: skip


class EmrResponse(StrictResponse, ElasticMapReduceResponse):
    """The EMR API."""

    backends: ClassVar[Mapping[str, Mapping[str, EmrBackend]]]  # by account and region; set by install

    PROTOCOL_PARSER_MAP_TYPE = dict  # requests as they were sent, not moto's case-blind mapping of them

    def get_region_from_url(self, request: Any, full_url: str) -> str:
        # moto looks in the host name only, which here is always 127.0.0.1: all regions would be one.
        return str(BaseResponse.get_region_from_url(self, request, full_url))

    @property
    def backend(self) -> EmrBackend:
        return self.backends[self.current_account][self.region]

    def put_block_public_access_configuration(self) -> ActionResult:
        """moto 5.2.5 reads that nothing is blocked as if it were not said."""
        wanted = self._get_params().get("BlockPublicAccessConfiguration") or {}
        self.backend.put_block_public_access_configuration(
            block_public_security_group_rules=bool(wanted.get("BlockPublicSecurityGroupRules")),
            rule_ranges=wanted.get("PermittedPublicSecurityGroupRuleRanges"),
        )
        return EmptyResult()

    def list_supported_instance_types(self) -> ActionResult:
        """moto 5.2.5 looks for the file of a release that it does not have."""
        label = str(self._get_param("ReleaseLabel"))
        if label not in self.backend._release_labels:
            raise InvalidRequestError(f"The supplied release label is invalid: {label}.")
        return ActionResult({"SupportedInstanceTypes": self.backend.list_supported_instance_types(label)})

    def describe_job_flows(self) -> ActionResult:
        """Deprecated by AWS since 2012, and moto's would not know our clusters."""
        raise NotImplementedError("The describe_job_flows action has not been implemented")


def _operation(name: str) -> Callable[[EmrResponse], ActionResult]:
    method = camelcase_to_underscores(name)
    model = get_service_model("emr").operation_model(name)

    def operation(self: EmrResponse) -> ActionResult:
        self.well_formed()
        request = dict(self.params)
        check(model, request, ValidationError)
        backend = self.backend
        with backend.control.plane.lock:
            result = getattr(backend, method)(request)
        return EmptyResult() if result is None else ActionResult(result)

    operation.__name__ = method
    return operation


for _name in OPERATIONS:
    setattr(EmrResponse, camelcase_to_underscores(_name), _operation(_name))
