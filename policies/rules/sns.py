"""SNS topics: encrypted, for known publishers only, over TLS."""

from __future__ import annotations

from policies.checks import is_own_key, must_be_set, said
from policies.documents import read
from policies.openness import OWN_ACCOUNTS, check_public, foreign, own_accounts, pending, refuses_plain
from policies.rule import Config, Finding, ResourceRule, Severity, StackRule, Verdicts, checkov, fsbp, nag
from policies.view import Resource, Stack

TOPIC = "aws:sns/topic:Topic"
POLICY = "aws:sns/topicPolicy:TopicPolicy"


def _check_foreign(resource: Resource, config: Config) -> Verdicts:
    own = own_accounts(resource, config)
    document = read(resource.get("policy"))
    for statement in document.allowing() if document else ():
        yield from statement.settled()
        for principal in foreign(statement, own):
            yield Finding(f"{statement.where} allows {', '.join(statement.actions)} to {principal}")


def _check_tls(topic: Resource, stack: Stack, _: Config) -> Verdicts:
    # With a KMS key SNS takes nothing but TLS: https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
    if topic.get("kmsMasterKeyId").present:
        return
    nodes = [
        topic.given("policy"),
        *(policy.get("policy") for policy in stack.referring(topic, "arn", POLICY)),
    ]
    documents = [document for node in nodes if (document := read(node))]
    if any(refuses_plain(s, "sns:Publish") for document in documents for s in document.statements):
        return
    waiting = [unknown for document in documents for unknown in pending(document)]
    yield from waiting
    if not waiting:
        yield Finding("takes messages without TLS: it has no KMS key, and no policy of it denies them")


def _check_aws_key(resource: Resource, _: Config) -> Verdicts:
    key = resource.get("kmsMasterKeyId")
    if key.present and not is_own_key(key):
        yield Finding(f"is encrypted with a key that no policy guards: {said(key)}")


RULES = (
    ResourceRule(
        id="sns-kms",
        title="SNS topics are encrypted with a KMS key",
        protects="What messages tell while they wait",
        remedy="Set kmsMasterKeyId",
        severity=Severity.MEDIUM,
        types=frozenset({TOPIC}),
        controls=checkov("CKV_AWS_26") + fsbp("SNS.1"),
        check=must_be_set("kmsMasterKeyId", "keeps its messages in the clear"),
    ),
    ResourceRule(
        id="sns-no-aws-managed-key",
        title="No topic is encrypted with the key that AWS manages",
        protects="Messages: that key lets no other service publish, and its policy is for nobody here to say",
        remedy="Set kmsMasterKeyId to a key of your own",
        severity=Severity.MEDIUM,
        types=frozenset({TOPIC}),
        check=_check_aws_key,
    ),
    ResourceRule(
        id="sns-policy-not-public",
        title="No topic lets everyone publish or subscribe",
        protects="Who is told what, and who may raise an alarm",
        remedy="Name the principals, or test aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID",
        severity=Severity.CRITICAL,
        types=frozenset({TOPIC, POLICY}),
        controls=checkov("CKV_AWS_169", "CKV_AWS_283") + fsbp("SNS.4"),
        check=check_public,
    ),
    ResourceRule(
        id="sns-policy-no-foreign-account",
        title="No topic is opened to another account without a condition",
        protects="Messages, from accounts that others run",
        remedy="Add a condition, as on aws:PrincipalOrgID, or list the account in ownAccounts of this rule",
        types=frozenset({TOPIC, POLICY}),
        controls=checkov("CKV_AWS_385"),
        config=OWN_ACCOUNTS,
        check=_check_foreign,
    ),
    StackRule(
        id="sns-tls",
        title="Topics take messages over TLS only",
        protects="Messages on the wire",
        remedy="Set kmsMasterKeyId, or deny sns:Publish to * under Bool aws:SecureTransport false",
        severity=Severity.MEDIUM,
        types=frozenset({TOPIC}),
        controls=nag("AwsSolutions-SNS3"),
        check=_check_tls,
    ),
)
