"""S3: a bucket's access control list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource
from local.provider.types.common import OTHER_ACCOUNTS

_PUT = Call(
    op="PutBucketAcl",
    args={"Bucket": "$bucket", "ACL": "$acl", "AccessControlPolicy": "$accessControlPolicy"},
)


def _create(run: Run) -> dict[str, str]:
    run.send(_PUT)
    acl = run.props.get("acl")
    return {"id": f"{run.props['bucket']},{acl}" if acl else str(run.props["bucket"])}


def _named(run: Run) -> bool:
    """An import says bucket and canned list in its id: `bucket` or `bucket,private`; no API gives back the latter."""
    if not run.props.get("bucket"):
        bucket, _, acl = run.id.partition(",")
        run.props |= {"bucket": bucket, **({"acl": acl} if acl else {})}
    run.found |= {name: run.props.get(name) for name in ("bucket", "acl")}
    return True


def _check(props: Mapping[str, Any]) -> tuple[str, str] | None:
    if (props.get("acl") is None) == (props.get("accessControlPolicy") is None):
        return "acl", "a bucket's list takes one of 'acl' and 'accessControlPolicy'"
    return None


ACL = Resource(
    type="aws:s3/bucketAcl:BucketAcl",
    terraform="aws_s3_bucket_acl",
    service="s3",
    create=_create,
    id="=id",
    reads=(
        Part(
            call=Call(op="GetBucketAcl", args={"Bucket": "$bucket"}),
            take={"accessControlPolicy": ""},
            when=_named,
        ),
    ),
    changes=(Change(props=("acl", "accessControlPolicy"), do=(_PUT,)),),
    # A bucket always has a list: without its resource it keeps the last one, as with the real provider.
    delete=(),
    check=_check,
    by_hook=frozenset({"acl", "bucket"}),
    volatile=frozenset({"accessControlPolicy"}),
    unsupported={
        **OTHER_ACCOUNTS,
        "accessControlPolicy.grants.grantee.emailAddress": "S3 takes no grants by e-mail address any more",
    },
)

ROWS = (ACL,)
