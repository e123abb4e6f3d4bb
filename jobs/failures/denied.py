"""Who was denied what: IAM's sentence, S3A's and boto's texts."""

from __future__ import annotations

import re

from jobs.failures.finding import Denial

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_IAM = re.compile(
    r"(?:User: )?(?P<principal>arn:aws[\w-]*:\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: \"?(?P<resource>[^\s\",;)]+)\"?)?"
)
_BOTO = re.compile(r"when calling the (?P<operation>\w+) operation")
_S3A = re.compile(r"s3[an]?://(?P<path>[^\s:,;'\")]+)")
_HDFS = re.compile(
    r"Permission denied: user=(?P<user>[^,]+), access=(?P<access>\w+), inode=\"(?P<path>[^\"]+)\""
)
# S3A says which call it made: PUT 0-byte object, getFileStatus, Writing Object, delete, open, …; hadoop-aws 3.4.1,
# org.apache.hadoop.fs.s3a. An object that is not there is answered with 403 as well, unless listing is allowed:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
_CALLS = (
    (re.compile(r"PUT 0-byte|PUT |[Ww]riting [Oo]bject|PutObject|upload part|initiate MultiPart"
                r"|Completing multipart"), "s3:PutObject"),
    (re.compile(r"delete|DeleteObject"), "s3:DeleteObject"),
    (re.compile(r"ListObjects|ListBucket|listing|getFileStatus on s3[an]?://[^/\s:]+/?:"), "s3:ListBucket"),
    (re.compile(r"getFileStatus|open |re-open|HEAD|HeadObject|GetObject|GET "), "s3:GetObject"),
)  # fmt: skip
_OPERATIONS = {
    "HeadObject": "s3:GetObject", "HeadBucket": "s3:ListBucket", "ListObjectsV2": "s3:ListBucket",
    "ListObjects": "s3:ListBucket", "CreateMultipartUpload": "s3:PutObject", "UploadPart": "s3:PutObject",
    "CopyObject": "s3:PutObject", "DeleteObjects": "s3:DeleteObject", "PutObject": "s3:PutObject",
    "GetObject": "s3:GetObject", "DeleteObject": "s3:DeleteObject",
}  # fmt: skip


def read(text: str, role: str | None = None) -> Denial:
    """What `text` says; `role` stands in for a principal that it does not name."""
    if found := _IAM.search(text):
        return Denial(**found.groupdict())
    if found := _HDFS.search(text):
        return Denial(principal=found["user"], action=found["access"], resource=found["path"])
    path = _S3A.search(text)
    operation = _BOTO.search(text)
    action = _OPERATIONS.get(operation["operation"]) if operation else _call(text)
    resource = None
    if path:
        # What S3 is asked to list is a bucket; everything else is an object.
        name = path["path"].partition("/")[0] if action == "s3:ListBucket" else path["path"].rstrip(".")
        resource = f"arn:aws:s3:::{name}"
    return Denial(principal=role, action=action, resource=resource)


def statement(denial: Denial) -> str | None:
    """The IAM statement that is missing, None as long as action or resource are not known."""
    if not denial.action or not denial.resource or ":" not in denial.action:
        return None
    return f'{{"Effect": "Allow", "Action": "{denial.action}", "Resource": "{denial.resource}"}}'


def _call(text: str) -> str | None:
    return next((action for pattern, action in _CALLS if pattern.search(text)), None)
