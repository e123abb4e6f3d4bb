"""A REST service of ours in moto's way: a response class and its paths, both made from botocore's model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import camelcase_to_underscores, get_service_model

from local.cloud.protocol import AbsentOperationError
from local.cloud.shapes import check
from local.cloud.strict import StrictResponse

_LABEL = re.compile(r"\{(\w+)\+?\}")
Refuse = Callable[[str], Exception]


class RestResponse(StrictResponse, BaseResponse):
    """The API of one service; `install` makes the class of each."""

    SERVICE: ClassVar[str]
    PROTOCOL_PARSER_MAP_TYPE = dict  # requests as they were sent, not moto's case-blind mapping of them
    backends: ClassVar[Mapping[str, Mapping[str, Any]]]  # by account and region

    def __init__(self) -> None:
        super().__init__(service_name=self.SERVICE)
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> Any:
        """The service in the request's account and region."""
        return self.backends[self.current_account][self.region]

    def caller(self) -> str:
        """The ARN of who makes the request."""
        from moto.sts.models import sts_backends

        sts = sts_backends[self.current_account]["global"]
        return str(sts.get_caller_identity(self.access_key, self.region)[1])


def install(
    service: str, url_paths: dict[str, Any], operations: Iterable[str], make: Callable[..., BaseBackend], control: Any,
    refuse: Refuse,
) -> None:  # fmt: skip
    """Put the service's API into moto's `url_paths`: `operations` go to the backends that `make` makes of `control`.

    The others of botocore's model answer NotImplemented by name. `refuse` makes the error of a malformed request.
    """
    model, ours = get_service_model(service), set(operations)
    members: dict[str, Any] = {
        "SERVICE": service,
        "backends": BackendDict(partial(make, control=control), service),
    }
    for name in model.operation_names:
        method = camelcase_to_underscores(name)
        members[method] = _operation(service, name, refuse) if name in ours else _absent(name)
    response: type[RestResponse] = type("Response", (RestResponse,), members)
    uris = {model.operation_model(name).http["requestUri"] for name in model.operation_names}
    url_paths.clear()
    url_paths.update({_path(uri): response.dispatch for uri in sorted(uris)})


def _operation(service: str, name: str, refuse: Refuse) -> Callable[[RestResponse], ActionResult]:
    method = camelcase_to_underscores(name)
    model = get_service_model(service).operation_model(name)
    members = model.input_shape.members if model.input_shape is not None else {}
    in_query = {key for key, shape in members.items() if shape.serialization.get("location") == "querystring"}

    def operation(self: RestResponse) -> ActionResult:
        self.well_formed()
        # moto's parser has an empty list where the query names none.
        request = {key: value for key, value in self.params.items() if key not in in_query or value != []}
        check(model, request, refuse)
        backend = self.backend
        with backend.control.plane.lock:
            backend.caller = self.caller()
            result = getattr(backend, method)(request)
        return EmptyResult() if result is None else ActionResult(result)

    return operation


def _absent(name: str) -> Callable[[RestResponse], ActionResult]:
    def operation(_self: RestResponse) -> ActionResult:
        raise AbsentOperationError(name)

    return operation


def _path(uri: str) -> str:
    """botocore's path as moto writes one; an ARN in it has slashes of its own.

    moto makes a route of it, which bears neither groups nor backslashes.
    """
    return (
        "{0}"
        + _LABEL.sub(lambda m: f"(?P<{m[1]}>{'[^?]+|[?]' if m[1] == 'resourceArn' else '[^/]+'})", uri)
        + "$"
    )
