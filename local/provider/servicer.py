"""The resource provider protocol (pulumirpc.ResourceProvider) over the table."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from local.provider import config, lifecycle, values
from local.provider.check import check, physical_name
from local.provider.clients import Clients, Credentials
from local.provider.diff import Change, difference
from local.provider.errors import PartialError, ProviderError
from local.provider.invokes import invoke
from local.provider.journal import Journal, Key
from local.provider.known import Known
from local.provider.outputs import start_import
from local.provider.place import Place
from local.provider.preview import created, updated
from local.provider.refresh import inputs_of
from local.provider.run import Run
from local.provider.types import RESOURCES
from local.provider.types.refused import REFUSED
from local.provider.values import UNKNOWN, Bag

_log = logging.getLogger(__name__)
_Method = TypeVar("_Method", bound=Callable[..., Any])
_Diff = provider_pb2.PropertyDiff
_KINDS = {
    ("add", False): _Diff.Kind.ADD,
    ("add", True): _Diff.Kind.ADD_REPLACE,
    ("update", False): _Diff.Kind.UPDATE,
    ("update", True): _Diff.Kind.UPDATE_REPLACE,
    ("delete", False): _Diff.Kind.DELETE,
    ("delete", True): _Diff.Kind.DELETE_REPLACE,
}


def _answering(method: _Method) -> _Method:
    """Errors leave as a gRPC status with one clear line; only a defect of ours is logged with its trace."""

    @functools.wraps(method)
    def wrapped(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except PartialError as error:
            _fail_partially(context, error)
        except ProviderError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            _log.exception("%s", method.__name__)
            context.abort(grpc.StatusCode.INTERNAL, f"{method.__name__}: {type(error).__name__}: {error}")

    return wrapped  # type: ignore[return-value]


def _fail_partially(context: grpc.ServicerContext, error: PartialError) -> None:
    """The protocol's way to say that a resource exists although its creation failed: it goes into the
    state."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id, properties=values.write(error.props), reasons=[str(error)]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Every RPC of the protocol that the engine needs from an attached provider."""

    def __init__(self, clients: Clients, credentials: Credentials, version: str, journal: Journal) -> None:
        self._clients = clients
        self._credentials = credentials
        self._version = version
        self._peers = config.Peers()
        self._journal = journal
        self._services = tuple(dict.fromkeys(row.service for row in RESOURCES.values()))
        self._known = {token: Known(row, clients) for token, row in RESOURCES.items()}

    def cancel_all(self) -> None:
        """End all waiting: the server stops."""
        self._peers.cancel(None)

    # The provider itself

    @_answering
    def Handshake(self, _request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False
        )

    @_answering
    def Attach(self, _request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    @_answering
    def GetPluginInfo(self, _request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self._version)

    @_answering
    def GetSchema(self, _request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.GetSchemaResponse(schema="{}")

    @_answering
    def CheckConfig(self, request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        found = config.problems(config.plain(values.read(request.news).props), self._clients)
        failures = [provider_pb2.CheckFailure(property=key, reason=reason) for key, reason in found]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_answering
    def DiffConfig(self, request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        old, new = values.read(request.olds).props, values.read(request.news).props
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        # Another region is another provider: what lives in the old one cannot be moved.
        return provider_pb2.DiffResponse(
            changes=kind, diffs=changed, replaces=[k for k in changed if k == "region"]
        )

    @_answering
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        found = config.plain(values.read(request.args).props)
        wrong = config.problems(found, self._clients)
        if wrong:
            raise ProviderError("; ".join(reason for _, reason in wrong))
        known = {key: value for key, value in found.items() if value is not UNKNOWN}
        at = config.place(known, self._clients, self._credentials)
        self._peers.keep(context.peer(), at)
        self._clients.warm(self._services, at.region, at.credentials)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    @_answering
    def Cancel(self, _request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._peers.cancel(context.peer())
        return empty_pb2.Empty()

    @_answering
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        answer = invoke(self._peers.get(context.peer()), request.tok, values.read(request.args).props)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(values.write(answer))  # a keyword of Python
        return response

    # A resource

    @_answering
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        known, at = self._type(request.urn), self._peers.get(context.peer())
        old, new = values.read(request.olds), values.read(request.news)
        inputs, failures = check(
            known,
            name=request.name or _name(request.urn),
            old=self._journal.inputs(_key(at, request), old.props),
            new=new.props,
            seed=request.randomSeed,
            default_tags=at.default_tags,
        )
        return provider_pb2.CheckResponse(
            inputs=values.write(inputs, _secrets(known, new)),
            failures=[provider_pb2.CheckFailure(property=one.prop, reason=one.reason) for one in failures],
        )

    @_answering
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        known, at = self._type(request.urn), self._peers.get(context.peer())
        self._journal.seen(_key(at, request), request.id)
        found = difference(
            known,
            old_inputs=values.read(request.old_inputs).props,
            old=values.read(request.olds).props,
            new=values.read(request.news).props,
            ignore=request.ignoreChanges,
            region=at.region,
        )
        kind = provider_pb2.DiffResponse.DIFF_SOME if found.changes else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=kind,
            diffs=_tops(found.changes),
            replaces=_tops(found.replaces),
            deleteBeforeReplace=found.delete_first,
            detailedDiff={
                one.path: _Diff(kind=_KINDS[one.kind, one in found.replaces]) for one in found.changes
            },
            hasDetailedDiff=True,
        )

    @_answering
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        known = self._type(request.urn)
        bag = values.read(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=_write(known, created(known, bag.props), bag))
        run = self._run(known, request, context, bag, Bag({}))
        rule = known.row.name
        if rule is not None and rule.prop not in run.props:
            run.props[rule.prop] = physical_name(run.props.get(rule.prefix_prop) or "")
        outputs = self._journal.create(_key(self._peers.get(context.peer()), request), run)
        return provider_pb2.CreateResponse(id=run.id, properties=_write(known, outputs, bag))

    @_answering
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        known = self._type(request.urn)
        state, said = values.read(request.properties), values.read(request.inputs)
        importing = not state.props
        run = self._run(known, request, context, state, state)
        if importing:
            start_import(run, request.id)
        outputs = lifecycle.read(run)
        if outputs is None:
            return provider_pb2.ReadResponse()
        outputs.pop("__defaults", None)
        inputs = inputs_of(known, said.props, outputs, importing=importing)
        secrets = Bag({}, state.secrets | said.secrets)
        return provider_pb2.ReadResponse(
            id=run.id,
            properties=_write(known, outputs, secrets),
            inputs=values.write(inputs, _secrets(known, secrets)),
        )

    @_answering
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        known = self._type(request.urn)
        old, new = values.read(request.olds), values.read(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(
                properties=_write(known, updated(known, old.props, new.props), new)
            )
        run = self._run(known, request, context, new, old)
        return provider_pb2.UpdateResponse(properties=_write(known, lifecycle.update(run), new))

    @_answering
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        known = self._type(request.urn)
        state = values.read(request.properties)
        lifecycle.delete(self._run(known, request, context, state, state))
        return empty_pb2.Empty()

    @_answering
    def Construct(self, request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        raise ProviderError(f"the local provider has no component {request.type}")

    @_answering
    def Call(self, request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        raise ProviderError(f"the local provider has no method {request.tok}")

    def _type(self, urn: str) -> Known:
        token = urn.split("::")[2].split("$")[-1]
        known = self._known.get(token)
        if known is None:
            why = REFUSED.get(token, "docs/provider.md shows how a type is added")
            raise ProviderError(
                f'the local provider does not know the type {token} (resource "{_name(urn)}"); {why}'
            )
        return known

    def _run(self, known: Known, request: Any, context: grpc.ServicerContext, new: Bag, old: Bag) -> Run:
        at = peer = self._peers.get(context.peer())
        region = old.props.get("region") or new.props.get("region")
        if region and region is not UNKNOWN and region != at.region:
            at = replace(at, region=region)
        id_ = getattr(request, "id", "")
        self._journal.seen(_key(peer, request), id_)
        run = Run(known, at, _name(request.urn), props=new.props, old=old.props, id_=id_)
        timeout = getattr(request, "timeout", 0)
        if timeout:
            run.deadline = time.monotonic() + timeout
        return run


def _key(at: Place, request: Any) -> Key:
    return at.account, at.region, request.urn


def _name(urn: str) -> str:
    return urn.split("::")[-1]


def _tops(changes: tuple[Change, ...]) -> list[str]:
    return list(dict.fromkeys(one.plain.split(".")[0] for one in changes))


def _secrets(known: Known, bag: Bag) -> frozenset[str]:
    """The top-level properties to hide: those that held a secret, what is made of them, and what always is
    one."""
    always = {prop for prop in known.schema.inputs if known.schema.hides(prop)}
    derived = {"tagsAll"} if "tags" in bag.secrets else set()
    return bag.secrets | always | derived


def _write(known: Known, outputs: Mapping[str, Any], bag: Bag) -> Any:
    kept = {name: value for name, value in outputs.items() if not name.startswith("__")}
    return values.write(kept, _secrets(known, bag))
