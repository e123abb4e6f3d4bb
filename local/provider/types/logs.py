"""CloudWatch Logs: log groups."""

from __future__ import annotations

from local.provider.run import Run
from local.provider.table import Call, Change, Name, Part, Resource, Tagging
from local.provider.types.common import NOT_MODELLED

_GROUP = {"logGroupName": "$id"}


def _exact(run: Run) -> bool:
    """The call looks by prefix; answers come in order of the name, so the group itself is the first, if it
    is."""
    if run.found.get("name") != run.id:
        return True
    run.found["arn"] = str(run.found["arn"]).removesuffix(":*")  # as the real provider has it
    tags = run.call("ListTagsForResource", resourceArn=run.found["arn"]).get("tags", {})
    run.found["tagsAll"] = tags
    run.props["arn"] = run.found["arn"]
    return False


def _delete(run: Run) -> None:
    if not run.old.get("skipDestroy"):
        run.call("DeleteLogGroup", logGroupName=run.id)


LOG_GROUP = Resource(
    type="aws:cloudwatch/logGroup:LogGroup",
    terraform="aws_cloudwatch_log_group",
    service="logs",
    create=Call(op="CreateLogGroup", by_name=True, args={"tags": "$tagsAll"}),
    id="$name",
    reads=(
        Part(
            call=Call(op="DescribeLogGroups", args={"logGroupNamePrefix": "$id", "limit": 1}),
            at="logGroups.0",
        ),
    ),
    gone=_exact,
    changes=(
        Change(
            props=("retentionInDays",),
            do=(Call(op="PutRetentionPolicy", args={**_GROUP, "retentionInDays": "$retentionInDays"}),),
            on_create=True,
            initial=0,
            unset=False,
        ),
        Change(props=("retentionInDays",), do=(Call(op="DeleteRetentionPolicy", args=_GROUP),), unset=True),
        Change(
            props=("kmsKeyId",),
            do=(Call(op="AssociateKmsKey", args={**_GROUP, "kmsKeyId": "$kmsKeyId"}),),
            unset=False,
        ),
        Change(props=("kmsKeyId",), do=(Call(op="DisassociateKmsKey", args=_GROUP),), unset=True),
    ),
    delete=(_delete,),
    tagging=Tagging(
        add=Call(op="TagResource", args={"resourceArn": "$arn", "tags": "$tagsAdded"}),
        remove=Call(op="UntagResource", args={"resourceArn": "$arn", "tagKeys": "$tagsRemoved"}),
    ),
    name=Name(),
    names={"name": "logGroupName"},
    defaults={"retentionInDays": 0, "skipDestroy": False},
    keep=frozenset({"namePrefix", "skipDestroy"}),
    by_hook=frozenset({"arn"}),
    unsupported={"deletionProtectionEnabled": NOT_MODELLED},
)

ROWS = (LOG_GROUP,)
