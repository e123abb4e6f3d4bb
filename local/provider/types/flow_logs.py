"""Flow logs of VPCs, subnets and network interfaces."""

from __future__ import annotations

from typing import Any

from local.provider.errors import ProviderError
from local.provider.run import Run
from local.provider.table import Call, Part, Resource
from local.provider.types.common import EC2_TAGGING, NOT_MODELLED, ec2_tags, filters, unsupported


def _flow_log_create(run: Run) -> dict[str, Any]:
    kind = next((kind for prop, kind in _FLOW_LOG_OF.items() if run.props.get(prop)), None)
    if kind is None:
        raise ProviderError("a flow log needs one of vpcId, subnetId, eniId")
    run.props["resourceType"] = kind
    answer = run.send(_CREATE_FLOW_LOG)
    if answer.get("Unsuccessful"):
        error = answer["Unsuccessful"][0]["Error"]
        raise ProviderError(f"{error['Code']}: {error['Message']}")
    return answer


def _flow_log_finish(run: Run) -> None:
    log = run.answers["DescribeFlowLogs"]["FlowLogs"][0]
    prefixes = {"vpc-": "vpcId", "subnet-": "subnetId", "eni-": "eniId"}
    for prefix, prop in prefixes.items():
        if str(log.get("ResourceId", "")).startswith(prefix):
            run.found[prop] = log["ResourceId"]


_FLOW_LOG_OF = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}
_CREATE_FLOW_LOG = Call(
    op="CreateFlowLogs",
    by_name=True,
    args={
        "ResourceIds": ["$vpcId", "$subnetId", "$eniId"],
        "ResourceType": "$resourceType",
        "TagSpecifications": ec2_tags("vpc-flow-log"),
    },
)

FLOW_LOG = Resource(
    type="aws:ec2/flowLog:FlowLog",
    terraform="aws_flow_log",
    service="ec2",
    create=_flow_log_create,
    id="=FlowLogIds.0",
    reads=(
        Part(call=Call(op="DescribeFlowLogs", args={"Filter": filters(flow_log_id="$id")}), at="FlowLogs.0"),
    ),
    finish=_flow_log_finish,
    delete=(Call(op="DeleteFlowLogs", args={"FlowLogIds": ["$id"]}),),
    tagging=EC2_TAGGING,
    names={"iamRoleArn": "DeliverLogsPermissionArn"},
    defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
    by_hook=frozenset(
        {*_FLOW_LOG_OF, "iamRoleArn", "logDestination", "logDestinationType", "logFormat"}
        | {"maxAggregationInterval", "trafficType"}
    ),
    outputs={"arn": "arn:$partition:ec2:$region:$account:vpc-flow-log/$id"},
    unsupported=unsupported(
        NOT_MODELLED,
        "deliverCrossAccountRole",
        "destinationOptions",
        "regionalNatGatewayId",
        "tagFieldSpecifications",
        "transitGatewayAttachmentId",
        "transitGatewayId",
    ),
)

ROWS = (FLOW_LOG,)
