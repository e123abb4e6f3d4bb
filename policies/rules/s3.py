"""S3: each bucket with its companions, and each companion as strict as it should be.

A bucket's settings are resources of their own, so two rules go together: one judges a setting before anything
is touched, one sees that each bucket has it when the stack is registered. Inline settings count too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policies.checks import is_own_key
from policies.openness import check_public
from policies.rule import (
    Config,
    Finding,
    ResourceRule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    cis,
    fsbp,
    nag,
)
from policies.rules.s3_tls import POLICY as BUCKET_POLICY
from policies.rules.s3_tls import check_tls
from policies.view import Node, Resource, Stack, show

BUCKETS = frozenset({"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"})
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
PUBLIC_ACCESS = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)
ACCOUNT_PUBLIC_ACCESS = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
VERSIONING = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
POLICY = (BUCKET_POLICY,)
LOGGING = ("aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLoggingV2:BucketLoggingV2")
ACL = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
KMS = ("aws:kms", "aws:kms:dsse")
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read", "website")


def _companion(
    what: str, types: tuple[str, ...], inline: str = ""
) -> Callable[[Resource, Stack, Config], Verdicts]:
    """Judge that a bucket has a resource of `types` beside it, or the inline property."""

    def check(bucket: Resource, stack: Stack, _: Config) -> Verdicts:
        if stack.referring(bucket, "bucket", *types):
            return
        if inline and _inline(bucket, inline):
            return
        yield Finding(f"has no {what} beside it in the stack")

    return check


def _inline(bucket: Resource, key: str) -> bool:
    # S3 encrypts every bucket with its own keys and has versioning off, and says so unasked: no setting yet.
    node = bucket.get(key)
    if not node.present or node.unknown:
        return False
    if key == "versioning":
        return node.get("enabled").flag() is True
    if key == "serverSideEncryptionConfiguration":
        return _algorithm(node.get("rule")).text() in KMS
    return True


def _algorithm(rule: Node) -> Node:
    return rule.get("applyServerSideEncryptionByDefault").get("sseAlgorithm")


def _takes_access_logs(setting: Resource, stack: Stack) -> bool:
    """Whether the bucket of a setting is where S3 delivers access logs: it can only with S3's own keys.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    buckets = stack.targets(setting, "bucket", *BUCKETS)
    return any(stack.referring(bucket, "targetBucket", *LOGGING) for bucket in buckets)


AWS_KEY = (
    "encrypts by aws:kms without a kmsMasterKeyId of our own: the AWS managed key, which no policy guards"
)


def _check_inline(bucket: Resource) -> Verdicts:
    default = (
        bucket.given("serverSideEncryptionConfiguration")
        .get("rule")
        .get("applyServerSideEncryptionByDefault")
    )
    if default.get("sseAlgorithm").text() in KMS and not is_own_key(default.get("kmsMasterKeyId")):
        yield Finding(AWS_KEY)


