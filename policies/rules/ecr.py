"""ECR: images that cannot be exchanged, are looked through, and are not the world's."""

from __future__ import annotations

from policies.checks import at, is_own_key, must_be_one_of, must_have_beside, said
from policies.openness import check_public
from policies.rule import Config, Finding, ResourceRule, Severity, StackRule, Verdicts, checkov, fsbp, nag
from policies.view import Resource, Stack

REPOSITORY = frozenset({"aws:ecr/repository:Repository"})
KMS = ("KMS", "KMS_DSSE")
REGISTRY_SCANS = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"


def _check_key(resource: Resource, _: Config) -> Verdicts:
    encryption = resource.get("encryptionConfigurations")
    key = encryption.get("kmsKey")
    if encryption.get("encryptionType").text() in KMS and not is_own_key(key):
        yield Finding(f"is encrypted with the key that AWS manages: {said(key)}")


def _check_scan(repository: Resource, stack: Stack, _: Config) -> Verdicts:
    # The registry's own setting takes the place of the repository's.
    if at(repository, "imageScanningConfiguration.scanOnPush").flag() is True:
        return
    if not any(registry.get("rules").present for registry in stack.of(REGISTRY_SCANS)):
        yield Finding(
            "does not look through what is pushed: imageScanningConfiguration.scanOnPush is not true"
        )


RULES = (
    ResourceRule(
        id="ecr-policy-not-public",
        title="No repository is everyone's",
        protects="Images, from the world",
        remedy="Name the principals, or test aws:PrincipalOrgID",
        severity=Severity.CRITICAL,
        types=frozenset({"aws:ecr/repositoryPolicy:RepositoryPolicy"}),
        controls=checkov("CKV_AWS_32") + nag("AwsSolutions-ECR1"),
        check=check_public,
    ),
    ResourceRule(
        id="ecr-immutable-tags",
        title="A tag names one image for ever",
        protects="What runs, from being exchanged under its name",
        remedy="Set imageTagMutability to IMMUTABLE",
        severity=Severity.MEDIUM,
        types=REPOSITORY,
        controls=checkov("CKV_AWS_51") + fsbp("ECR.2"),
        check=must_be_one_of(
            "imageTagMutability",
            ("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"),
            "lets a tag move to another image",
        ),
    ),
    ResourceRule(
        id="ecr-kms",
        title="Repositories are encrypted with KMS",
        protects="Images at rest",
        remedy="Set encryptionConfigurations to KMS with a key of your own",
        severity=Severity.LOW,
        types=REPOSITORY,
        controls=checkov("CKV_AWS_136"),
        check=must_be_one_of("encryptionConfigurations.encryptionType", KMS, "is not encrypted with KMS"),
    ),
    ResourceRule(
        id="ecr-kms-own-key",
        title="A repository encrypted with KMS has a key of our own",
        protects="Images: who may use the key that AWS manages is for nobody here to say",
        remedy="Set kmsKey beside encryptionType",
        severity=Severity.LOW,
        types=REPOSITORY,
        controls=fsbp("ECR.5"),
        check=_check_key,
    ),
    StackRule(
        id="ecr-scan-on-push",
        title="Images are looked through for known faults when pushed",
        protects="Clusters, from images with known holes",
        remedy="Set imageScanningConfiguration.scanOnPush to true",
        types=REPOSITORY,
        controls=checkov("CKV_AWS_163") + fsbp("ECR.1"),
        check=_check_scan,
    ),
    StackRule(
        id="ecr-lifecycle",
        title="Old images go by themselves",
        protects="Money, and from old images being run again",
        remedy="Add a LifecyclePolicy for the repository",
        severity=Severity.LOW,
        types=REPOSITORY,
        controls=fsbp("ECR.3"),
        check=must_have_beside("LifecyclePolicy", "repository", ("aws:ecr/lifecyclePolicy:LifecyclePolicy",)),
    ),
)
