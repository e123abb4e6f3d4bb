"""What EMR has to offer: releases and their applications, security configurations."""

from __future__ import annotations

from typing import Any

from local.cloud.emr.errors import InvalidRequestError
from local.cloud.emr.operations.lookup import Json, Lookup, Request
from local.cloud.emr.paging import page
from local.cloud.emr.releases import applications, sort_key


class CatalogueOperations(Lookup):
    """The operations on what is there to choose from."""

    _release_labels: list[str]
    security_configurations: dict[str, Any]

    def list_release_labels(self, request: Request) -> Json:
        filters = request.get("Filters") or {}
        prefix, application = filters.get("Prefix", ""), filters.get("Application")
        labels = [
            label
            for label in sorted(self._release_labels, key=sort_key, reverse=True)
            if label.lower().startswith(prefix.lower()) and (not application or _offers(label, application))
        ]
        return page("ReleaseLabels", labels, request, request.get("MaxResults") or 100, member="NextToken")

    def describe_release_label(self, request: Request) -> Json:
        label = request.get("ReleaseLabel")
        if label not in self._release_labels:
            raise InvalidRequestError(f"The supplied release label is invalid: {label}.")
        shown = [{"Name": name, "Version": version} for name, version in applications(label).items()]
        shown_page = page(
            "Applications", shown, request, request.get("MaxResults") or 100, member="NextToken"
        )
        return {"ReleaseLabel": label, **shown_page}

    def list_security_configurations(self, request: Request) -> Json:
        found = [
            {"Name": c.name, "CreationDateTime": c.creation_date_time}
            for c in sorted(self.security_configurations.values(), key=lambda c: c.name)
        ]
        return page("SecurityConfigurations", found, request, 50)


def _offers(label: str, application: str) -> bool:
    """Whether a release has an application, given as `Name` or `Name@version`."""
    name, _, version = application.partition("@")
    offered = {key.lower(): value for key, value in applications(label).items()}
    return name.lower() in offered and version in ("", offered[name.lower()])
