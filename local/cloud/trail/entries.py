"""What is noted of each API call, cheaply; what a reader wants of it is worked out when somebody looks.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from local.cloud.protocol import ApiCall
from local.cloud.trail import names
from local.cloud.trail.identities import Identities, Identity

_CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/")
_ERROR = re.compile(rb"<Code>([^<]*)</Code>\s*(?:<Message>([^<]*)</Message>)?")
# A secret's id and the tokens of pages and of idempotent requests are none.
_SECRET = re.compile(
    r"password|secret(?!id)|(?<!next)(?<!client)(?<!request)token|plaintext|privatekey|credential|ciphertext",
    re.IGNORECASE,
)
UNSIGNED = "emrctl.unsigned"  # set in the environment of a request whose signature is nobody's
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
MOST_BODY = 8_192  # of a request, in bytes: longer parameters are omitted, as CloudTrail does above 100 kB
# Kept at most; readers poll, and would push out the writers otherwise.
MOST_READS, MOST_WRITES = 2_000, 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One management event."""

    service: str
    operation: str
    region: str
    identity: Identity
    source_ip: str
    agent: str
    path: str
    query: str
    body: bytes | None
    kind: str  # of the body
    status: int
    error_code: str
    error_message: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def read_only(self) -> bool:
        """Whether the call changes nothing."""
        return names.read_only(self.operation)

    @property
    def source(self) -> str:
        """The service as CloudTrail names it."""
        return f"{self.service}.amazonaws.com"

    def parameters(self) -> dict[str, Any] | None:
        """What was asked, without secrets; None where nothing was."""
        if self.body is None:
            return {"omitted": True, "reason": "requestParameters too large"}
        found: dict[str, Any] = dict(parse_qsl(self.query, keep_blank_values=True))
        if self.kind.startswith("application/x-www-form-urlencoded"):
            found |= dict(parse_qsl(self.body.decode(errors="replace")))
        elif self.body.lstrip()[:1] == b"{":
            found |= _json(self.body)
        if self.service == "s3" and self.path.strip("/"):
            found["bucketName"] = self.path.strip("/").split("/")[0]
        asked = {k: v for k, v in _plain(found).items() if k not in ("action", "version", "x-id")}
        return asked or None


class Trail:
    """The latest management events of a server; every method may be called by any thread."""

    def __init__(self, own: Mapping[str, Identity] | None = None) -> None:
        """`own`: whose the access keys are that are in no IAM."""
        self._reads: deque[Entry] = deque(maxlen=MOST_READS)
        self._writes: deque[Entry] = deque(maxlen=MOST_WRITES)
        self._identities = Identities(own or {})
        self._guard = threading.Lock()

    def entries(self) -> list[Entry]:
        """Every event there is, the latest first."""
        with self._guard:
            found = [*self._reads, *self._writes]
        return sorted(found, key=lambda entry: entry.at, reverse=True)

    def state(self) -> object:
        """Every event, for a snapshot."""
        with self._guard:
            return list(self._reads), list(self._writes)

    def restore(self, state: Any) -> None:
        """Take back the events of a snapshot."""
        with self._guard:
            for kept, found in zip((self._reads, self._writes), state, strict=True):
                kept.extend(found)

    def open(self, environ: dict[str, Any], call: ApiCall) -> bytes | None:
        """The body of a call that is about to be answered, which may be read once only; None when it is too long."""
        length = environ.get("CONTENT_LENGTH") or "0"
        if call.service == "s3" or length == "0":
            return b""
        if not length.isdigit() or int(length) > MOST_BODY:
            return None
        body: bytes = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)
        return body

    def note(
        self,
        environ: Mapping[str, Any],
        call: ApiCall,
        body: bytes | None,
        status: int,
        answer: Iterable[bytes],
    ) -> None:
        """Note a call that has been answered; one on data, and one that nobody has signed, is none of ours."""
        scope = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None or UNSIGNED in environ:
            return
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        operation = names.operation(call, environ.get("REQUEST_METHOD", ""), path, query)
        if names.on_data(call.service, operation, path):
            return
        code, message = _error(answer) if status >= 400 else ("", "")
        entry = Entry(
            service=call.service, operation=operation, region=scope[2], identity=self._identities.of(scope[1]),
            source_ip=environ.get("REMOTE_ADDR", ""), agent=environ.get("HTTP_USER_AGENT", ""), path=path,
            query=query, body=body, kind=environ.get("CONTENT_TYPE", ""), status=status, error_code=code,
            error_message=message,
        )  # fmt: skip
        with self._guard:
            (self._reads if entry.read_only else self._writes).append(entry)


def _error(answer: Iterable[bytes]) -> tuple[str, str]:
    """Code and message of an error, in whichever protocol it is told."""
    body = b"".join(answer) if isinstance(answer, list | tuple) else b""
    if body.lstrip()[:1] == b"{":
        told = _json(body)
        code = str(told.get("__type") or told.get("code") or "").rpartition("#")[2]
        return code or "UnknownError", str(told.get("message") or told.get("Message") or "")
    found = _ERROR.search(body)
    if found is None:
        return "UnknownError", ""
    return found[1].decode(errors="replace"), (found[2] or b"").decode(errors="replace")


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _plain(value: Any) -> Any:
    """Parameters with names as CloudTrail writes them, and nothing that is secret."""
    if isinstance(value, dict):
        return {
            name[:1].lower() + name[1:]: HIDDEN if _SECRET.search(name) else _plain(inner)
            for name, inner in value.items()
        }
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
