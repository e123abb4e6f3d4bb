"""What is put on a cluster's nodes beyond EMR's own: by scripts at each start, or baked into an image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from facts.texts import text
from infra.settings.model import SettingsModel, refuse

# "You can specify up to 16 bootstrap actions per cluster":
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html
MAX_ACTIONS = 16
# Bootstrap actions run on every node, before EMR installs anything, and again on each node that scaling adds (same
# page). More than ten minutes of it and scaling comes too late: then an image. Ours.
MAX_SECONDS = 600
PREFIX = (
    "bootstrap/"  # in the artifacts bucket: the nodes may read it, and nobody but the deployer writes there
)

Script = Annotated[
    str,
    text(r"^bootstrap/[\w.-]+(/[\w.-]+)*$", "a file below bootstrap/, as bootstrap/agent.sh", longest=512),
]
Argument = Annotated[str, StringConstraints(min_length=1, max_length=10_280)]
ImageId = Annotated[str, text(r"^ami-[0-9a-f]{8,17}$", "the id of an image, as ami-0123456789abcdef0")]


class ActionSettings(SettingsModel):
    """A script that each node runs before it is one of the cluster."""

    name: Annotated[
        str, text(r"^[\w .-]+$", "letters, digits, spaces, dots and hyphens, as install agent", longest=256)
    ]
    """What it is called in the node's logs."""
    script: Script
    """An object in the artifacts bucket, under bootstrap/."""
    arguments: tuple[Argument, ...] = ()
    """What the script is called with."""
    expected_seconds: int = Field(ge=1, le=3600)
    """How long it takes on one node, as measured: a start, and each node that scaling adds, takes so much longer."""


class BootstrapSettings(SettingsModel):
    """Either `actions` or `image_id`."""

    actions: tuple[ActionSettings, ...] = Field(default=(), max_length=MAX_ACTIONS)
    """Scripts, in the order in which they run."""
    image_id: ImageId | None = None
    """An image of one's own, made from EMR's: what it has costs a start nothing."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> BootstrapSettings:
        refuse(self._mistakes())
        return self

    @property
    def added_seconds(self) -> int:
        """How much longer each node takes to start than one of EMR's own image."""
        return sum(action.expected_seconds for action in self.actions)

    def _mistakes(self) -> Iterable[str]:
        if bool(self.actions) == (self.image_id is not None):
            now = "stand beside image_id" if self.actions else "are missing, as is image_id"
            yield f"actions: {now}; choose one, scripts at every start (actions) or an image that has it all (image_id)"
        if self.added_seconds > MAX_SECONDS:
            yield (
                f"actions: add {self.added_seconds} s to the start of every node; at most {MAX_SECONDS}, so bake an "
                "image and name it in image_id"
            )
