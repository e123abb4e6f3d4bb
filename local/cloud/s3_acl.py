"""Where moto's S3 is mended: access control lists, which a new bucket does not take.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

from typing import Any

from local.cloud import mend

_ENFORCED = "BucketOwnerEnforced"


def install() -> None:
    """Mend moto's S3, once it is loaded."""
    from moto.s3.models import FakeBucket, S3Backend

    mend.after(FakeBucket, "__init__", _enforce)
    mend.before(S3Backend, "put_bucket_acl", _refuse)
    mend.after(S3Backend, "put_bucket_acl", _one_by_one)


def _enforce(bucket: Any, *_args: object, **_more: object) -> None:
    """A bucket made since April 2023 has its lists off until its ownership controls say otherwise."""
    bucket.ownership_rule = _ENFORCED


def _refuse(backend: Any, bucket_name: str, acl: Any) -> None:
    """moto 5.2.5 puts the list of CreateBucket by this way too, where one that gives nobody anything is fine.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """
    from flask import request
    from moto.s3.exceptions import S3ClientError

    if backend.get_bucket(bucket_name).ownership_rule != _ENFORCED:
        return
    if "acl" in request.args:
        raise S3ClientError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if request.headers.get("x-amz-object-ownership", _ENFORCED) == _ENFORCED and _gives(acl):
        backend.delete_bucket(bucket_name)
        raise S3ClientError(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )


def _gives(acl: Any) -> bool:
    """Whether a list gives anything to anybody but the owner."""
    from moto.s3.models import OWNER

    return any(who.id != OWNER for one in acl.grants for who in one.grantees)


def _one_by_one(_backend: Any, _bucket_name: str, acl: Any) -> None:
    """moto 5.2.5 gives back one grantee and one permission of each grant."""
    from moto.s3.models import FakeGrant

    if acl is not None:
        pairs = [(who, what) for one in acl.grants for who in one.grantees for what in one.permissions]
        acl.grants = [FakeGrant([who], [what]) for who, what in pairs]
