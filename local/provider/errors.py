"""What goes wrong, in the words of AWS and of the Pulumi protocol."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

_ABSENT_CODES = frozenset({"404", "NotFoundException", "NotFound"})

# EMR and Athena have few codes, so the real provider reads their messages: internal/service/emr and …/athena of
# terraform-provider-aws.
_FEW_CODES = frozenset({"InvalidRequestException", "ValidationException"})
_ABSENT_WORDS = (
    "is not valid", "is not found", "does not exist", "shutting down, terminated, or finished may not be modified",
)  # fmt: skip


class ProviderError(Exception):
    """One clear line for the user: which type and name, which AWS error or property."""


class PartialError(ProviderError):
    """The resource exists, but something after its creation failed; the engine must remember what is
    there."""

    def __init__(self, message: str, resource_id: str, props: dict[str, Any]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.props = props


class GoneError(ProviderError):
    """What was being made has ended by itself: nothing is left that the engine should remember."""


class CancelledError(ProviderError):
    """The engine asked to stop while we waited."""


def code_of(error: Exception) -> str:
    """AWS's error code, or an empty string when AWS did not answer."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def is_absent(error: Exception) -> bool:
    """Whether AWS says that what was asked for does not exist: InvalidVpcID.NotFound, NoSuchEntity, …"""
    code = code_of(error)
    return (
        code in _ABSENT_CODES
        or code.endswith((".NotFound", "NotFoundException", "NotFoundError", "NotFound", "NonExistentQueue"))
        or code.startswith("NoSuch")
        or (code in _FEW_CODES and any(word in str(error) for word in _ABSENT_WORDS))
    )


def explain(doing: str, error: Exception) -> str:
    """`creating aws:ec2/vpc:Vpc "main": InvalidVpcRange: …`, without the library's own wrapping."""
    if isinstance(error, ClientError):
        found = error.response["Error"]
        return f"{doing}: {found.get('Code')}: {found.get('Message')} ({error.operation_name})"
    if isinstance(error, ParamValidationError):
        return f"{doing}: " + str(error).replace("\n", " ")
    if isinstance(error, BotoCoreError):
        return f"{doing}: {error}"
    return (
        f"{doing}: {error}"
        if isinstance(error, ProviderError)
        else f"{doing}: {type(error).__name__}: {error}"
    )
