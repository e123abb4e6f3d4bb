"""A container image in ECR, named by its digest: what was tested is what runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from facts import releases
from infra.settings.network import EndpointService

# By digest and never by tag. The pattern is EMR Serverless's own, without its tags:
# https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_ImageConfigurationInput.html
IMAGE = (
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/"
    r"(?P<repository>([a-z0-9]+([-._][a-z0-9]+)*/)*[a-z0-9]+([-._][a-z0-9]+)*)@sha256:[0-9a-f]{64}$"
)
# What nodes pull an image through where they have no way to the internet; its layers come from S3.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
ENDPOINTS: tuple[EndpointService, ...] = ("ecr.api", "ecr.dkr")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Where an image lies."""

    account_id: str
    region: str
    name: str
    registry: str  # "111111111111.dkr.ecr.us-east-1.amazonaws.com"


def checked_image(value: str) -> str:
    """An image's address with a digest. Raises ValueError for anything else, a tag above all."""
    if re.fullmatch(IMAGE, value):
        return value
    _, _, last = value.rpartition("/")
    if ":" in last and "@" not in last:
        raise ValueError(
            "must name the image by its digest (…@sha256:…), not by a tag: a tag can be moved to another image"
        )
    raise ValueError(
        "must be an image in ECR by its digest: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:…"
    )


Image = Annotated[str, StringConstraints(max_length=1024), AfterValidator(checked_image)]


def repository(image: str) -> Repository:
    """The repository of a checked image."""
    found = re.fullmatch(IMAGE, image)
    assert found, f"{image} was not checked"
    return Repository(
        account_id=found["account"],
        region=found["region"],
        name=found["repository"],
        registry=image.partition("/")[0],
    )


def cluster_mistakes(
    image: str | None, release: str, applications: Iterable[str], *, kerberos: bool
) -> Iterable[str]:
    """What speaks against running a cluster's Spark in `image`."""
    if image is None:
        return
    if "Spark" not in applications:
        yield "image: is set, but Spark is not among the applications, and nothing else runs in it; remove it"
    if kerberos:
        yield (
            "image: is set beside kerberos, whose configuration and tickets are the nodes' and not the container's; "
            "remove one of the two"
        )
    able = [label for label in releases.labels() if releases.release(label).docker]
    if release not in able:
        yield (
            f"image: is set, but EMR is not known to run containers on YARN in {release}; releases that do: "
            f"{', '.join(able)}; or remove it and bake the nodes' image (bootstrap.image_id)"
        )


def stack_mistakes(
    cluster: str, image: str | None, region: str, reaches: Callable[[EndpointService], bool]
) -> Iterable[str]:
    """What the rest of the stack lacks for a cluster's image; `reaches` says of a service whether nodes do."""
    if image is None:
        return
    # "ECR registry included in configuration is in the same Region with the cluster": else YARN does not log in.
    # https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-docker.html
    where = repository(image).region
    if where != region:
        yield (
            f"clusters.{cluster}.image: is in {where}, but YARN logs in to ECR only in the cluster's own region, "
            f"{region}; copy the image there"
        )
    for service in ENDPOINTS:
        if not reaches(service):
            yield (
                f"network.interface_endpoints: '{service}' is missing, by which the nodes of cluster '{cluster}' pull "
                "their image, while nat is 'none'; add it"
            )
