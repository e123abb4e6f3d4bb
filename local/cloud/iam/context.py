"""What is true of a request: the values of the condition keys, and which keys we know.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from local.cloud.iam import store
from local.cloud.iam.credentials import Identity
from local.cloud.iam.requests import Request

# Every key below is filled where it applies; a policy that asks for another is reported (report.py).
KNOWN = frozenset(
    {
        "aws:currenttime", "aws:epochtime",
        "aws:multifactorauthpresent", "aws:principalaccount", "aws:principalarn", "aws:principalisawsservice",
        "aws:principalorgid", "aws:principalorgpaths", "aws:principalservicename", "aws:principaltype", "aws:referer",
        "aws:requestedregion", "aws:resourceaccount", "aws:securetransport", "aws:sourceaccount", "aws:sourcearn",
        "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:tagkeys", "aws:tokenissuetime", "aws:useragent",
        "aws:userid", "aws:username", "aws:viaawsservice", "ec2:createaction", "ec2:region",
        "elasticmapreduce:executionrolearn", "emr-containers:executionrolearn",
        "iam:passedtoservice", "iam:permissionsboundary", "iam:policyarn", "kms:calleraccount",
        "kms:encryptioncontextkeys", "kms:granteeprincipal", "kms:grantisforawsresource", "kms:grantoperations",
        "kms:keyspec", "kms:keyusage", "kms:viaservice", "s3:authtype", "s3:delimiter", "s3:max-keys", "s3:prefix",
        "s3:resourceaccount", "s3:signatureversion", "s3:tlsversion", "s3:versionid", "sts:externalid",
        "sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
    }
)  # fmt: skip
KNOWN_FAMILIES = (
    "aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "ec2:resourcetag/", "elasticmapreduce:requesttag/",
    "elasticmapreduce:resourcetag/", "iam:resourcetag/", "kms:encryptioncontext:", "s3:x-amz-",
)  # fmt: skip
_TAG_PARAMETERS = ("Tags", "tags", "TagSet")


def knows(key: str) -> bool:
    """Whether the key, in lower case, is among those that requests are judged with."""
    return key in KNOWN or key.startswith(KNOWN_FAMILIES)


def of_request(request: Request, identity: Identity) -> dict[str, tuple[str, ...]]:
    """What is true of the request whatever it asks for."""
    now = datetime.now(UTC)
    found = {
        # Loopback stands for the TLS connection that the same client would have on AWS.
        "aws:securetransport": "true",
        "s3:tlsversion": "1.3",
        "aws:sourceip": str(request.environ.get("REMOTE_ADDR") or "127.0.0.1"),
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:requestedregion": request.region,
        "aws:viaawsservice": "false",
        "aws:useragent": request.header("user-agent"),
        "aws:referer": request.header("referer"),
    }
    return _filled({**found, **of_caller(identity), **_of_service(request)}) | _several(request)


def of_caller(identity: Identity) -> dict[str, str | None]:
    """What is true of the caller."""
    caller = identity.caller
    service = caller.kind == "service"
    found: dict[str, str | None] = {
        "aws:principalisawsservice": "true" if service else "false",
        "aws:principalservicename": caller.service,
        "aws:userid": caller.user_id or None,
    }
    if caller.kind in ("anonymous", "service"):
        kind = "Anonymous" if caller.kind == "anonymous" else None
        return {**found, "aws:principaltype": kind}
    found |= {
        "aws:principalarn": caller.principal_arn,
        "aws:principalaccount": caller.account,
        "aws:principaltype": "AssumedRole" if caller.kind == "session" else "User",
        "kms:calleraccount": caller.account,
        **{f"aws:principaltag/{name.lower()}": value for name, value in caller.tags.items()},
    }
    if caller.kind == "session":
        issued = identity.issued.strftime("%Y-%m-%dT%H:%M:%SZ") if identity.issued else None
        return {**found, "aws:tokenissuetime": issued, "aws:multifactorauthpresent": "false"}
    return {**found, "aws:username": caller.arn.rpartition("/")[2]}


def of_resource(arn: str, owner: str, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """What is true of one resource: its tags and its account."""
    found: dict[str, tuple[str, ...]] = {"aws:resourceaccount": (owner,)} if owner else {}
    service = arn.split(":", 3)[2] if arn.startswith("arn:") else ""
    if service == "s3" and owner:
        found["s3:resourceaccount"] = (owner,)
    for name, value in tags.items():
        for prefix in ("aws", service):
            found[f"{prefix}:resourcetag/{name.lower()}"] = (value,)
    return found


def _of_service(request: Request) -> dict[str, str | None]:
    return _OF_SERVICE.get(request.service, lambda _: {})(request)


def _of_s3(request: Request) -> dict[str, str | None]:
    query = request.query
    found: dict[str, str | None] = {
        "s3:prefix": query.get("prefix"),
        "s3:delimiter": query.get("delimiter"),
        "s3:max-keys": query.get("max-keys"),
        "s3:versionid": query.get("versionId"),
        "s3:signatureversion": "AWS4-HMAC-SHA256" if request.signed else None,
        "s3:authtype": _auth_type(request),
    }
    for name in request.environ:
        if name.startswith("HTTP_X_AMZ_"):
            key = name.removeprefix("HTTP_").lower().replace("_", "-")
            found[f"s3:{key}"] = str(request.environ[name])
    return found


def _auth_type(request: Request) -> str | None:
    if request.signed is None:
        return None
    return "REST-QUERY-STRING" if request.signed.presigned else "REST-HEADER"


def _of_kms(request: Request) -> dict[str, str | None]:
    given = request.parameters
    found = {
        f"kms:encryptioncontext:{str(name).lower()}": str(value)
        for name, value in (given.get("EncryptionContext") or {}).items()
    }
    # A grant for an AWS service is made by that service on the caller's behalf, never by a call as this one.
    grant = "false" if request.operation == "CreateGrant" else None
    return {
        **found,
        "kms:grantisforawsresource": grant,
        "kms:granteeprincipal": given.get("GranteePrincipal"),
        "kms:keyspec": given.get("KeySpec"),
        "kms:keyusage": given.get("KeyUsage"),
    }


def _of_iam(request: Request) -> dict[str, str | None]:
    given = request.parameters
    boundary = given.get("PermissionsBoundary")
    if boundary is None and given.get("RoleName") and request.operation != "CreateRole":
        role = next(
            (r for _, _, b in store.accounts("iam") for r in b.roles.values() if r.name == given["RoleName"]),
            None,
        )
        boundary = getattr(role, "permissions_boundary_arn", None)
    return {"iam:permissionsboundary": boundary, "iam:policyarn": given.get("PolicyArn")}


def _of_sts(request: Request) -> dict[str, str | None]:
    given = request.parameters
    return {
        "sts:externalid": given.get("ExternalId"),
        "sts:rolesessionname": given.get("RoleSessionName"),
        "sts:sourceidentity": given.get("SourceIdentity"),
    }


def _of_emr(request: Request) -> dict[str, str | None]:
    given = request.parameters
    role = given.get("ExecutionRoleArn") or given.get("StepExecutionRoleArn")
    return {"elasticmapreduce:executionrolearn": role}


def _of_ec2(request: Request) -> dict[str, str | None]:
    return {"ec2:region": request.region}


_OF_SERVICE = {
    "s3": _of_s3,
    "kms": _of_kms,
    "iam": _of_iam,
    "sts": _of_sts,
    "elasticmapreduce": _of_emr,
    "emr-containers": lambda request: {
        "emr-containers:executionrolearn": request.parameters.get("executionRoleArn")
    },
    "ec2": _of_ec2,
}


def request_tags(request: Request) -> Mapping[str, str]:
    """The tags that a request carries, in whichever form its service has them."""
    if request.service == "s3":
        return {}
    given = request.parameters
    found: dict[str, str] = {}
    for name in _TAG_PARAMETERS:
        found |= store.plain_tags(given.get(name))
    for each in given.get("TagSpecifications") or []:
        found |= store.plain_tags(each.get("Tags"))
    return found


def _several(request: Request) -> dict[str, tuple[str, ...]]:
    """The keys that may have several values, and the tags of the request."""
    tags = request_tags(request)
    found: dict[str, tuple[str, ...]] = {}
    for name, value in tags.items():
        for prefix in ("aws", request.service):
            found[f"{prefix}:requesttag/{name.lower()}"] = (value,)
    given = {} if request.service == "s3" else request.parameters
    keys = [*tags, *(each for each in given.get("TagKeys") or [] if isinstance(each, str))]
    lists: Mapping[str, Iterable[Any]] = {
        "aws:tagkeys": dict.fromkeys(keys),
        "kms:grantoperations": given.get("Operations") or () if request.service == "kms" else (),
        "kms:encryptioncontextkeys": given.get("EncryptionContext") or () if request.service == "kms" else (),
        "sts:transitivetagkeys": given.get("TransitiveTagKeys") or (),
    }
    return found | {key: tuple(map(str, values)) for key, values in lists.items() if values}


def _filled(found: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    return {key: (value,) for key, value in found.items() if value is not None}
