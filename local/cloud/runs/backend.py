"""What the backends of both services are: their control, pages, tags by the ARN of what carries them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from moto.core.base_backend import BaseBackend

from local.cloud.paging import page
from local.cloud.runs.errors import NotFoundError, ValidationError

Json = dict[str, Any]
Request = Mapping[str, Any]


class Tagged(Protocol):
    """Something with an ARN and tags."""

    arn: str
    tags: dict[str, str]


class RunsBackend(BaseBackend):
    """A service that runs jobs, in one account and region."""

    control: Any  # the service's own, which holds what there is
    caller = ""  # ARN of who makes the request; set under the lock before each operation

    def __init__(self, region_name: str, account_id: str, *, control: Any) -> None:
        super().__init__(region_name, account_id)
        self.control = control

    def reset(self) -> None:
        """Forget everything, as moto's reset does."""
        self.control.forget(self.account_id, self.region_name)

    def _tagged(self) -> Iterator[Tagged]:
        """Everything that can carry tags."""
        raise NotImplementedError

    def tag_resource(self, request: Request) -> None:
        self._tags(request).update(request["tags"])

    def untag_resource(self, request: Request) -> None:
        tags = self._tags(request)
        for key in request["tagKeys"]:
            tags.pop(key, None)

    def list_tags_for_resource(self, request: Request) -> Json:
        return {"tags": self._tags(request)}

    def _tags(self, request: Request) -> dict[str, str]:
        arn = request["resourceArn"]
        for one in self._tagged():
            if one.arn == arn:
                return one.tags
        raise NotFoundError(f"Resource {arn} does not exist")

    def _page(self, key: str, items: list[Json], request: Request) -> Json:
        return page(key, items, request, request.get("maxResults") or 50, "nextToken", ValidationError)
