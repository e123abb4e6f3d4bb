"""EMR on EKS (the service `emr-containers`), beyond what moto has of it: job runs that live, job templates."""

from __future__ import annotations

from local.cloud.emr_containers.control import ContainersControl


def install(control: ContainersControl) -> None:
    """Have moto's application for EMR on EKS, when it is made next, be ours and go by `control`."""
    from moto.emrcontainers import urls

    from local.cloud import rest
    from local.cloud.emr_containers.backend import OPERATIONS, ContainersBackend
    from local.cloud.runs.errors import ValidationError

    rest.install("emr-containers", urls.url_paths, OPERATIONS, ContainersBackend, control, ValidationError)
