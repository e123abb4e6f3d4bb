"""S3's requests: the actions have other names than the operations, and one request may need several.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as Xml

from local.cloud.iam import store
from local.cloud.iam.requests import Request, rest_operation

_HOST = re.compile(r"^(?P<bucket>.+)\.s3[.-]")
# Of a bucket's sub-resources: the name that follows Get, Put or Delete. A delete of some is a put of nothing.
_BUCKET_PARTS: Mapping[str, str] = {
    "accelerate": "AccelerateConfiguration", "acl": "BucketAcl", "analytics": "AnalyticsConfiguration",
    "cors": "BucketCORS", "encryption": "EncryptionConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration", "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration", "location": "BucketLocation", "logging": "BucketLogging",
    "metrics": "MetricsConfiguration", "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration", "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy", "policyStatus": "BucketPolicyStatus", "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration", "requestPayment": "BucketRequestPayment", "tagging": "BucketTagging",
    "versioning": "BucketVersioning", "website": "BucketWebsite",
}  # fmt: skip
_DELETED_AS_SUCH = {"policy", "website"}
_OBJECT_PARTS: Mapping[str, str] = {
    "acl": "ObjectAcl", "legal-hold": "ObjectLegalHold", "retention": "ObjectRetention", "tagging": "ObjectTagging",
    "torrent": "ObjectTorrent",
}  # fmt: skip
_VERSIONED = {"acl", "tagging", "torrent"}  # with a versionId: GetObjectVersionTagging
_CONTROL = "/v20180820/"
Asked = tuple[str, str]


def place(request: Request) -> tuple[str, str]:
    """Bucket and key that a request names; "" for what it does not."""
    if request.path.startswith(_CONTROL):
        return "", ""
    host = _HOST.match(request.header("host") or "")
    path = unquote(request.raw_path).lstrip("/") if host else request.path.removeprefix("/")
    if host:
        return host["bucket"], path
    bucket, _, name = path.partition("/")
    return bucket, name


def asked(request: Request) -> list[Asked]:
    """The actions and resources that a request is judged on, all of which must be allowed."""
    if request.path.startswith(_CONTROL):
        return [_of_control(request)]
    bucket, name = place(request)
    if not bucket:
        return [("s3:ListAllMyBuckets", "*")]
    arn = f"arn:aws:s3:::{bucket}"
    return list(_of_object(request, f"{arn}/{name}") if name else _of_bucket(request, arn))


def _of_control(request: Request) -> Asked:
    """S3 Control: what holds for the account. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html"""
    operation = rest_operation("s3control", request.method, request.path)
    name = operation[0] if operation else request.method
    if name.endswith("PublicAccessBlock"):
        return f"s3:{'Get' if name.startswith('Get') else 'Put'}AccountPublicAccessBlock", "*"
    return f"s3:{name}", "*"


def _of_bucket(request: Request, arn: str) -> Iterator[Asked]:
    method, query = request.method, request.query
    if method == "POST" and "delete" in query:
        yield from _deletions(request, arn)
        return
    part = next((each for each in _BUCKET_PARTS if each in query), None)
    if part is not None:
        verb = {"GET": "Get", "DELETE": "Delete" if part in _DELETED_AS_SUCH else "Put"}.get(method, "Put")
        yield f"s3:{verb}{_BUCKET_PARTS[part]}", arn
    elif method in ("GET", "HEAD"):
        listed = {"versions": "s3:ListBucketVersions", "uploads": "s3:ListBucketMultipartUploads"}
        yield next((action for name, action in listed.items() if name in query), "s3:ListBucket"), arn
    elif method == "PUT":
        yield "s3:CreateBucket", arn
    elif method == "DELETE":
        yield "s3:DeleteBucket", arn
    else:  # a form that puts an object; which one, its body says
        yield "s3:PutObject", f"{arn}/*"


def _of_object(request: Request, arn: str) -> Iterator[Asked]:
    method, query = request.method, request.query
    version = "Version" if query.get("versionId") else ""
    part = next((each for each in _OBJECT_PARTS if each in query), None)
    if part is not None:
        name = _OBJECT_PARTS[part]
        if version and part in _VERSIONED:
            name = name.replace("Object", "ObjectVersion")
        verb = {"GET": "Get", "HEAD": "Get", "DELETE": "Delete"}.get(method, "Put")
        yield f"s3:{verb}{name}", arn
    elif method in ("GET", "HEAD"):
        yield from _reading(query, version, arn)
    elif method == "DELETE":
        yield ("s3:AbortMultipartUpload" if "uploadId" in query else f"s3:DeleteObject{version}"), arn
    elif "restore" in query:
        yield "s3:RestoreObject", arn
    elif "select" in query:
        yield "s3:GetObject", arn
    else:
        yield from _writing(request, arn)


def _reading(query: Mapping[str, str], version: str, arn: str) -> Iterator[Asked]:
    if "uploadId" in query:
        yield "s3:ListMultipartUploadParts", arn
        return
    yield f"s3:GetObject{version}", arn
    if "attributes" in query:
        yield f"s3:GetObject{version}Attributes", arn


def _writing(request: Request, arn: str) -> Iterator[Asked]:
    yield "s3:PutObject", arn
    source = copy_source(request)
    if source is not None:
        bucket, name, version = source
        yield f"s3:GetObject{'Version' if version else ''}", f"arn:aws:s3:::{bucket}/{name}"
    if request.header("x-amz-tagging"):
        yield "s3:PutObjectTagging", arn
    if request.header("x-amz-acl") or any(
        request.header(f"x-amz-grant-{each}") for each in ("read", "read-acp", "write-acp", "full-control")
    ):
        yield "s3:PutObjectAcl", arn
    if request.header("x-amz-object-lock-mode"):
        yield "s3:PutObjectRetention", arn
    if request.header("x-amz-object-lock-legal-hold"):
        yield "s3:PutObjectLegalHold", arn


def copy_source(request: Request) -> tuple[str, str, str] | None:
    """Bucket, key and version of what a copy reads."""
    header = request.header("x-amz-copy-source")
    if not header or request.method != "PUT":
        return None
    path, _, version = header.partition("?versionId=")
    bucket, _, name = unquote(path).lstrip("/").partition("/")
    return bucket, name, version


def deletions(request: Request) -> list[tuple[str, str]]:
    """Keys and versions that a DeleteObjects names."""
    try:
        root = Xml.fromstring(request.body)  # noqa: S314 the parser knows no external entities
    except Xml.ParseError:
        return []
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    return [
        (each.findtext(f"{space}Key") or "", each.findtext(f"{space}VersionId") or "")
        for each in root.iter(f"{space}Object")
    ]


def _deletions(request: Request, arn: str) -> Iterator[Asked]:
    for name, version in deletions(request):
        yield ("s3:DeleteObjectVersion" if version else "s3:DeleteObject"), f"{arn}/{name}"


def found(bucket: str, name: str, version: str | None = None) -> Any:
    """The object, None when there is none (or it has a delete marker)."""
    holder = store.bucket(bucket)
    if holder is None:
        return None
    if version:
        versions = holder.keys.getlist(name, default=[])
        return next((each for each in versions if str(each.version_id) == version), None)
    return holder.keys.get(name)


def is_missing(request: Request) -> bool:
    """Whether a request reads an object of an existing bucket that is not there.

    S3 says so (404) only to who may list the bucket; others get 403.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    bucket, name = place(request)
    if request.method not in ("GET", "HEAD") or not name or "uploadId" in request.query:
        return False
    current = found(bucket, name, request.query.get("versionId"))
    return store.bucket(bucket) is not None and (current is None or not hasattr(current, "value"))
