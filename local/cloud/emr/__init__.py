"""EMR, beyond what moto has of it: clusters that live, with fleets, steps that run, policies that act."""

from __future__ import annotations

from functools import partial

from local.cloud.emr.control import EmrControl


def install(control: EmrControl) -> None:
    """Have moto's application for EMR, when it is made next, be ours and go by `control`.

    The response class and the backends are the control's own, so that two servers in one process, as in tests,
    have clusters of their own; what moto's other services hold, they share.
    """
    from moto.core.base_backend import BackendDict
    from moto.emr import urls

    from local.cloud.emr.backend import EmrBackend
    from local.cloud.emr.responses import EmrResponse

    backends = control.backends = BackendDict(partial(EmrBackend, control=control), "emr")

    class Response(EmrResponse):
        """The EMR API of this control."""

    Response.backends = backends
    urls.url_paths["{0}/$"] = Response.dispatch
