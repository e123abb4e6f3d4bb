"""EMR on EKS: virtual clusters with namespaces of their own, job templates that keep their logs."""

from __future__ import annotations

from policies.checks import is_own_key, said
from policies.rule import Config, Finding, ResourceRule, Rule, Severity, StackRule, Verdicts
from policies.view import Resource, Stack, show

VIRTUAL_CLUSTER = "aws:emrcontainers/virtualCluster:VirtualCluster"
TEMPLATE = frozenset({"aws:emrcontainers/jobTemplate:JobTemplate"})
SHARED = ("default", "kube-system", "kube-public", "kube-node-lease")


def _namespace(resource: Resource) -> str | None:
    info = resource.get("containerProvider").get("info")
    return info.get("eksInfo").get("namespace").text()


def _check_namespace(resource: Resource, _: Config) -> Verdicts:
    name = _namespace(resource)
    if name is None or name in SHARED:
        yield Finding(f"runs jobs in the namespace {show(name)}, which the cluster's own parts share")


def _check_shared(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    mine = (resource.get("containerProvider").get("id").text(), _namespace(resource))
    for other in stack.of(VIRTUAL_CLUSTER):
        if other is not resource and other.name < resource.name:
            theirs = (other.get("containerProvider").get("id").text(), _namespace(other))
            if mine == theirs:
                yield Finding(f"shares the namespace {show(mine[1])} with {other.label}")


def _check_template_logs(resource: Resource, _: Config) -> Verdicts:
    overrides = resource.get("jobTemplateData").get("configurationOverrides")
    logs = overrides.get("monitoringConfiguration")
    s3 = logs.get("s3MonitoringConfiguration").get("logUri").present
    group = logs.get("cloudWatchMonitoringConfiguration").get("logGroupName").present
    if not s3 and not group:
        yield Finding("keeps no logs: monitoringConfiguration has neither S3 nor CloudWatch")


def _check_template_key(resource: Resource, _: Config) -> Verdicts:
    key = resource.get("kmsKeyArn")
    if not is_own_key(key):
        yield Finding(f"{said(key)}: its parameters are sealed with a key of AWS")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="emr-eks-namespace",
        title="A virtual cluster has a namespace for its jobs",
        protects="Other work on the cluster: quotas, roles and network rules go by namespace",
        remedy="Set containerProvider.info.eksInfo.namespace to one of the team's own",
        severity=Severity.MEDIUM,
        types=frozenset({VIRTUAL_CLUSTER}),
        check=_check_namespace,
    ),
    StackRule(
        id="emr-eks-namespace-not-shared",
        title="No two virtual clusters share a namespace",
        protects="Teams, from each other's quotas and roles; EMR refuses the second",
        remedy="Give each virtual cluster a namespace of its own",
        severity=Severity.MEDIUM,
        types=frozenset({VIRTUAL_CLUSTER}),
        check=_check_shared,
    ),
    ResourceRule(
        id="emr-eks-template-logs",
        title="Job templates of EMR on EKS keep their logs",
        protects="What happened, after the pods are gone",
        remedy="Set s3MonitoringConfiguration.logUri or cloudWatchMonitoringConfiguration.logGroupName",
        severity=Severity.MEDIUM,
        types=TEMPLATE,
        check=_check_template_logs,
    ),
    ResourceRule(
        id="emr-eks-template-kms",
        title="Job templates of EMR on EKS are encrypted with a KMS key of our own",
        protects="Arguments and settings of jobs",
        remedy="Set kmsKeyArn",
        severity=Severity.LOW,
        types=TEMPLATE,
        check=_check_template_key,
    ),
)
