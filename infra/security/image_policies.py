"""What nodes need of ECR for the images of Spark's containers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from infra.naming import Names
from infra.security.needs import Need
from infra.settings.image import repository

LOG_IN = "ecr:GetAuthorizationToken"
PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def repositories(names: Names, images: Sequence[str]) -> tuple[str, ...]:
    """The ARNs of the images' repositories, each once."""
    places = [repository(image) for image in images]
    arns = {f"arn:{names.partition}:ecr:{at.region}:{at.account_id}:repository/{at.name}" for at in places}
    return tuple(sorted(arns))


def needs(names: Names, images: Sequence[str]) -> tuple[Need, ...]:
    """What YARN on a node asks of ECR: to log in, and to pull from these repositories and no other.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html, "pull"
    """
    if not images:
        return ()
    return (
        Need(
            name="LogInToEcr",
            why="YARN logs in before it pulls; ECR lets this be narrowed to no resource",
            actions=(LOG_IN,),
            resources=("*",),
            condition={"StringEquals": {"aws:RequestedRegion": names.region}},
        ),
        Need(
            name="PullImages",
            why="Spark's containers start from these images",
            actions=PULL,
            resources=repositories(names, images),
        ),
    )
