"""What happens at once: moto's S3 judges conditions and writes in two steps, and closes what others still read.

S3 decides between concurrent conditional writes, and a reader gets the object from before or after a write, whole.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from local.cloud import mend

# One for all objects: the server's threads share one interpreter, so that a write never ran beside another anyway.
_WRITING = threading.RLock()


def install() -> None:
    """Mend moto's S3, once it is loaded."""
    from moto.s3.models import FakeKey
    from moto.s3.responses import S3Response

    mend.around(FakeKey, "dispose", _when_unread)
    for method in ("_key_response_put", "_key_response_post", "_key_response_delete"):
        mend.around(S3Response, method, _one_at_a_time)


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    def alone(*args: Any, **kwargs: Any) -> Any:
        with _WRITING:
            return original(*args, **kwargs)

    return alone


def _when_unread(original: Callable[..., Any]) -> Callable[..., Any]:
    """An object that was replaced or deleted is closed when the last of its readers lets it go."""

    def dispose(key: Any, garbage: bool = False) -> None:
        if garbage:
            key.disposed = True  # or moto warns that nobody disposed of it
            original(key)

    return dispose
