"""EMR clusters: logs that outlive them, and an end when nobody needs them."""

from __future__ import annotations

from fnmatch import fnmatchcase

from policies.capacity import CLUSTER as CLUSTER_TYPE
from policies.grants import ROLE
from policies.holders import TO_SEVERAL
from policies.rule import Config, Finding, ResourceRule, Rule, Severity, StackRule, Verdicts, nag
from policies.tagging import tags_of
from policies.view import Node, Resource, Stack, show

CLUSTER = frozenset({CLUSTER_TYPE})
BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-iam-policies.html
SERVICE_TAG = "for-use-with-amazon-emr-managed-policies"


def _check_log_uri(resource: Resource, _: Config) -> Verdicts:
    uri = resource.get("logUri")
    if not uri.present:
        yield Finding("has no logUri: its logs end with it")
    elif not (uri.text() or "").startswith(("s3://", "s3n://")):
        yield Finding(f"logUri is {show(uri.value)}, not a place in S3")


def _reason(resource: Resource, config: Config) -> bool:
    """Whether the cluster says why it is always on."""
    reason = tags_of(resource).get(config["reasonTag"])
    return isinstance(reason, str) and len(reason.strip()) >= 10


def _check_idle(resource: Resource, config: Config) -> Verdicts:
    idle = resource.get("autoTerminationPolicy").get("idleTimeout")
    if not idle.present:
        # Without a policy a cluster ends only if it is told not to outlive its steps.
        if resource.get("keepJobFlowAliveWhenNoSteps").flag() is not False and not _reason(resource, config):
            yield Finding("runs on when idle: autoTerminationPolicy.idleTimeout is not set")
        return
    seconds = idle.number() or 0
    if not 60 <= seconds <= config["maxIdleSeconds"]:
        yield Finding(
            f"idles for {seconds:.0f} s before it ends; allowed are 60 to {config['maxIdleSeconds']:.0f} s"
        )


def _check_logs_kept(resource: Resource, stack: Stack, config: Config) -> Verdicts:
    """Rules of the log bucket's lifecycle that delete logs too soon; a bucket of another stack is not seen."""
    uri = resource.get("logUri")
    name, _, prefix = (
        (str(uri.value) if isinstance(uri.value, str) else "").partition("://")[2].partition("/")
    )
    buckets = [one for one in uri_targets(resource, stack) if one.type == BUCKET] or [
        one for one in stack.of(BUCKET) if name and one.get("bucket").value == name
    ]
    for bucket in buckets:
        for lifecycle in stack.referring(bucket, "bucket", LIFECYCLE):
            for rule in lifecycle.get("rules").items():
                days = rule.get("expiration").get("days").number()
                if days and days < config["minDays"] and _covers(rule, prefix):
                    yield Finding(
                        f"keeps its logs {days:.0f} days by {lifecycle.label}, less than {config['minDays']:.0f}"
                    )


def uri_targets(resource: Resource, stack: Stack) -> list[Resource]:
    """Buckets whose outputs flow into the log URI."""
    return stack.targets(resource, "logUri", BUCKET)


def _covers(rule: Node, prefix: str) -> bool:
    """Whether a lifecycle rule is for objects below the prefix."""
    if rule.get("status").text() == "Disabled":
        return False
    own = rule.get("filter").get("prefix").text() or rule.get("prefix").text() or ""
    return prefix.startswith(own) or own.startswith(prefix)


def _check_service_tag(resource: Resource, stack: Stack, config: Config) -> Verdicts:
    """AWS's managed policies of the second generation let EMR touch only what bears their tag."""
    roles = stack.targets(resource, "serviceRole", ROLE)
    attached = [
        one
        for role in roles
        for one in (*stack.referring(role, "role", ATTACHMENT), *stack.referring(role, "roles", TO_SEVERAL))
    ]
    arns = [one.get("policyArn") for one in attached]
    arns += [arn for role in roles for arn in role.get("managedPolicyArns").items()]
    managed = [str(arn.value) for arn in arns if isinstance(arn.value, str)]
    if not any(fnmatchcase(arn.rsplit("/", 1)[-1], config["managed"]) for arn in managed):
        return
    if tags_of(resource).get(SERVICE_TAG) != "true":
        yield Finding(
            f"has a service role with {managed[0].rsplit('/', 1)[-1]} and lacks the tag {SERVICE_TAG}=true"
        )


RULES: tuple[Rule, ...] = (
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
        remedy="Set autoTerminationPolicy.idleTimeout, or say in the tag always-on-reason why it never ends",
        severity=Severity.MEDIUM,
        types=CLUSTER,
        config={
            "maxIdleSeconds": {
                "type": "number",
                "minimum": 60,
                "maximum": 604800,
                "default": 14400,
                "description": "Longest idle time in seconds.",
            },
            "reasonTag": {
                "type": "string",
                "default": "always-on-reason",
                "description": "Tag by which a cluster says, in ten letters or more, why it never ends.",
            },
        },
        check=_check_idle,
    ),
    StackRule(
        id="emr-logs-outlive-clusters",
        title="Logs of EMR clusters are kept long enough to look into them",
        protects="What happened, from a lifecycle rule that takes it away first",
        remedy="Lengthen the expiration of the log bucket's rule, or keep logs under a prefix of their own",
        severity=Severity.LOW,
        types=CLUSTER,
        config={
            "minDays": {
                "type": "number",
                "minimum": 1,
                "default": 30,
                "description": "Fewest days to keep archived logs.",
            }
        },
        check=_check_logs_kept,
    ),
    StackRule(
        id="emr-service-tag",
        title="Clusters under AWS's managed EMR policies bear their tag",
        protects="The cluster: EMR may not touch its machines without the tag",
        remedy="Add the tag for-use-with-amazon-emr-managed-policies=true to the cluster, its subnets and groups",
        severity=Severity.MEDIUM,
        types=CLUSTER,
        config={
            "managed": {
                "type": "string",
                "default": "AmazonEMR*Policy_v2",
                "description": "Pattern of the managed policies' names that go by the tag.",
            }
        },
        check=_check_service_tag,
    ),
)
