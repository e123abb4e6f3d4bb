"""The front of the API server: moto's dispatcher, with answers where moto has none.

moto answers an operation that it lacks, a service that it lacks and its own defects with HTTP 500 and a page
of HTML, which clients retry. Here each gets an error in its service's protocol, naming the operation: 501
`NotImplemented` for what is not there, which no SDK retries, and 500 `InternalFailure` for a defect.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, Any

from botocore.model import OperationNotFoundError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import MethodNotAllowed, NotFound

from facts.errors import UserError
from local.cloud import admission
from local.cloud.gate import Gate
from local.cloud.protocol import AbsentOperationError, ApiCall, error_response
from local.cloud.trail import names
from local.cloud.trail.entries import Trail

if TYPE_CHECKING:
    from local.cloud.iam.authority import Authority
    from local.cloud.iam.words import Denial

log = logging.getLogger("local.api")
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Order = Callable[[Mapping[str, object]], Mapping[str, object]]  # raises UserError
STATUS_PATH = "/_emrctl/status"
_DRAIN, _MOST_DRAINED = 1 << 20, 256 << 20
_MOST_BYTES = 10_000  # of an order to the server itself
# What may wait for 20 s does not keep the gate from closing. A snapshot that a receipt overlaps has its message
# received or not, and SQS may deliver one twice.
_WAITING = ("ReceiveMessage",)


class UnknownServiceError(Exception):
    """A request for a service that moto has no backend for."""


class Gateway(DomainDispatcherApplication):
    """The WSGI application: AWS's APIs, and paths of our own: how things are, and orders."""

    def __init__(
        self,
        status: Callable[[], Mapping[str, object]],
        extensions: Mapping[str, Callable[[], None]],
        orders: Mapping[str, Order],
        trail: Trail,
        authority: Authority | None = None,
    ) -> None:
        """`extensions`: by service, what puts our part into moto's; run before its first request. `orders`: by path,
        what carries out an order to the server itself.

        `authority` is asked before each request whether it may go on; without one, everything may. Every call is
        noted in `trail`.
        """
        super().__init__(self._create_app)
        self._status, self._extensions, self._orders = status, dict(extensions), orders
        self._trail, self._authority = trail, authority
        self.gate = Gate()

    @property
    def extended(self) -> list[str]:
        """The services that our part has been put into."""
        with self.lock:
            return [service for service in self._extensions if service in self.app_instances]

    def warm(self, services: Iterable[str]) -> None:
        """Load the backends of `services`, so that their first request need not wait for it."""
        for service in services:
            # Imported before the dispatcher's lock is taken: requests to other services go on meanwhile.
            import_module(f"moto.{service}.urls")
            with self.lock:
                if service not in self.app_instances:
                    self.app_instances[service] = self._create_app(service)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == STATUS_PATH:
            return _json(start_response, "200 OK", self._status())
        order = self._orders.get(environ.get("PATH_INFO", ""))
        if order is not None:
            return _ordered(order, environ, start_response)
        started, call, codes = time.monotonic(), ApiCall.of(environ), [""]

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            codes[0] = status
            return start_response(status, headers, *rest)

        answer: Iterable[bytes] = ()
        with nullcontext() if call.operation in _WAITING else self.gate.passed():
            body = self._trail.open(environ, call)
            try:
                answer = self._answer(call, environ, start)
                if codes[0] >= "4":  # an error is short, and the trail reads it, too
                    answer = _whole(answer)
                return answer
            finally:
                self._note(call, environ, body, codes[0], answer)
                log.info("%s %s %.0f ms", call.name, codes[0][:3], 1000 * (time.monotonic() - started))

    def _note(
        self, call: ApiCall, environ: Environ, body: bytes | None, status: str, answer: Iterable[bytes]
    ) -> None:
        """Note the call; a defect in that must not be the caller's."""
        try:
            self._trail.note(environ, call, body, int(status[:3] or 500), answer)
        except Exception:
            log.exception("%s is not in the trail", call.name)

    def _answer(self, call: ApiCall, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        try:
            denial = admission.refuse(call, environ)
            if denial is None and self._authority is not None:
                denial = self._authority.judge(environ, call)
            if denial is not None:
                return _refuse(call, denial, environ, start)
            return self._of_moto(call, environ, start)
        except OperationNotFoundError:
            return _refuse(call, admission.unknown(call), environ, start)
        except (NotImplementedError, NotFound, MethodNotAllowed) as error:
            if isinstance(error, (NotFound, MethodNotAllowed)) and not names.is_operation(call, environ):
                return _refuse(call, admission.unknown(call), environ, start)
            log.info("%s: %s", call.name, error)
            if isinstance(error, AbsentOperationError):
                call = replace(call, operation=error.operation)
            return _fail(
                call, 501, "NotImplemented", f"{call.name} is not implemented by this local AWS.", start
            )
        except UnknownServiceError:
            message = f"{call.name}: the service '{call.service}' is not part of this local AWS."
            return _fail(call, 501, "NotImplemented", message, start)
        except UnicodeDecodeError as error:
            return _fail(call, 400, "SerializationException", f"The request is not in UTF-8: {error}", start)
        except Exception as error:
            denial = admission.elsewhere(call, environ, next(iter(error.args), None))
            if isinstance(error, KeyError) and denial is not None:  # how moto says it
                return _refuse(call, denial, environ, start)
            log.exception("%s failed", call.name)
            message = f"{call.name} failed inside this local AWS: {type(error).__name__}: {error}"
            return _fail(call, 500, "InternalFailure", message, start)

    def _of_moto(self, call: ApiCall, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """moto's answer; where that is a page for a browser, or an error that says nothing, one of AWS's."""
        head: list[Any] = []

        def hold(*given: Any) -> None:
            head[:] = given

        answer: Iterable[bytes] = super().__call__(environ, hold)
        status, headers = head[0], dict(head[1])
        if status >= "4" and headers.get("Content-Type", "").startswith("text/html"):
            answer = _whole(answer)
            denial = admission.instead(call, environ, status[:3], b"".join(answer))
            if denial is not None:
                return _refuse(call, denial, environ, start)
        start(*head)
        return answer

    def _create_app(self, service: Any) -> Any:
        """moto's application for one service, with routing errors left to us instead of made into HTML."""
        if service is None:
            raise UnknownServiceError
        if service in self._extensions:
            self._extensions[service]()
        app = create_backend_app(service)
        # Only what Flask's routing raises: moto's own errors have these codes too, but other classes.
        for error in (NotFound, MethodNotAllowed):
            app.register_error_handler(error, _reraise)
        return app


def _ordered(order: Order, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Carry an order out; a GET only asks how it is. Only JSON is taken, which no web page may send here unasked."""
    try:
        given = _order(environ) if environ.get("REQUEST_METHOD") == "POST" else {}
        return _json(start_response, "200 OK", order(given))
    except (UserError, ValueError) as error:
        return _json(start_response, "400 Bad Request", {"error": str(error)})


def _order(environ: Environ) -> Mapping[str, object]:
    """The JSON object in the body of a request to a path of our own. Raises ValueError."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > _MOST_BYTES or not environ.get("CONTENT_TYPE", "").startswith("application/json"):
        raise ValueError(f"the body must be application/json of at most {_MOST_BYTES} bytes")
    order = json.loads(environ["wsgi.input"].read(length))
    if not isinstance(order, dict):
        raise UserError("the body must be a JSON object")
    return order


def _json(start_response: StartResponse, status: str, answer: Mapping[str, object]) -> Iterable[bytes]:
    body = json.dumps(answer, default=str).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _whole(answer: Iterable[bytes]) -> list[bytes]:
    """All of an answer, which is closed then."""
    try:
        return [b"".join(answer)]
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()


def _reraise(error: Exception) -> None:
    raise error


def _refuse(call: ApiCall, denial: Denial, environ: Environ, start: StartResponse) -> Iterable[bytes]:
    # Unread, the rest of a body would reach a client that still sends it as a reset, not as this answer.
    if environ.get("wsgi.input_terminated"):  # sent in chunks: its end is known
        while environ["wsgi.input"].read(_DRAIN):
            pass
    else:
        length = environ.get("CONTENT_LENGTH") or "0"
        left = min(int(length), _MOST_DRAINED) if length.isdigit() else 0
        while left > 0 and (read := environ["wsgi.input"].read(min(left, _DRAIN))):
            left -= len(read)
    answer = _fail(call, denial.status, denial.code, denial.message, start)
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else answer


def _fail(call: ApiCall, status: int, code: str, message: str, start: StartResponse) -> Iterable[bytes]:
    headers, body = error_response(call, status, code, message)
    start(f"{status} {HTTPStatus(status).phrase}", [*headers, ("Content-Length", str(len(body)))])
    return [body]