def _check_encryption(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    if resource.type in BUCKETS:
        yield from _check_inline(resource)
        return
    rules = resource.get("rules").items()
    if not rules:
        yield Finding("has no rule")
    logs = _takes_access_logs(resource, stack)
    for rule in rules:
        algorithm = _algorithm(rule)
        if logs and algorithm.text() in KMS:
            yield Finding(
                f"encrypts by {algorithm.text()} a bucket that takes access logs, which S3 then does not deliver",
                remedy="Set sseAlgorithm to AES256 for this one bucket",
            )
        elif logs:
            continue
        elif algorithm.text() not in KMS:
            yield Finding(f"encrypts by {show(algorithm.value)}, not aws:kms")
        elif not is_own_key(rule.get("applyServerSideEncryptionByDefault").get("kmsMasterKeyId")):
            yield Finding(AWS_KEY)


def _check_public_access(resource: Resource, _: Config) -> Verdicts:
    for key in BLOCKS:
        flag = resource.get(key)
        if flag.unknown:
            yield flag.value
        elif flag.flag() is not True:
            yield Finding(f"leaves {key} {'off' if flag.present else 'unset, which is off'}")


def _block(resource: Resource, _: Config) -> Mapping[str, Any]:
    return {
        key: True for key in BLOCKS if not resource.get(key).unknown and resource.get(key).flag() is not True
    }


def _check_versioning(resource: Resource, _: Config) -> Verdicts:
    status = resource.get("versioningConfiguration").get("status")
    if status.text() != "Enabled":
        yield Finding(f"has versioning {show(status.value)}")


def _check_acl(resource: Resource, _: Config) -> Verdicts:
    acl = resource.get("acl").text()
    if acl in PUBLIC_ACLS:
        yield Finding(f"has the ACL '{acl}'")
    for grant in _acl_grants(resource):
        group = (grant.rsplit("/", 1) or [""])[-1]
        if group in ("AllUsers", "AuthenticatedUsers"):
            yield Finding(f"grants by ACL to the group {group}")


def _acl_grants(resource: Resource) -> Iterator[str]:
    for grant in resource.get("grants").items() if resource.type in BUCKETS else ():
        yield grant.get("uri").text() or ""
    for grant in resource.get("accessControlPolicy").get("grants").items():
        yield grant.get("grantee").get("uri").text() or ""


def _pairs() -> Iterator[ResourceRule | StackRule]:
    """The setting and its presence, for each of the four settings that every bucket needs."""
    yield StackRule(
        id="s3-encryption-kms",
        title="Buckets are encrypted with a KMS key of our own",
        protects="Data at rest: to read it takes a grant on the key too",
        remedy="Set sseAlgorithm to aws:kms with kmsMasterKeyId",
        types=frozenset(ENCRYPTION) | BUCKETS,
        controls=checkov("CKV_AWS_145") + fsbp("S3.17"),
        check=_check_encryption,
    )
    yield StackRule(
        id="s3-bucket-has-encryption",
        title="Every bucket has its encryption set",
        protects="Data at rest, from a bucket that was forgotten",
        remedy="Add a BucketServerSideEncryptionConfiguration for it",
        types=BUCKETS,
        controls=checkov("CKV_AWS_145") + fsbp("S3.17"),
        check=_companion(
            "BucketServerSideEncryptionConfiguration", ENCRYPTION, "serverSideEncryptionConfiguration"
        ),
    )
    yield ResourceRule(
        id="s3-public-access-block",
        title="A public access block blocks all four ways",
        protects="Data, from a policy or ACL that makes it public by mistake",
        remedy=f"Set {', '.join(BLOCKS)} to true",
        severity=Severity.CRITICAL,
        types=frozenset({*PUBLIC_ACCESS, ACCOUNT_PUBLIC_ACCESS}),
        controls=checkov("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6")
        + fsbp("S3.1", "S3.8")
        + nag("AwsSolutions-S2")
        + cis("2.1.4"),
        check=_check_public_access,
        remediate=_block,
    )
    yield StackRule(
        id="s3-bucket-has-public-access-block",
        title="Every bucket has a public access block",
        protects="Data, from a policy or ACL that makes it public by mistake",
        remedy="Add a BucketPublicAccessBlock for it with all four flags true",
        severity=Severity.CRITICAL,
        types=BUCKETS,
        controls=checkov("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6")
        + fsbp("S3.8")
        + nag("AwsSolutions-S2")
        + cis("2.1.4"),
        check=_companion("BucketPublicAccessBlock", PUBLIC_ACCESS),
    )
    yield ResourceRule(
        id="s3-policy-tls-only",
        title="A bucket policy denies every request without TLS",
        protects="Data on the wire",
        remedy="Deny s3:* to * on the bucket and its objects under Bool aws:SecureTransport false alone",
        types=frozenset(POLICY) | BUCKETS,
        controls=checkov("CKV_AWS_379") + fsbp("S3.5") + nag("AwsSolutions-S10") + cis("2.1.1"),
        check=check_tls,
    )
    yield StackRule(
        id="s3-bucket-has-policy",
        title="Every bucket has a policy, the place where TLS is demanded",
        protects="Data on the wire",
        remedy="Add a BucketPolicy that denies requests without TLS",
        types=BUCKETS,
        controls=fsbp("S3.5") + nag("AwsSolutions-S10") + cis("2.1.1"),
        check=_companion("BucketPolicy", POLICY, "policy"),
    )
    yield ResourceRule(
        id="s3-versioning",
        title="Versioning is enabled where it is set",
        protects="Data, from being overwritten or deleted for good",
        remedy="Set versioningConfiguration.status to Enabled",
        severity=Severity.MEDIUM,
        types=frozenset(VERSIONING),
        controls=checkov("CKV_AWS_21") + fsbp("S3.14"),
        check=_check_versioning,
    )
    yield StackRule(
        id="s3-bucket-has-versioning",
        title="Every bucket is versioned",
        protects="Data, from being overwritten or deleted for good",
        remedy="Add a BucketVersioning for it with status Enabled",
        severity=Severity.MEDIUM,
        types=BUCKETS,
        controls=checkov("CKV_AWS_21") + fsbp("S3.14"),
        check=_companion("BucketVersioning", VERSIONING, "versioning"),
    )


RULES = (
    *_pairs(),
    ResourceRule(
        id="s3-policy-not-public",
        title="No bucket policy lets everyone in",
        protects="Data, from the world",
        remedy="Name the principals, or test aws:PrincipalOrgID, aws:PrincipalAccount or aws:SourceVpce",
        severity=Severity.CRITICAL,
        types=frozenset(POLICY) | BUCKETS,
        controls=checkov("CKV_AWS_70", "CKV_AWS_283")
        + fsbp("S3.2", "S3.3", "CloudTrail.6")
        + nag("AwsSolutions-S5"),
        check=check_public,
    ),
    ResourceRule(
        id="s3-acl-not-public",
        title="No bucket ACL lets everyone in",
        protects="Data, from the world",
        remedy="Remove the ACL; grant by policy",
        severity=Severity.CRITICAL,
        types=BUCKETS | frozenset(ACL),
        controls=checkov("CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_375", "CKV2_AWS_43") + fsbp("S3.2", "S3.3"),
        check=_check_acl,
    ),
)
