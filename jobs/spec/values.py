"""The words of a spec: names, prefixes, sizes, each with its pattern; and what every part of it is built on."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Zone = Literal["landing", "curated", "checkpoints"]
# 40 characters leave room for the attempt's token in a step's name (256) and for a role's name (64).
JobName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
DatasetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
# A place's name as a stack gives it: infra/settings/stack.py, ClusterName.
PlaceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._=-]*/)+$", max_length=512)]
Memory = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*[mg]$")]
# Where, in the checkpoints zone, a canary writes instead of its outputs: `_shadow/<job>/<run id>/<output>/`. No
# dataset's prefix can begin like this.
SHADOW: Final = "_shadow/"
# As the stack's setting `emr:environment` has them.
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,19}$")]
# What stands in an argument: short, and nothing that a log or a shell takes for a new line.
ParameterValue = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=1024)]
ModuleName = Annotated[
    str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+$", max_length=200)
]
Release = Annotated[str, StringConstraints(pattern=r"^emr-(spark-)?[0-9]+\.[0-9]+\.[0-9]+$")]
SecretArn = Annotated[
    str,
    StringConstraints(
        pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$"
    ),
]
# AWS' own limits on tags: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
TagKey = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]+$", max_length=128)]
TagValue = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]*$", max_length=256)]


class Part(BaseModel):
    """Frozen; a key that it does not know is a mistake."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=False,
        validate_default=True,
        allow_inf_nan=False,  # no JSON document can hold them
    )
