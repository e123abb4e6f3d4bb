"""EMR, beyond what moto has of it: clusters that live, with fleets, steps that run, policies that act."""

from __future__ import annotations

from functools import partial

from local.cloud.emr.control import EmrControl


def install(control: EmrControl) -> None:
    """Put our EMR in moto's place, by moto's own tables. Clusters of an earlier control are forgotten."""
    from moto.emr import urls
    from moto.emr.models import emr_backends

    from local.cloud.emr.backend import EmrBackend
    from local.cloud.emr.responses import EmrResponse

    emr_backends.clear()
    emr_backends.backend = partial(EmrBackend, control=control)
    urls.url_paths["{0}/$"] = EmrResponse.dispatch
