"""S3: what a bucket's policy says of requests without TLS."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from policies.documents import Statement, read
from policies.openness import pending, refuses_plain
from policies.rule import Config, Finding, Verdicts
from policies.view import Resource

POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def _denies_plain_http(statement: Statement, name: str | None) -> bool:
    """Whether a statement refuses every request without TLS, from anyone, for all of a bucket."""
    every_action = any(action in ("*", "s3:*") for action in statement.actions)
    return refuses_plain(statement) and every_action and _whole_bucket(statement.resources, name)


def _whole_bucket(arns: Iterable[str], name: str | None) -> bool:
    """Whether ARN patterns cover a bucket and each of its objects: the one of that name, else any that they name."""
    patterns = [arn.rsplit(":::", 1)[-1] for arn in arns]
    buckets = [name] if name else [pattern for pattern in patterns if "/" not in pattern]
    return any(
        all(any(fnmatchcase(part, pattern) for pattern in patterns) for part in (bucket, f"{bucket}/key"))
        for bucket in buckets
    )


def check_tls(resource: Resource, _: Config) -> Verdicts:
    """Judge that the policy of a bucket, by itself or in the bucket, refuses every request without TLS."""
    document = read(resource.get("policy"))
    if document is None:
        if resource.type == POLICY:
            yield Finding("has no policy document")
        return
    bucket = resource.get("bucket")
    name = None if bucket.unknown else bucket.text()
    if any(_denies_plain_http(statement, name) for statement in document.statements):
        return
    waiting = pending(document)
    yield from waiting
    if not waiting:
        yield Finding("does not deny requests without TLS")
