"""S3: the copies of a bucket."""

from __future__ import annotations

from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource

_BUCKET = {"Bucket": "$id"}
_PUT = Call(
    op="PutBucketReplication",
    args={
        "Bucket": "$bucket",
        "ReplicationConfiguration": {"Role": "$role", "Rules": "$rules"},
        "Token": "$token",
    },
)


def _put(run: Run) -> None:
    """With a filter, if an empty one, a rule is of S3's second form and has a priority; without one of the first."""
    params = run.params(_PUT)
    for said, rule in zip(run.props["rules"], params["ReplicationConfiguration"]["Rules"], strict=True):
        if said.get("filter") is None:
            rule.setdefault("Prefix", "")
        else:
            rule["Filter"] = _one_of(rule.get("Filter") or {})
            rule.setdefault("Priority", 0)
    run.call("PutBucketReplication", **params)


def _one_of(found: dict[str, Any]) -> dict[str, Any]:
    """S3 takes one thing in a filter; the whole bucket is an empty prefix."""
    return next(({name: found[name]} for name in ("And", "Tag") if name in found), {"Prefix": "", **found})


REPLICATION = Resource(
    type="aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    terraform="aws_s3_bucket_replication_configuration",
    service="s3",
    create=_put,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketReplication", args=_BUCKET), at="ReplicationConfiguration"),),
    changes=(Change(props=("role", "rules", "token"), do=(_put,)),),
    delete=(Call(op="DeleteBucketReplication", args=_BUCKET),),
    keep=frozenset({"bucket", "token"}),
)

ROWS = (REPLICATION,)
