"""S3: what is done for a bucket in the long run: old data goes, access is on record, nobody locks everyone out."""

from __future__ import annotations

from policies.actions import covering
from policies.checks import at, blocks, is_own_key, must_be_one_of, must_have_beside, said
from policies.documents import read
from policies.openness import OWN_ACCOUNTS, check_every_action, foreign, own_accounts
from policies.rule import (
    Config,
    Finding,
    Level,
    ResourceRule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    cis,
    fsbp,
    nag,
)
from policies.rules.s3 import ACL, BUCKETS, ENCRYPTION, KMS, LOGGING, POLICY
from policies.view import Node, Resource, Stack, show

LIFECYCLE = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
LOCK = (
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
)
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
NOTIFICATION = "aws:s3/bucketNotification:BucketNotification"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
DIRECTORY = "aws:s3/directoryBucket:DirectoryBucket"
OBJECTS = (
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/objectCopy:ObjectCopy",
)
ACCESS_POINT = "aws:s3/accessPoint:AccessPoint"
MULTI_REGION = "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint"
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
# What S3.6 keeps for the bucket's own account.
ADMIN = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
)


def _check_logging(bucket: Resource, stack: Stack, _: Config) -> Verdicts:
    # A bucket that takes access logs does not log its own: each delivery would make another.
    takes = stack.referring(bucket, "targetBucket", *LOGGING)
    takes += [user for user in stack.users(bucket) if bucket in user.references.get("logging", [])]
    inline = bucket.given("logging")
    logs = inline.unknown or inline.get("targetBucket").present
    if not takes and not logs and not stack.referring(bucket, "bucket", *LOGGING):
        yield Finding(
            "keeps no record of who reads it: it has neither a BucketLogging nor takes such logs itself"
        )


def _check_abort(resource: Resource, _: Config) -> Verdicts:
    rules = resource.get("rules" if resource.type in LIFECYCLE else "lifecycleRules").items()
    if not rules and resource.type in BUCKETS:
        return  # s3-lifecycle says that there is none
    if not any(_aborts(rule) for rule in rules):
        yield Finding(
            "keeps parts of uploads that nobody finishes: no enabled rule for all objects aborts them"
        )


def _aborts(rule: Node) -> bool:
    inline = rule.get("abortIncompleteMultipartUploadDays").number()
    days = rule.get("abortIncompleteMultipartUpload").get("daysAfterInitiation").number()
    on = rule.get("status").text() == "Enabled" or rule.get("enabled").flag() is True
    whole = rule.get("filter")
    narrow = bool(rule.get("prefix").text()) or any(
        value not in (None, "", {}, []) for value in whole.mapping().values()
    )
    return on and bool(inline or days) and not narrow


_enforced = must_be_one_of("rule.objectOwnership", ("BucketOwnerEnforced",), "leaves ACLs in force")


def _check_acl_use(resource: Resource, config: Config) -> Verdicts:
    if resource.type == OWNERSHIP:
        yield from _enforced(resource, config)
        return
    acl = resource.get("acl")
    if acl.present and acl.text() != "private":
        yield Finding(f"opens a bucket by ACL: {said(acl)}")
    owner = at(resource, "accessControlPolicy.owner.id").value
    for grant in at(resource, "accessControlPolicy").get("grants").items():
        grantee = grant.get("grantee").get("id")
        if grantee.unknown or grantee.text() != owner:
            yield Finding(f"grants {show(grant.get('permission').value)} by ACL to another than the owner")


def _check_lockout(resource: Resource, _: Config) -> Verdicts:
    document = read(resource.get("policy"))
    for statement in document.statements if document else ():
        if statement.effect != "Deny" or statement.conditions:
            continue
        yield from statement.settled()
        everyone = any(name == "*" for _, name in statement.principals)
        if everyone and covering(statement.actions, "s3:PutBucketPolicy"):
            yield Finding(
                f"{statement.where} denies everyone s3:PutBucketPolicy, so that only root can undo it"
            )


