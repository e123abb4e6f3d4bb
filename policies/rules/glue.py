"""Glue: catalog, jobs and what they write under KMS keys, on versions that AWS still mends."""

from __future__ import annotations

from policies.checks import at, every, must_be_one_of, must_be_set, must_be_true, said
from policies.rule import Config, Finding, ResourceRule, Severity, StackRule, Verdicts, checkov, fsbp, nag
from policies.view import Node, Resource, Stack

JOB = "aws:glue/job:Job"
CRAWLER = "aws:glue/crawler:Crawler"
SECURITY = "aws:glue/securityConfiguration:SecurityConfiguration"
SETTINGS = "dataCatalogEncryptionSettings"
# The modes of CatalogEncryptionMode in the Glue API that encrypt.
CATALOG_MODES = ("SSE-KMS", "SSE-KMS-WITH-SERVICE-ROLE")
SPARK_COMMANDS = ("glueetl", "gluestreaming")


def _encrypts(block: Node, prefix: str, modes: tuple[str, ...], what: str) -> Verdicts:
    mode = block.get(f"{prefix}EncryptionMode")
    if mode.text() not in modes:
        yield Finding(f"does not encrypt {what}: {said(mode)}")
    elif not block.get("kmsKeyArn").present:
        yield Finding(f"encrypts {what} without kmsKeyArn")


def _check_logs(resource: Resource, _: Config) -> Verdicts:
    block = at(resource, "encryptionConfiguration.cloudwatchEncryption")
    yield from _encrypts(block, "cloudwatch", ("SSE-KMS",), "its logs")


def _check_bookmarks(resource: Resource, _: Config) -> Verdicts:
    block = at(resource, "encryptionConfiguration.jobBookmarksEncryption")
    yield from _encrypts(block, "jobBookmarks", ("CSE-KMS",), "job bookmarks")


def _check_s3(resource: Resource, _: Config) -> Verdicts:
    mode = at(resource, "encryptionConfiguration.s3Encryption.s3EncryptionMode")
    if mode.text() not in ("SSE-KMS", "SSE-S3"):
        yield Finding(f"does not encrypt what jobs write: {said(mode)}")


def _check_version(resource: Resource, config: Config) -> Verdicts:
    if at(resource, "command.name").text() not in (*SPARK_COMMANDS, None):
        return  # a Python shell or Ray job follows other versions
    version = resource.get("glueVersion")
    text = version.text()
    # Which version a job gets that names none is AWS's to say, and no version is what Glue.4 fails, too.
    if text is None or not _at_least(text, config["minVersion"]):
        yield Finding(f"runs on a Glue that AWS no longer mends: {said(version)}")


def _at_least(version: str, least: str) -> bool:
    try:
        return [int(part) for part in version.split(".")] >= [int(part) for part in least.split(".")]
    except ValueError:
        return False


def _check_settings(job: Resource, stack: Stack, _: Config) -> Verdicts:
    for security in stack.targets(job, "securityConfiguration", SECURITY):
        checks = (_check_logs, _check_bookmarks) if job.type == JOB else (_check_logs,)
        for check in checks:
            for verdict in check(security, {}):
                text = verdict.problem if isinstance(verdict, Finding) else ""
                yield Finding(f"uses {security.label}, which {text}") if text else verdict


RULES = (
    ResourceRule(
        id="glue-catalog-encrypted",
        title="The catalog, and the passwords of its connections, are encrypted with KMS keys",
        protects="What the data is, and the way to where it comes from",
        remedy="Set encryptionAtRest to SSE-KMS with a key, and returnConnectionPasswordEncrypted with awsKmsKeyId",
        types=frozenset({"aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings"}),
        controls=checkov("CKV_AWS_94"),
        check=every(
            must_be_one_of(
                f"{SETTINGS}.encryptionAtRest.catalogEncryptionMode",
                CATALOG_MODES,
                "keeps its catalog in the clear",
            ),
            must_be_set(f"{SETTINGS}.encryptionAtRest.sseAwsKmsKeyId", "has no key for its catalog"),
            must_be_true(
                f"{SETTINGS}.connectionPasswordEncryption.returnConnectionPasswordEncrypted",
                "gives out passwords in the clear",
            ),
            must_be_set(
                f"{SETTINGS}.connectionPasswordEncryption.awsKmsKeyId",
                "has no key for passwords of connections",
            ),
        ),
    ),
    ResourceRule(
        id="glue-security-configuration-encrypts",
        title="A Glue security configuration encrypts logs, bookmarks and output",
        protects="What a job leaves behind",
        remedy="Set cloudwatchEncryption, jobBookmarksEncryption (CSE-KMS) and s3Encryption, each with its key",
        types=frozenset({SECURITY}),
        controls=checkov("CKV_AWS_99"),
        check=every(_check_logs, _check_bookmarks, _check_s3),
    ),
    ResourceRule(
        id="glue-has-security-configuration",
        title="Glue jobs, crawlers and endpoints have a security configuration",
        protects="What a job leaves behind, which nothing else encrypts",
        remedy="Set securityConfiguration to the name of one",
        types=frozenset({JOB, CRAWLER, "aws:glue/devEndpoint:DevEndpoint"}),
        controls=checkov("CKV_AWS_195") + nag("AwsSolutions-GL1", "AwsSolutions-GL3"),
        check=must_be_set("securityConfiguration", "keeps logs and bookmarks in the clear"),
    ),
    StackRule(
        id="glue-job-security-configuration-encrypts",
        title="The security configuration of a job or crawler encrypts its logs, and a job's bookmarks",
        protects="What a job leaves behind",
        remedy="Set cloudwatchEncryption and jobBookmarksEncryption there, each with its key",
        severity=Severity.MEDIUM,
        types=frozenset({JOB, CRAWLER}),
        controls=nag("AwsSolutions-GL1", "AwsSolutions-GL3"),
        check=_check_settings,
    ),
    ResourceRule(
        id="glue-supported-version",
        title="Spark jobs of Glue run on a version that AWS still supports",
        protects="Jobs, from faults that nobody mends",
        remedy="Set glueVersion to a supported one, as in 5.0",
        severity=Severity.MEDIUM,
        types=frozenset({JOB}),
        controls=fsbp("Glue.4"),
        config={
            "minVersion": {
                "type": "string",
                "pattern": r"^\d+\.\d+$",
                "default": "3.0",
                "description": "Oldest version of Glue that will do.",
            }
        },
        check=_check_version,
    ),
)
