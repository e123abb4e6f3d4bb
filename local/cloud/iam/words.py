"""AWS's words and codes for a refusal, in the form of each protocol.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local.cloud.iam.judge import Refusal
from local.cloud.iam.language import Question


@dataclass(frozen=True, kw_only=True)
class Denial:
    """What the client is told."""

    status: int
    code: str
    message: str


def denied(question: Question, refusal: Refusal, protocol: str, service: str) -> Denial:
    """A request that its caller may not make."""
    message = explain(question, refusal)
    if protocol == "ec2":
        return Denial(
            status=403, code="UnauthorizedOperation",
            message=f"You are not authorized to perform this operation. {message}",
        )  # fmt: skip
    if service == "sns" and protocol == "query":
        return Denial(status=403, code="AuthorizationError", message=message)
    if protocol in ("json", "rest-json"):
        status = 400 if protocol == "json" else 403
        return Denial(status=status, code="AccessDeniedException", message=message)
    return Denial(status=403, code="AccessDenied", message=message)


def explain(question: Question, refusal: Refusal) -> str:
    """Who may not do what, and for want of what."""
    if question.caller.kind == "anonymous":
        return "Access Denied"
    quote = '"' if question.action.startswith("s3:") else ""
    if refusal.explicit:
        why = f"with an explicit deny in {_article(refusal.policy)} {refusal.policy}"
    else:
        why = f"because no {refusal.policy} allows the {question.action} action"
    return (
        f"User: {question.caller.arn} is not authorized to perform: {question.action} on resource: "
        f"{quote}{question.resource}{quote} {why}"
    )


def _article(policy: str) -> str:
    return "an" if policy.startswith("i") else "a"


_NOT_IN_FORCE = "The security token included in the request is invalid."
_BAD_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)
_EC2 = Denial(
    status=401, code="AuthFailure", message="AWS was not able to validate the provided access credentials"
)
# By what is wrong: S3's answer, the query protocol's, JSON's.
_CREDENTIALS: Mapping[str, tuple[Denial, Denial, Denial]] = {
    "unknown": (
        Denial(
            status=403, code="InvalidAccessKeyId",
            message="The AWS Access Key Id you provided does not exist in our records.",
        ),
        Denial(status=403, code="InvalidClientTokenId", message=_NOT_IN_FORCE),
        Denial(status=400, code="UnrecognizedClientException", message=_NOT_IN_FORCE),
    ),
    "token": (
        Denial(status=400, code="InvalidToken", message="The provided token is malformed or otherwise invalid."),
        Denial(status=403, code="InvalidClientTokenId", message=_NOT_IN_FORCE),
        Denial(status=400, code="UnrecognizedClientException", message=_NOT_IN_FORCE),
    ),
    "expired": (
        Denial(status=400, code="ExpiredToken", message="The provided token has expired."),
        Denial(
            status=403, code="ExpiredToken", message="The security token included in the request is expired"
        ),
        Denial(
            status=400, code="ExpiredTokenException",
            message="The security token included in the request is expired",
        ),
    ),
    "signature": (
        Denial(
            status=403, code="SignatureDoesNotMatch",
            message="The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        ),
        Denial(status=403, code="SignatureDoesNotMatch", message=_BAD_SIGNATURE),
        Denial(status=400, code="InvalidSignatureException", message=_BAD_SIGNATURE),
    ),
    "time": (
        Denial(
            status=403, code="RequestTimeTooSkewed",
            message="The difference between the request time and the current time is too large.",
        ),
        Denial(status=403, code="SignatureDoesNotMatch", message="Signature expired"),
        Denial(status=400, code="InvalidSignatureException", message="Signature expired"),
    ),
    "missing": (
        Denial(status=403, code="AccessDenied", message="Access Denied"),
        Denial(
            status=403, code="MissingAuthenticationToken", message="Request is missing Authentication Token"
        ),
        Denial(
            status=400, code="MissingAuthenticationTokenException",
            message="Request is missing Authentication Token",
        ),
    ),
}  # fmt: skip


def bad_credentials(kind: str, protocol: str) -> Denial:
    """A request whose signer is not who it says; `kind` is one of CredentialError's, or signature, time, missing."""
    if protocol == "ec2":
        if kind == "expired":
            return Denial(status=400, code="RequestExpired", message="Request has expired.")
        return _EC2
    s3, query, json = _CREDENTIALS["unknown" if kind == "inactive" else kind]
    return {"rest-xml": s3, "query": query}.get(protocol, json)
