"""S3: what is set on a bucket, each as a resource of its own."""

from __future__ import annotations

from local.provider.run import Run
from local.provider.table import Call, Change, Part, Resource
from local.provider.types.common import OTHER_ACCOUNTS
from local.provider.types.kms import same_key

_BUCKET = {"Bucket": "$id"}


def _suspend(run: Run) -> None:
    """Versioning that was once on cannot go away; without its resource it is suspended."""
    if (run.old.get("versioningConfiguration") or {}).get("status") != "Disabled":
        run.call("PutBucketVersioning", Bucket=run.id, VersioningConfiguration={"Status": "Suspended"})


def _never_versioned(run: Run) -> bool:
    found = run.found.get("versioningConfiguration") or {}
    wanted = {**run.old, **run.props}.get("versioningConfiguration") or {}
    if not found.get("status") and wanted.get("status") == "Disabled":
        run.found["versioningConfiguration"] = wanted
        return False
    return not found.get("status")


def _put_versioning(run: Run) -> None:
    """AWS knows no status Disabled: it is how the real provider says that nothing was ever enabled."""
    if run.props["versioningConfiguration"].get("status") != "Disabled":
        run.send(_PUT_VERSIONING)


_PUT_VERSIONING = Call(
    op="PutBucketVersioning",
    args={"Bucket": "$bucket", "VersioningConfiguration": "$versioningConfiguration", "MFA": "$mfa"},
)

VERSIONING = Resource(
    type="aws:s3/bucketVersioning:BucketVersioning",
    terraform="aws_s3_bucket_versioning",
    service="s3",
    create=_put_versioning,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketVersioning", args=_BUCKET), take={"versioningConfiguration": ""}),),
    gone=_never_versioned,
    changes=(Change(props=("versioningConfiguration",), do=(_put_versioning,)),),
    delete=(_suspend,),
    keep=frozenset({"bucket", "mfa"}),
    by_hook=frozenset({"versioningConfiguration"}),
    unsupported=OTHER_ACCOUNTS,
)

_PUT_ENCRYPTION = Call(
    op="PutBucketEncryption",
    args={"Bucket": "$bucket", "ServerSideEncryptionConfiguration": {"Rules": "$rules"}},
)

ENCRYPTION = Resource(
    type="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    terraform="aws_s3_bucket_server_side_encryption_configuration",
    service="s3",
    create=_PUT_ENCRYPTION,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketEncryption", args=_BUCKET), at="ServerSideEncryptionConfiguration"),),
    changes=(Change(props=("rules",), do=(_PUT_ENCRYPTION,)),),
    delete=(Call(op="DeleteBucketEncryption", args=_BUCKET),),
    keep=frozenset({"bucket"}),
    same={"rules.applyServerSideEncryptionByDefault.kmsMasterKeyId": same_key},
    unsupported={
        **OTHER_ACCOUNTS,
        "rules.blockedEncryptionTypes": "the local AWS does not model it",
    },
)

BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
# How the four are named in the API, of a bucket as of an account.
BLOCK = {prop[0].upper() + prop[1:]: f"${prop}" for prop in BLOCKS}
_PUT_BLOCK = Call(
    op="PutPublicAccessBlock", args={"Bucket": "$bucket", "PublicAccessBlockConfiguration": BLOCK}
)


def _unblock(run: Run) -> None:
    if not run.old.get("skipDestroy"):
        run.call("DeletePublicAccessBlock", Bucket=run.id)


PUBLIC_ACCESS_BLOCK = Resource(
    type="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    terraform="aws_s3_bucket_public_access_block",
    service="s3",
    create=_PUT_BLOCK,
    id="$bucket",
    reads=(Part(call=Call(op="GetPublicAccessBlock", args=_BUCKET), at="PublicAccessBlockConfiguration"),),
    changes=(Change(props=BLOCKS, do=(_PUT_BLOCK,)),),
    delete=(_unblock,),
    defaults=dict.fromkeys(BLOCKS, False),
    keep=frozenset({"bucket", "skipDestroy"}),
)

