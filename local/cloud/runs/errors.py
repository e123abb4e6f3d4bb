"""The errors that the services of job runs answer with, in moto's form; their HTTP status is the API model's."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ValidationError(ServiceException):
    """The request is malformed or does not fit the state of what it names."""

    code = "ValidationException"


class NotFoundError(ServiceException):
    """The request names something that is not there."""

    code = "ResourceNotFoundException"


class ConflictError(ServiceException):
    """The request contradicts an earlier one."""

    code = "ConflictException"


class AccessDeniedError(ServiceException):
    """Who makes the request may not do this."""

    code = "AccessDeniedException"
