"""Where moto's S3 is mended: bucket policies with conditions, deleted markers, access logs in batches."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from local.cloud import bucket_policies, mend, s3_acl, s3_events, s3_kept, s3_names, s3_races

# S3 gathers records and delivers them within hours, on a best effort basis; an object a request, as moto has it,
# would make the log bucket the largest of all. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
RECORDS_A_LOG = 200
LEAST_TO_MOVE = "x-amz-transition-default-minimum-object-size"


def install() -> None:
    """Mend moto's S3, once it is loaded."""
    from moto.s3.models import FakeDeleteMarker, S3Backend
    from moto.s3.responses import S3Response

    bucket_policies.install()
    s3_acl.install()
    s3_events.install()
    s3_kept.install()
    s3_names.install()
    s3_races.install()
    # moto 5.2.5 disposes of every version that DeleteObjects names, and its delete markers have nothing to dispose of.
    FakeDeleteMarker.dispose = lambda _marker: None
    mend.around(S3Backend, "list_objects", _of_what_is_there)
    mend.after(S3Response, "_bucket_response_put", _remember_minimum)
    mend.before(S3Response, "get_bucket_lifecycle", _say_minimum)
    logs = AccessLogs()
    S3Backend.log_incoming_request = lambda backend, request, bucket: logs.note(backend, request, bucket)


def _of_what_is_there(list_objects: Callable[..., Any]) -> Callable[..., Any]:
    """moto 5.2.5 tells the common prefixes of deleted keys, too, where versions are kept: to Spark's committer those
    are tasks' folders of an earlier run, which are gone when it looks into them, and the job fails."""
    from moto.s3.models import FakeBucket, FakeDeleteMarker

    def listed(backend: Any, bucket: Any, *arguments: Any, **named: Any) -> Any:
        if type(bucket) is FakeBucket:  # of a bucket of tables moto refuses to tell
            there = {name: key for name, key in bucket.keys.items() if not isinstance(key, FakeDeleteMarker)}
            bucket = SimpleNamespace(keys=there)
        return list_objects(backend, bucket, *arguments, **named)

    return listed


def _remember_minimum(response: Any, _request: Any, bucket_name: str, querystring: Any) -> None:
    """moto 5.2.5 takes the least size of an object to move, and forgets it."""
    if "lifecycle" in querystring:
        response.backend.get_bucket(bucket_name).least_to_move = response.headers.get(LEAST_TO_MOVE)


def _say_minimum(response: Any) -> None:
    least = getattr(response.backend.get_bucket(response.bucket_name), "least_to_move", None)
    if least:
        response.response_headers[LEAST_TO_MOVE] = least


class AccessLogs:
    """Access records by target, delivered as one object when there are enough; those of a last batch are lost."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], list[str]] = {}
        self._guard = threading.Lock()

    def note(self, backend: Any, request: Any, bucket: str) -> None:
        """Note a request to `bucket`, and deliver what has gathered when it is enough."""
        source = backend.buckets.get(bucket)
        if source is None or not source.logging:
            return
        target = (source.logging["TargetBucket"], source.logging.get("TargetPrefix") or "")
        with self._guard:
            records = self._waiting.setdefault(target, [])
            records.append(_record(request, bucket))
            if len(records) < RECORDS_A_LOG:
                return
            del self._waiting[target]
        if target[0] in backend.buckets:
            name = f"{target[1]}{datetime.now(UTC):%Y-%m-%d-%H-%M-%S}-{uuid4().hex[:16].upper()}"
            backend.put_object(target[0], name, value="\n".join(records).encode())


def _record(request: Any, bucket: str) -> str:
    """The fields of S3's log format that are known before the answer; the others are its dash."""
    at = f"[{datetime.now(UTC):%d/%b/%Y:%H:%M:%S +0000}]"
    call = f"{request.method} {request.path} HTTP/1.1"
    agent = request.headers.get("User-Agent", "-")
    return f'- {bucket} {at} 127.0.0.1 - - REST.{request.method} - "{call}" - - - - - - "-" "{agent}" -'
