"""moto's part of the state: what every backend of every service, account and region holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from local.cloud.snapshot.pickling import Name


def names() -> dict[int, Name]:
    """The names of all backends there are, by `id`: module and variable of the service's, account, region."""
    return {id(backend): name for name, backend in _each()}


def state() -> dict[str, Any]:
    """What the backends hold, by their names."""
    return {
        "backends": {name: backend.__dict__ for name, backend in _each()},
        "services": {name: _extras(of_service) for name, of_service in _services()},
    }


class Restoration:
    """Backends as a state that is being read names them; they are empty until `finish`, and gone after `undo`."""

    def __init__(self) -> None:
        self._made: dict[Name, BaseBackend] = {}

    def named(self, name: Name) -> BaseBackend:
        """The backend of this name."""
        module, variable, account, region = name
        of_service = getattr(import_module(module), variable)
        if name not in self._made:
            kind = of_service.backend
            # Not called: what its constructor would make by default is in the state.
            self._made[name] = of_service[account][region] = kind.__new__(kind)
        return self._made[name]

    def finish(self, state: dict[str, Any]) -> None:
        """Give every backend what it held."""
        for name, held in state["backends"].items():
            self.named(name).__dict__.update(held)
        for (module, variable), held in state["services"].items():
            vars(getattr(import_module(module), variable)).update(held)

    def undo(self) -> None:
        """Forget the backends."""
        for module, variable, account, region in self._made:
            del getattr(sys.modules[module], variable)[account][region]


def _services() -> Iterator[tuple[tuple[str, str], BackendDict[Any]]]:
    """The services that are loaded, each by the module and variable that moto keeps it in."""
    seen = set[int]()
    modules = [m for name, m in list(sys.modules.items()) if name.startswith("moto.") and ".models" in name]
    for module in sorted(modules, key=lambda m: m.__name__):
        for variable, value in list(vars(module).items()):
            own = isinstance(value, BackendDict) and _home(value) == _service(module.__name__)
            if own and id(value) not in seen:
                seen.add(id(value))
                yield (module.__name__, variable), value


def _each() -> Iterator[tuple[Name, BaseBackend]]:
    for (module, variable), of_service in _services():
        for account, region, backend in list(of_service.iter_backends()):
            yield (module, variable, account, region), backend


def _home(of_service: BackendDict[Any]) -> str:
    return _service(of_service.backend.__module__)


def _service(module: str) -> str:
    """`moto.s3` of `moto.s3.models`."""
    return ".".join(module.split(".")[:2])


def _extras(of_service: BackendDict[Any]) -> dict[str, Any]:
    """What a service keeps beside its backends, as S3 does the owners of its buckets."""
    plain = vars(BackendDict(of_service.backend, of_service.service_name))
    return {name: value for name, value in vars(of_service).items() if name not in plain}
