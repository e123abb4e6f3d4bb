"""Where a job runs: one of the platform's places, named as the stack names it."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from jobs.spec.values import Part, PlaceName

Kind = Literal["ec2", "serverless", "eks"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Ec2Target(Part):
    """Steps on EC2: of a persistent cluster, or of one of the run's own, made from a launch template.

    Both are found by their name in the stack's outputs; a cluster of the run's own ends with it.
    """

    kind: Literal["ec2"]
    cluster: PlaceName | None = None
    template: PlaceName | None = None
    deploy_mode: Literal["cluster", "client"] = "cluster"

    @model_validator(mode="after")
    def _one_place(self) -> Ec2Target:
        if (self.cluster is None) == (self.template is None):
            raise ValueError("name either cluster (a persistent one) or template (one of the run's own)")
        return self

    @property
    def place(self) -> str:
        """The stack's name for it."""
        return self.cluster or self.template or ""


class ServerlessTarget(Part):
    """Job runs of an EMR Serverless application, found by its name in the stack's outputs."""

    kind: Literal["serverless"]
    application: PlaceName

    @property
    def place(self) -> str:
        """The stack's name for it."""
        return self.application


class EksTarget(Part):
    """Job runs of an EMR on EKS virtual cluster, found by its name in the stack's outputs."""

    kind: Literal["eks"]
    virtual_cluster: PlaceName

    @property
    def place(self) -> str:
        """The stack's name for it."""
        return self.virtual_cluster


Target = Annotated[Ec2Target | ServerlessTarget | EksTarget, Field(discriminator="kind")]
