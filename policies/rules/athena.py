"""Athena workgroups: results under a KMS key, whatever a client says."""

from __future__ import annotations

from policies.checks import is_own_key, must_be_set, must_not_be_false, said
from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts, checkov, config_rule, fsbp, tower
from policies.view import Resource, show

WORKGROUP = frozenset({"aws:athena/workgroup:Workgroup"})
# With the client's key as with the service's: https://docs.aws.amazon.com/athena/latest/ug/encrypting-query-results-stored-in-s3.html
WITH_KMS = ("SSE_KMS", "CSE_KMS")


def _check_results(resource: Resource, _: Config) -> Verdicts:
    results = resource.get("configuration").get("resultConfiguration").get("encryptionConfiguration")
    option = results.get("encryptionOption").text()
    if option not in WITH_KMS:
        yield Finding(f"keeps the results of queries with encryptionOption {show(option)}")
    elif not is_own_key(results.get("kmsKeyArn")):
        yield Finding(f"keeps the results of queries with {option}: {said(results.get('kmsKeyArn'))}")


def _check_enforced(resource: Resource, _: Config) -> Verdicts:
    # Athena enforces where nothing is said.
    if resource.get("configuration").get("enforceWorkgroupConfiguration").flag() is False:
        yield Finding("lets a client say where results go and how they are encrypted")


RULES = (
    ResourceRule(
        id="athena-results-kms",
        title="Results of queries are encrypted with a KMS key of our own",
        protects="What was asked of the data, which is as confidential as the data",
        remedy="Set resultConfiguration.encryptionConfiguration to SSE_KMS and the ARN of the bucket's key",
        types=WORKGROUP,
        controls=checkov("CKV_AWS_159") + tower("CT.ATHENA.PR.2"),
        check=_check_results,
    ),
    ResourceRule(
        id="athena-workgroup-enforced",
        title="A workgroup's settings hold for every query in it",
        protects="Encryption, place and cost of results from a client's own settings",
        remedy="Leave enforceWorkgroupConfiguration out, or set it to true",
        severity=Severity.MEDIUM,
        types=WORKGROUP,
        controls=checkov("CKV_AWS_82") + config_rule("athena-workgroup-enforce-workgroup-configuration"),
        check=_check_enforced,
    ),
    ResourceRule(
        id="athena-database-encrypted",
        title="What Athena writes for a database is encrypted",
        protects="What was asked of the data",
        remedy="Set encryptionConfiguration to SSE_KMS with a key",
        types=frozenset({"aws:athena/database:Database"}),
        controls=checkov("CKV_AWS_77"),
        check=must_be_set("encryptionConfiguration.encryptionOption", "writes in the clear"),
    ),
    ResourceRule(
        id="athena-metrics",
        title="A workgroup tells CloudWatch what its queries take",
        protects="Money, and what can be found out when queries fail",
        remedy="Leave publishCloudwatchMetricsEnabled out, or set it to true",
        severity=Severity.LOW,
        types=WORKGROUP,
        controls=fsbp("Athena.4"),
        check=must_not_be_false("configuration.publishCloudwatchMetricsEnabled", "tells nobody what it does"),
    ),
)
