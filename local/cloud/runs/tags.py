"""Tags, by the ARN of what carries them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from local.cloud.runs.errors import NotFoundError


class Tagged(Protocol):
    """Something with an ARN and tags."""

    arn: str
    tags: dict[str, str]


class TagOperations:
    """The operations on tags; mixed into the backend of a service."""

    def _tagged(self) -> Iterator[Tagged]:
        """Everything that can carry tags."""
        raise NotImplementedError

    def tag_resource(self, request: Mapping[str, Any]) -> None:
        self._tags(request).update(request["tags"])

    def untag_resource(self, request: Mapping[str, Any]) -> None:
        tags = self._tags(request)
        for key in request["tagKeys"]:
            tags.pop(key, None)

    def list_tags_for_resource(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"tags": self._tags(request)}

    def _tags(self, request: Mapping[str, Any]) -> dict[str, str]:
        arn = request["resourceArn"]
        for one in self._tagged():
            if one.arn == arn:
                return one.tags
        raise NotFoundError(f"Resource {arn} does not exist")
