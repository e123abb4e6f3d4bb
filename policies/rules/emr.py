"""EMR on EC2: encryption, network, logs, and clusters that end when nobody needs them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts, checkov, fsbp, nag, tower
from policies.unknown import NotYetKnownError
from policies.view import Node, Resource, show

CLUSTER = frozenset({"aws:emr/cluster:Cluster"})
SECURITY = frozenset({"aws:emr/securityConfiguration:SecurityConfiguration"})


def _encryption(resource: Resource) -> Iterator[Node | Finding]:
    """EncryptionConfiguration of a security configuration, given as JSON text or as an object."""
    node = resource.get("configuration")
    if node.unknown:
        raise NotYetKnownError(node.path)
    value = node.value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            yield Finding(f"configuration is not JSON: {error}", remedy="Mend the JSON text")
            return
    yield Node(value, node.path).get("EncryptionConfiguration")


def _at_rest(resource: Resource) -> Iterator[Node | Finding]:
    for node in _encryption(resource):
        if isinstance(node, Node) and node.get("EnableAtRestEncryption").flag() is not True:
            shown = show(node.get("EnableAtRestEncryption").value)
            yield Finding(f"does not encrypt at rest: EnableAtRestEncryption is {shown}")
        else:
            yield node.get("AtRestEncryptionConfiguration") if isinstance(node, Node) else node


def _check_s3(resource: Resource, config: Config) -> Verdicts:
    for node in _at_rest(resource):
        if isinstance(node, Finding):
            yield node
            continue
        mode = node.get("S3EncryptionConfiguration").get("EncryptionMode")
        if mode.text() not in config["modes"]:
            yield Finding(f"encrypts S3 with {show(mode.value)}, not {' or '.join(config['modes'])}")


def _check_local_disk(resource: Resource, _: Config) -> Verdicts:
    for node in _at_rest(resource):
        if isinstance(node, Finding):
            yield node
            continue
        disk = node.get("LocalDiskEncryptionConfiguration")
        kind = disk.get("EncryptionKeyProviderType").text()
        if kind not in ("AwsKms", "Custom"):
            yield Finding(f"does not encrypt local disks: EncryptionKeyProviderType is {show(kind)}")
        elif kind == "AwsKms" and not disk.get("AwsKmsKey").present:
            yield Finding("encrypts local disks by AwsKms without AwsKmsKey")


def _check_ebs(resource: Resource, _: Config) -> Verdicts:
    for node in _at_rest(resource):
        if isinstance(node, Finding):
            yield node
            continue
        ebs = node.get("LocalDiskEncryptionConfiguration").get("EnableEbsEncryption")
        if ebs.flag() is not True:
            yield Finding(
                f"leaves EBS volumes to the account's default: EnableEbsEncryption is {show(ebs.value)}"
            )


def _check_in_transit(resource: Resource, _: Config) -> Verdicts:
    for node in _encryption(resource):
        if isinstance(node, Finding):
            yield node
            continue
        enabled = node.get("EnableInTransitEncryption")
        if enabled.flag() is not True:
            yield Finding(f"does not encrypt in transit: EnableInTransitEncryption is {show(enabled.value)}")
            continue
        tls = node.get("InTransitEncryptionConfiguration").get("TLSCertificateConfiguration")
        if not tls.get("CertificateProviderType").present:
            yield Finding("encrypts in transit without TLSCertificateConfiguration.CertificateProviderType")


def _check_has_security(resource: Resource, _: Config) -> Verdicts:
    if not resource.get("securityConfiguration").present:
        yield Finding("has no securityConfiguration")


def _check_log_uri(resource: Resource, _: Config) -> Verdicts:
    uri = resource.get("logUri")
    if not uri.present:
        yield Finding("has no logUri: its logs end with it")
    elif not (uri.text() or "").startswith(("s3://", "s3n://")):
        yield Finding(f"logUri is {show(uri.value)}, not a place in S3")


def _check_idle(resource: Resource, config: Config) -> Verdicts:
    idle = resource.get("autoTerminationPolicy").get("idleTimeout")
    if not idle.present:
        # Without a policy a cluster ends only if it is told not to outlive its steps.
        if resource.get("keepJobFlowAliveWhenNoSteps").flag() is not False:
            yield Finding("runs on when idle: autoTerminationPolicy.idleTimeout is not set")
        return
    seconds = idle.number() or 0
    if not 60 <= seconds <= config["maxIdleSeconds"]:
        yield Finding(
            f"idles for {seconds:.0f} s before it ends; allowed are 60 to {config['maxIdleSeconds']:.0f} s"
        )


RULES = (
    ResourceRule(
        id="emr-s3-encryption-kms",
        title="EMR encrypts what it writes to S3 with a KMS key",
        protects="Data at rest in S3",
        remedy="Set EnableAtRestEncryption, and in S3EncryptionConfiguration SSE-KMS with an AwsKmsKey",
        types=SECURITY,
        controls=checkov("CKV_AWS_171") + fsbp("EMR.3") + tower("CT.EMR.PR.1", "CT.EMR.PR.2"),
        config={
            "modes": {
                "type": "array",
                "items": {"type": "string", "enum": ["SSE-S3", "SSE-KMS", "CSE-KMS", "CSE-Custom"]},
                "default": ["SSE-KMS", "CSE-KMS"],
                "description": "Modes of S3 encryption that will do.",
            }
        },
        check=_check_s3,
    ),
    ResourceRule(
        id="emr-local-disk-encryption",
        title="EMR encrypts its local disks",
        protects="Shuffle files and HDFS at rest",
        remedy="Set LocalDiskEncryptionConfiguration.EncryptionKeyProviderType to AwsKms with AwsKmsKey",
        types=SECURITY,
        controls=checkov("CKV_AWS_349") + fsbp("EMR.3") + nag("AwsSolutions-EMR4") + tower("CT.EMR.PR.3"),
        check=_check_local_disk,
    ),
    ResourceRule(
        id="emr-ebs-encryption",
        title="EMR encrypts its EBS volumes, the root volume included",
        protects="Logs and spilled data on root volumes, which local disk encryption alone leaves out",
        remedy="Set LocalDiskEncryptionConfiguration.EnableEbsEncryption to true",
        types=SECURITY,
        controls=checkov("CKV_AWS_350") + tower("CT.EMR.PR.3"),
        check=_check_ebs,
    ),
    ResourceRule(
        id="emr-in-transit-encryption",
        title="EMR encrypts what its nodes send each other",
        protects="Shuffle and RPC on the wire",
        remedy="Set EnableInTransitEncryption to true with a TLSCertificateConfiguration",
        types=SECURITY,
        controls=checkov("CKV_AWS_351") + fsbp("EMR.4") + nag("AwsSolutions-EMR5") + tower("CT.EMR.PR.4"),
        check=_check_in_transit,
    ),
    ResourceRule(
        id="emr-security-configuration",
        title="Every EMR cluster has a security configuration",
        protects="Encryption and per-step roles, which only a security configuration brings",
        remedy="Set securityConfiguration to the name of one",
        types=CLUSTER,
        controls=checkov("CKV2_AWS_55"),
        check=_check_has_security,
    ),
    ResourceRule(
        id="emr-log-uri",
        title="Every EMR cluster archives its logs to S3",
        protects="What happened, after the cluster is gone",
        remedy="Set logUri to s3://<logs bucket>/<prefix>/",
        severity=Severity.MEDIUM,
        types=CLUSTER,
        controls=nag("AwsSolutions-EMR2"),
        check=_check_log_uri,
    ),
    ResourceRule(
        id="emr-idle-termination",
        title="Every EMR cluster ends when it idles",
        protects="Money: an idle cluster costs as much as a busy one",
        remedy="Set autoTerminationPolicy.idleTimeout, or keepJobFlowAliveWhenNoSteps to false",
        severity=Severity.MEDIUM,
        types=CLUSTER,
        config={
            "maxIdleSeconds": {
                "type": "number",
                "minimum": 60,
                "maximum": 604800,
                "default": 14400,
                "description": "Longest idle time in seconds.",
            }
        },
        check=_check_idle,
    ),
)