_PUT_POLICY = Call(op="PutBucketPolicy", args={"Bucket": "$bucket", "Policy": "$policy"})

POLICY = Resource(
    type="aws:s3/bucketPolicy:BucketPolicy",
    terraform="aws_s3_bucket_policy",
    service="s3",
    create=_PUT_POLICY,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketPolicy", args=_BUCKET)),),
    changes=(Change(props=("policy",), do=(_PUT_POLICY,)),),
    delete=(Call(op="DeleteBucketPolicy", args=_BUCKET),),
    keep=frozenset({"bucket"}),
    json=frozenset({"policy"}),
)

_PUT_LIFECYCLE = Call(
    op="PutBucketLifecycleConfiguration",
    args={
        "Bucket": "$bucket",
        "LifecycleConfiguration": {"Rules": "$rules"},
        "TransitionDefaultMinimumObjectSize": "$transitionDefaultMinimumObjectSize",
    },
)

LIFECYCLE = Resource(
    type="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    terraform="aws_s3_bucket_lifecycle_configuration",
    service="s3",
    create=_PUT_LIFECYCLE,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketLifecycleConfiguration", args=_BUCKET)),),
    changes=(Change(props=("rules", "transitionDefaultMinimumObjectSize"), do=(_PUT_LIFECYCLE,)),),
    delete=(Call(op="DeleteBucketLifecycle", args=_BUCKET),),
    keep=frozenset({"bucket", "timeouts"}),
    unsupported=OTHER_ACCOUNTS,
)

_PUT_OWNERSHIP = Call(
    op="PutBucketOwnershipControls", args={"Bucket": "$bucket", "OwnershipControls": {"Rules": "$rule"}}
)

OWNERSHIP = Resource(
    type="aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    terraform="aws_s3_bucket_ownership_controls",
    service="s3",
    create=_PUT_OWNERSHIP,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketOwnershipControls", args=_BUCKET), at="OwnershipControls"),),
    changes=(Change(props=("rule",), do=(_PUT_OWNERSHIP,)),),
    delete=(Call(op="DeleteBucketOwnershipControls", args=_BUCKET),),
    keep=frozenset({"bucket"}),
)

_LOGGING = ("targetBucket", "targetPrefix", "targetGrants")
_PUT_LOGGING = Call(
    op="PutBucketLogging",
    args={
        "Bucket": "$bucket",
        "BucketLoggingStatus": {
            "LoggingEnabled": {prop[0].upper() + prop[1:]: f"${prop}" for prop in _LOGGING}
        },
    },
)


def _no_logging(run: Run) -> None:
    run.call("PutBucketLogging", Bucket=run.id, BucketLoggingStatus={})


LOGGING = Resource(
    type="aws:s3/bucketLogging:BucketLogging",
    terraform="aws_s3_bucket_logging",
    service="s3",
    create=_PUT_LOGGING,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketLogging", args=_BUCKET), at="LoggingEnabled"),),
    changes=(Change(props=_LOGGING, do=(_PUT_LOGGING,)),),
    delete=(_no_logging,),
    keep=frozenset({"bucket"}),
    unsupported={**OTHER_ACCOUNTS, "targetObjectKeyFormat": "access logs have simple names here"},
)

_PUT_CORS = Call(
    op="PutBucketCors", args={"Bucket": "$bucket", "CORSConfiguration": {"CORSRules": "$corsRules"}}
)

CORS = Resource(
    type="aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
    terraform="aws_s3_bucket_cors_configuration",
    service="s3",
    create=_PUT_CORS,
    id="$bucket",
    reads=(Part(call=Call(op="GetBucketCors", args=_BUCKET)),),
    changes=(Change(props=("corsRules",), do=(_PUT_CORS,)),),
    delete=(Call(op="DeleteBucketCors", args=_BUCKET),),
    keep=frozenset({"bucket"}),
    names={"corsRules.id": "ID"},
    unsupported=OTHER_ACCOUNTS,
)

ROWS = (CORS, ENCRYPTION, LIFECYCLE, LOGGING, OWNERSHIP, POLICY, PUBLIC_ACCESS_BLOCK, VERSIONING)