def _check_foreign(resource: Resource, config: Config) -> Verdicts:
    own = own_accounts(resource, config)
    document = read(resource.get("policy"))
    for statement in document.allowing() if document else ():
        yield from statement.settled()
        held = [action for action in ADMIN if covering(statement.actions, action)]
        for principal in foreign(statement, own) if held else ():
            yield Finding(f"{statement.where} allows {', '.join(held)} to {principal}")


def _check_replication(bucket: Resource, stack: Stack, _: Config) -> Verdicts:
    inline = bucket.given("replicationConfiguration")
    found = [one.get("rules") for one in stack.referring(bucket, "bucket", REPLICATION)]
    found += [inline] if inline.unknown else [inline.get("rules")] if inline.present else []
    if not found:
        yield Finding("has no BucketReplicationConfig beside it in the stack")
    elif not any(rules.unknown or _copies(rules) for rules in found):
        yield Finding("has no rule of replication whose status is Enabled")


def _copies(rules: Node) -> bool:
    return any(rule.unknown or rule.get("status").value == "Enabled" for rule in rules.items())


def _check_object(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    algorithm = resource.given("serverSideEncryption")
    key = resource.given("kmsKeyId")
    if is_own_key(key):
        return
    if not algorithm.present and not key.present:
        for bucket in stack.targets(resource, "bucket", *BUCKETS):
            if any(_by_kms(setting) for setting in stack.referring(bucket, "bucket", *ENCRYPTION)):
                return  # as its bucket says
    if not key.present and (algorithm.unknown or algorithm.text() not in KMS):
        yield Finding(f"is not encrypted with a KMS key: kmsKeyId is not set, {said(algorithm)}")
    else:
        yield Finding(f"is encrypted with the key that AWS manages: {said(key)}")


def _by_kms(setting: Resource) -> bool:
    rules = [rule.get("applyServerSideEncryptionByDefault") for rule in setting.get("rules").items()]
    return any(
        rule.get("sseAlgorithm").text() in KMS and is_own_key(rule.get("kmsMasterKeyId")) for rule in rules
    )


def _check_points(resource: Resource, _: Config) -> Verdicts:
    # Both kinds block all four ways unless told otherwise, and cannot be changed later.
    path = "details.publicAccessBlock" if resource.type == MULTI_REGION else "publicAccessBlockConfiguration"
    for block in blocks(at(resource, path)):
        for key in BLOCKS:
            if block.get(key).flag() is False:
                yield Finding(f"leaves {key} off")


def _check_lock(bucket: Resource, stack: Stack, _: Config) -> Verdicts:
    if bucket.given("objectLockEnabled").flag() is True or stack.referring(bucket, "bucket", *LOCK):
        return
    if bucket.given("objectLockConfiguration").get("objectLockEnabled").text() != "Enabled":
        yield Finding("lets objects be deleted: it has no object lock")


def _choices() -> tuple[StackRule, ...]:
    """Controls that are a choice of each platform: off until they are switched on."""
    return (
        StackRule(
            id="s3-object-lock",
            title="Objects of a bucket cannot be deleted before their time",
            protects="Data, from whoever may delete it",
            remedy="Set objectLockEnabled and add a BucketObjectLockConfiguration",
            severity=Severity.MEDIUM,
            level=Level.DISABLED,
            types=BUCKETS,
            controls=checkov("CKV_AWS_143") + fsbp("S3.15"),
            check=_check_lock,
        ),
        StackRule(
            id="s3-replication",
            title="Buckets are copied to another region",
            protects="Data, from the loss of a region",
            remedy="Add a BucketReplicationConfig",
            severity=Severity.LOW,
            level=Level.DISABLED,
            types=BUCKETS,
            controls=checkov("CKV_AWS_144") + fsbp("S3.7"),
            check=_check_replication,
        ),
        StackRule(
            id="s3-notifications",
            title="Buckets tell of what happens in them",
            protects="The time between a change and its being seen",
            remedy="Add a BucketNotification",
            severity=Severity.LOW,
            level=Level.DISABLED,
            types=BUCKETS,
            controls=checkov("CKV2_AWS_62") + fsbp("S3.11"),
            check=must_have_beside("BucketNotification", "bucket", (NOTIFICATION,)),
        ),
    )


RULES = (
    StackRule(
        id="s3-access-logging",
        title="Who reads a bucket is on record",
        protects="Evidence of who took which data",
        remedy="Add a BucketLogging for it",
        severity=Severity.MEDIUM,
        types=BUCKETS,
        controls=checkov("CKV_AWS_18") + fsbp("S3.9", "CloudTrail.7") + nag("AwsSolutions-S1") + cis("3.4"),
        check=_check_logging,
    ),
    StackRule(
        id="s3-lifecycle",
        title="Every bucket says when its data goes",
        protects="Money, and people whose data is kept without need",
        remedy="Add a BucketLifecycleConfiguration for it",
        severity=Severity.LOW,
        types=BUCKETS | {DIRECTORY},
        controls=checkov("CKV2_AWS_61") + fsbp("S3.10", "S3.13", "S3.25"),
        check=must_have_beside("BucketLifecycleConfiguration", "bucket", LIFECYCLE, "lifecycleRules"),
    ),
    ResourceRule(
        id="s3-abort-uploads",
        title="Uploads that nobody finishes are cleared away",
        protects="Money: their parts are billed, and shown nowhere",
        remedy="Add an enabled rule without filter with abortIncompleteMultipartUpload.daysAfterInitiation",
        severity=Severity.LOW,
        types=BUCKETS | frozenset(LIFECYCLE),
        controls=checkov("CKV_AWS_300"),
        check=_check_abort,
    ),
    ResourceRule(
        id="s3-no-acl",
        title="No bucket is opened by ACL",
        protects="Data: what ACLs grant stands in no policy",
        remedy="Set objectOwnership to BucketOwnerEnforced, and grant by policy",
        severity=Severity.MEDIUM,
        types=frozenset({OWNERSHIP, *ACL}),
        controls=checkov("CKV2_AWS_65") + fsbp("S3.12"),
        check=_check_acl_use,
    ),
    ResourceRule(
        id="s3-policy-no-wildcard-action",
        title="No bucket policy allows every action",
        protects="A bucket's settings, which are opened by accident where data is meant",
        remedy="Name the actions that are needed",
        severity=Severity.MEDIUM,
        types=frozenset(POLICY) | BUCKETS,
        check=check_every_action,
    ),
    ResourceRule(
        id="s3-policy-no-lockout",
        title="No bucket policy locks out everyone but root",
        protects="Whoever has to mend the policy",
        remedy="Name the actions to deny, or add a condition that leaves an administrator out",
        types=frozenset(POLICY) | BUCKETS,
        controls=checkov("CKV_AWS_93"),
        check=_check_lockout,
    ),
    ResourceRule(
        id="s3-policy-no-foreign-admin",
        title="No other account may change who gets into a bucket",
        protects="Data, from accounts that others run",
        remedy="Take these actions away, or list the account in ownAccounts of this rule",
        types=frozenset(POLICY) | BUCKETS,
        controls=fsbp("S3.6"),
        config=OWN_ACCOUNTS,
        check=_check_foreign,
    ),
    StackRule(
        id="s3-object-kms",
        title="Objects are encrypted with a KMS key of our own",
        protects="Data at rest: to read it takes a grant on the key too",
        remedy="Set kmsKeyId, or leave it and serverSideEncryption out in a bucket that has a key",
        types=frozenset(OBJECTS),
        controls=checkov("CKV_AWS_181", "CKV_AWS_186"),
        check=_check_object,
    ),
    ResourceRule(
        id="s3-access-point-blocks-public",
        title="Access points block public access",
        protects="Data, from a policy that makes it public by mistake",
        remedy=f"Leave {', '.join(BLOCKS)} on",
        severity=Severity.CRITICAL,
        types=frozenset({ACCESS_POINT, MULTI_REGION}),
        controls=checkov("CKV_AWS_392") + fsbp("S3.19", "S3.24"),
        check=_check_points,
    ),
    *_choices(),
)
