"""What AWS's front refuses before a service looks at a request: its length, its signature's form, its region.

The signature itself is not checked here. Codes and statuses are those that AWS lists as common to its APIs:
https://docs.aws.amazon.com/mgn/latest/APIReference/CommonErrors.html and, for S3,
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from local.cloud.iam.words import Denial
from local.cloud.protocol import NO_ACTION, SCOPE, ApiCall

# The largest request of the APIs here is DynamoDB's BatchWriteItem; Lambda's zip files may be larger.
MOST_BYTES = 16 << 20
MOST_BYTES_OF: Mapping[str, int] = {"s3": 5 << 30, "lambda": 70 << 20}
# Operations by which a caller gets the credentials to sign with.
UNSIGNED = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")


def refuse(call: ApiCall, environ: Mapping[str, Any]) -> Denial | None:
    """Why the request goes no further; None when it does."""
    return _length(call, environ) or _signature(call, environ)


def unknown(call: ApiCall) -> Denial:
    """The answer to a request for an operation that its API does not have."""
    if call.operation == NO_ACTION:
        return Denial(status=400, code="MissingAction", message="The request is missing an action.")
    if call.protocol == "ec2":
        message = f"The action {call.operation} is not valid for this web service."
        return Denial(status=400, code="InvalidAction", message=message)
    message = f"Could not find operation {call.operation}"
    if call.protocol == "query":
        return Denial(status=400, code="InvalidAction", message=message)
    return Denial(status=404, code="UnknownOperationException", message=message)


def elsewhere(call: ApiCall, environ: Mapping[str, Any], missing: object) -> Denial | None:
    """The answer where a service is not in the region asked for, and `missing` is the region; None when it is not.

    AWS has no endpoint there that could say it.
    """
    scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION") or "")
    if scope is None or scope["region"] != missing:
        return None
    message = f"The service {call.service} has no endpoint in the region {missing}."
    return Denial(status=400, code="UnknownEndpoint", message=message)


def instead(call: ApiCall, environ: Mapping[str, Any], status: str, body: bytes) -> Denial | None:
    """What AWS answers where moto has an empty page, or one of its web framework; None when it has neither."""
    if body.strip()[:1] not in (b"", b"<") or environ.get("REQUEST_METHOD") == "HEAD":
        return None
    if call.protocol == "rest-xml":
        if status != "404" or environ.get("REQUEST_METHOD") not in ("PUT", "POST"):
            return None
        # Where moto's routes end when it cannot read what a setting of a bucket is to become.
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        return Denial(status=400, code="MalformedXML", message=message)
    if status in ("404", "405"):
        return unknown(call)
    message = "The request cannot be read: its body is not as long as it says, or not encoded as it says."
    return Denial(status=400, code="MalformedHttpRequestException", message=message)


def _length(call: ApiCall, environ: Mapping[str, Any]) -> Denial | None:
    given = environ.get("CONTENT_LENGTH") or "0"
    if not given.isdigit():
        return Denial(
            status=400,
            code="MalformedHttpRequestException",
            message=f"Content-Length is {given!r}, not a number of bytes.",
        )
    if int(given) <= MOST_BYTES_OF.get(call.service, MOST_BYTES):
        return None
    if call.service == "s3":
        message = "Your proposed upload exceeds the maximum allowed size"
        return Denial(status=400, code="EntityTooLarge", message=message)
    return Denial(
        status=413, code="RequestEntityTooLargeException", message="The request entity is too large."
    )


def _signature(call: ApiCall, environ: Mapping[str, Any]) -> Denial | None:
    given = environ.get("HTTP_AUTHORIZATION")
    if not given:
        return _unsigned(call, environ)
    scope = SCOPE.search(given)
    if scope is None or not given.startswith("AWS4-"):
        return _malformed(call)
    return None if scope["region"] in _regions() else _elsewhere(call, scope["region"])


def _unsigned(call: ApiCall, environ: Mapping[str, Any]) -> Denial | None:
    """What AWS's own protocols cannot do without; a plain request is one to S3, by anybody or with a presigned URL."""
    if call.protocol == "rest-xml" or call.operation in UNSIGNED or _presigned(environ):
        return None
    if call.protocol == "json":
        return Denial(
            status=400, code="MissingAuthenticationTokenException", message="Missing Authentication Token"
        )
    message = "Request is missing Authentication Token"
    return Denial(status=403, code="MissingAuthenticationToken", message=message)


def _presigned(environ: Mapping[str, Any]) -> bool:
    return "X-Amz-Signature" in parse_qs(environ.get("QUERY_STRING", ""))


def _malformed(call: ApiCall) -> Denial:
    if call.protocol == "rest-xml":
        message = (
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        )
        return Denial(status=400, code="InvalidRequest", message=message)
    code = "IncompleteSignatureException" if call.protocol == "json" else "IncompleteSignature"
    message = "Authorization header requires 'Credential' parameter with a full scope."
    return Denial(status=403, code=code, message=message)


def _elsewhere(call: ApiCall, region: str) -> Denial:
    if call.service == "s3":
        message = (
            f"The authorization header is malformed; the region '{region}' is wrong; expecting 'us-east-1'"
        )
        return Denial(status=400, code="AuthorizationHeaderMalformed", message=message)
    if call.protocol == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        return Denial(status=401, code="AuthFailure", message=message)
    message = "Credential should be scoped to a valid region."
    if call.protocol == "query":
        return Denial(status=403, code="SignatureDoesNotMatch", message=message)
    return Denial(status=400, code="InvalidSignatureException", message=message)


@cache
def _regions() -> frozenset[str]:
    """Every region of every partition, and the names for what has none."""
    from botocore.loaders import Loader

    partitions = Loader().load_data("partitions")["partitions"]
    return frozenset(region for partition in partitions for region in partition["regions"])
