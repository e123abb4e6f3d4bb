"""EMR on EKS virtual clusters that are there already: the stack names them for its jobs, and makes none."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints, field_validator

from facts import releases
from infra.naming import Names
from infra.settings_model import SettingsModel, known_release

# In the log bucket; below it the service's own <virtual cluster>/jobs/<run>/.
LOGS = "containers/"
# https://docs.aws.amazon.com/emr-on-eks/latest/APIReference/API_VirtualCluster.html
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{1,64}$")]


class VirtualClusterSettings(SettingsModel):
    """A virtual cluster that others made; no destroy touches it."""

    adopt: Id
    """The id of the virtual cluster, as AWS gave it."""
    release: str = releases.DEFAULT_LABEL
    """The EMR release that job runs ask for: one that the facts know."""

    _known = field_validator("release")(known_release)


def outputs(settings: VirtualClusterSettings, names: Names) -> dict[str, Any]:
    """What the stack says of the virtual cluster."""
    return {
        "id": settings.adopt,
        "release_label": settings.release,
        "log_uri": f"s3://{names.bucket('logs')}/{LOGS}",
    }
