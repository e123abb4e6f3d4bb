"""DynamoDB: tables under a key of our own that can be restored, keep up, and do not go by accident."""

from __future__ import annotations

from policies.checks import at, blocks, is_own_key, must_be_one_of, must_be_own_key, must_be_true, said
from policies.rule import (
    Config,
    Finding,
    Level,
    ResourceRule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    fsbp,
    nag,
)
from policies.view import Resource, Stack

TABLE = "aws:dynamodb/table:Table"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"
DAX = frozenset({"aws:dax/cluster:Cluster"})
SCALING = "aws:appautoscaling/target:Target"


def _check_recovery(resource: Resource, _: Config) -> Verdicts:
    path = "pointInTimeRecovery" if resource.type == REPLICA else "pointInTimeRecovery.enabled"
    flag = at(resource, path)
    if flag.flag() is not True:
        yield Finding(f"cannot be restored to a point in time: {said(flag)}")
    for replica in resource.get("replicas").items() if resource.type == TABLE else ():
        own = replica.get("pointInTimeRecovery")
        if own.flag() is not True:
            yield Finding(f"has a replica that cannot be restored to a point in time: {said(own)}")


def _check_key(resource: Resource, _: Config) -> Verdicts:
    encryption = resource.get("serverSideEncryption")
    enabled = encryption.get("enabled")
    if enabled.flag() is not True:
        yield Finding(f"is encrypted with a key that AWS owns: {said(enabled)}")
    elif not is_own_key(encryption.get("kmsKeyArn")):
        yield Finding(f"is encrypted with the key that AWS manages: {said(encryption.get('kmsKeyArn'))}")
    for replica in blocks(resource.get("replicas")):
        if not is_own_key(replica.get("kmsKeyArn")):
            yield Finding(f"has a replica without a key: {said(replica.get('kmsKeyArn'))}")


def _check_scaling(table: Resource, stack: Stack, _: Config) -> Verdicts:
    mode = table.get("billingMode").text()
    if mode == "PAY_PER_REQUEST" or any(user.type == SCALING for user in stack.users(table)):
        return
    name = table.get("name").value
    for target in stack.of(SCALING):
        resource_id = target.get("resourceId").value
        if isinstance(name, str) and resource_id == f"table/{name}":
            return
    yield Finding(
        "has a capacity that does not follow demand: neither PAY_PER_REQUEST nor an autoscaling target"
    )


RULES = (
    ResourceRule(
        id="dynamodb-point-in-time-recovery",
        title="Tables and replicas can be restored to a point in time",
        protects="Data, from being overwritten or deleted for good",
        remedy="Set pointInTimeRecovery",
        severity=Severity.MEDIUM,
        types=frozenset({TABLE, REPLICA}),
        controls=checkov("CKV_AWS_28", "CKV_AWS_165") + fsbp("DynamoDB.2") + nag("AwsSolutions-DDB3"),
        check=_check_recovery,
    ),
    ResourceRule(
        id="dynamodb-kms",
        title="Tables are encrypted with a KMS key of our own",
        protects="Data at rest: to read it takes a grant on the key too",
        remedy="Set serverSideEncryption with enabled and kmsKeyArn, and kmsKeyArn for each replica",
        types=frozenset({TABLE}),
        controls=checkov("CKV_AWS_119"),
        check=_check_key,
    ),
    ResourceRule(
        id="dynamodb-replica-kms",
        title="Replicas are encrypted with a KMS key of our own",
        protects="Data at rest in the other region",
        remedy="Set kmsKeyArn to a key of that region",
        types=frozenset({REPLICA}),
        controls=checkov("CKV_AWS_271"),
        check=must_be_own_key("kmsKeyArn", "is encrypted with a key of AWS"),
    ),
    StackRule(
        id="dynamodb-scales",
        title="A table's capacity follows demand",
        protects="Readers and writers from being refused, and money",
        remedy="Set billingMode to PAY_PER_REQUEST, or add an autoscaling target",
        severity=Severity.MEDIUM,
        types=frozenset({TABLE}),
        controls=checkov("CKV2_AWS_16") + fsbp("DynamoDB.1"),
        check=_check_scaling,
    ),
    ResourceRule(
        id="dynamodb-deletion-protection",
        title="Tables do not go by accident",
        protects="Data, from being deleted for good",
        remedy="Set deletionProtectionEnabled to true",
        severity=Severity.MEDIUM,
        # A platform that is to be taken down has to lose its protection first: that is told, and not refused.
        level=Level.ADVISORY,
        types=frozenset({TABLE}),
        controls=fsbp("DynamoDB.6"),
        check=must_be_true("deletionProtectionEnabled", "can be deleted at once"),
    ),
    ResourceRule(
        id="dax-encrypted",
        title="DynamoDB's cache is encrypted at rest",
        protects="Data that the cache writes to disk",
        remedy="Set serverSideEncryption.enabled to true",
        types=DAX,
        controls=fsbp("DynamoDB.3") + nag("AwsSolutions-DDB4") + checkov("CKV_AWS_47"),
        check=must_be_true("serverSideEncryption.enabled", "keeps its data in the clear"),
    ),
    ResourceRule(
        id="dax-tls",
        title="DynamoDB's cache speaks TLS",
        protects="Data on the wire",
        remedy="Set clusterEndpointEncryptionType to TLS",
        severity=Severity.MEDIUM,
        types=DAX,
        controls=fsbp("DynamoDB.7") + checkov("CKV_AWS_239"),
        check=must_be_one_of("clusterEndpointEncryptionType", ("TLS",), "speaks in the clear"),
    ),
)
