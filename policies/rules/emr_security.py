"""EMR on EC2: what is encrypted, and who gets in."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policies.rule import (
    Config,
    Finding,
    ResourceRule,
    Rule,
    Severity,
    StackRule,
    Verdicts,
    checkov,
    fsbp,
    nag,
    tower,
)
from policies.unknown import NotYetKnownError
from policies.view import Node, Resource, Stack, show

CLUSTER = frozenset({"aws:emr/cluster:Cluster"})
SECURITY = frozenset({"aws:emr/securityConfiguration:SecurityConfiguration"})


def _configuration(resource: Resource) -> Node | Finding:
    """A security configuration, given as JSON text or as an object."""
    node = resource.get("configuration")
    if node.unknown:
        raise NotYetKnownError(node.path)
    value = node.value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            return Finding(f"configuration is not JSON: {error}", remedy="Mend the JSON text")
    return Node(value, node.path)


def _encryption(resource: Resource) -> Iterator[Node | Finding]:
    node = _configuration(resource)
    yield node if isinstance(node, Finding) else node.get("EncryptionConfiguration")


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


def _check_log_key(resource: Resource, _: Config) -> Verdicts:
    if resource.get("logUri").present and not resource.get("logEncryptionKmsKeyId").present:
        yield Finding("archives its logs without logEncryptionKmsKeyId")


def _check_realm(resource: Resource, _: Config) -> Verdicts:
    kerberos = resource.get("kerberosAttributes")
    if kerberos.present and kerberos.mapping() and not kerberos.get("realm").present:
        yield Finding("has kerberosAttributes without a realm")


def _check_entry(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    """A key pair, Kerberos, or a security configuration that says who is who; one of another stack is let be."""
    if resource.get("ec2Attributes").get("keyName").present or resource.get("kerberosAttributes").present:
        return
    name = resource.get("securityConfiguration")
    found = stack.targets(resource, "securityConfiguration", *SECURITY)
    if not name.present:
        yield Finding("lets in whoever reaches it: no key pair, no Kerberos, no securityConfiguration")
    for configuration in found:
        if not _identifies(configuration):
            yield Finding(f"lets in whoever reaches it: {configuration.label} authenticates nobody")


def _identifies(configuration: Resource) -> bool:
    node = _configuration(configuration)
    if isinstance(node, Finding):
        return True  # no JSON: the rules on encryption say so
    iam = node.get("AuthorizationConfiguration").get("IAMConfiguration").get("EnableApplicationScopedIAMRole")
    trusted = node.get("AuthorizationConfiguration").get("LakeFormationConfiguration")
    centre = node.get("AuthenticationConfiguration")
    return iam.flag() is True or trusted.present or bool(centre.mapping())


def _check_public_access(resource: Resource, config: Config) -> Verdicts:
    blocks = resource.get("blockPublicSecurityGroupRules")
    if blocks.flag() is not True:
        yield Finding(f"lets clusters into public: blockPublicSecurityGroupRules is {show(blocks.value)}")
    for one in resource.get("permittedPublicSecurityGroupRuleRanges").items():
        least, most = one.get("minRange").number(), one.get("maxRange").number()
        most = least if most is None else most
        if least is not None and most is not None and not {least, most} <= set(config["ports"]):
            yield Finding(f"lets everyone reach ports {least:.0f} to {most:.0f}")


RULES: tuple[Rule, ...] = (
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
        controls=checkov("CKV2_AWS_55") + nag("AwsSolutions-EMR4", "AwsSolutions-EMR5"),
        check=_check_has_security,
    ),
    ResourceRule(
        id="emr-log-encryption",
        title="Archived logs of EMR clusters are encrypted with a KMS key of our own",
        protects="What logs tell about data and people",
        remedy="Set logEncryptionKmsKeyId",
        severity=Severity.MEDIUM,
        types=CLUSTER,
        check=_check_log_key,
    ),
    ResourceRule(
        id="emr-kerberos-realm",
        title="A cluster with Kerberos has a realm",
        protects="Sign-on to the cluster, which without a realm is refused or goes by a default",
        remedy="Set kerberosAttributes.realm",
        severity=Severity.MEDIUM,
        types=CLUSTER,
        controls=checkov("CKV_AWS_114"),
        check=_check_realm,
    ),
    StackRule(
        id="emr-authentication",
        title="Who uses an EMR cluster is known to it",
        protects="Data that the nodes may read, from whoever reaches the primary node",
        remedy="Use a securityConfiguration with EnableApplicationScopedIAMRole, or Kerberos, or a key pair",
        severity=Severity.MEDIUM,
        types=CLUSTER,
        controls=nag("AwsSolutions-EMR6"),
        check=_check_entry,
    ),
    ResourceRule(
        id="emr-block-public-access",
        title="EMR refuses clusters whose security groups let everyone in",
        protects="Every cluster of the account and region",
        remedy="Set blockPublicSecurityGroupRules to true and permit no range",
        severity=Severity.CRITICAL,
        types=frozenset({"aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration"}),
        controls=checkov("CKV_AWS_390") + fsbp("EMR.2"),
        config={
            "ports": {
                "type": "array",
                "items": {"type": "number"},
                "default": [22],
                "description": "Ports that may be permitted; 22 is what AWS permits by default.",
            }
        },
        check=_check_public_access,
    ),
)
