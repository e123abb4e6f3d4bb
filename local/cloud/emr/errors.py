"""The errors that EMR answers with, in moto's form: code and message, HTTP status 400."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class EmrError(ServiceException):
    """An error of the EMR API."""


class ValidationError(EmrError):
    """The request is malformed or does not fit the state of what it names."""

    code = "ValidationException"


class InvalidRequestError(EmrError):
    """The request names something that is not there or cannot be used so."""

    code = "InvalidRequestException"


def no_such_cluster(cluster_id: str) -> InvalidRequestError:
    """What EMR says of a cluster id that it does not know."""
    error = InvalidRequestError(f"Cluster id '{cluster_id}' is not valid.")
    error.error_code = "NoSuchCluster"
    return error
