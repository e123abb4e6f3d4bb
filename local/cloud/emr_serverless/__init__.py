"""EMR Serverless, beyond what moto has of it: applications and job runs that live."""

from __future__ import annotations

from local.cloud.emr_serverless.control import ServerlessControl


def install(control: ServerlessControl) -> None:
    """Have moto's application for EMR Serverless, when it is made next, be ours and go by `control`."""
    from moto.emrserverless import urls

    from local.cloud import rest
    from local.cloud.emr_serverless.backend import OPERATIONS, ServerlessBackend
    from local.cloud.runs.errors import ValidationError

    rest.install("emr-serverless", urls.url_paths, OPERATIONS, ServerlessBackend, control, ValidationError)
