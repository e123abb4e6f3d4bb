"""The words of a spec: names, prefixes, sizes, each with its pattern; and what every part of it is built on."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict

from facts.texts import text

Zone = Literal["landing", "curated", "checkpoints"]
_NAME = "lower-case letters and digits, in words joined by hyphens, as nightly-etl"
# 40 characters leave room for the attempt's token in a step's name (256) and for a role's name (64).
JobName = Annotated[str, text(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", _NAME, longest=40)]
DatasetName = Annotated[
    str, text(r"^[a-z][a-z0-9_]*$", "lower-case letters, digits and underscores, as by_route", longest=40)
]
# A cluster's, an application's or a virtual cluster's, as the stack's settings give it.
PlaceName = Annotated[
    str, text(r"^[a-z][a-z0-9-]{0,30}$", "up to 31 lower-case letters, digits and hyphens, as main")
]
Prefix = Annotated[
    str,
    text(
        r"^([A-Za-z0-9][A-Za-z0-9._=-]*/)+$", "folders that end with a slash, as flights/daily/", longest=512
    ),
]
Memory = Annotated[str, text(r"^[1-9][0-9]*[mg]$", "whole megabytes or gigabytes, as 512m or 4g")]
# Where, in the checkpoints zone, a canary writes instead of its outputs: `_shadow/<job>/<run id>/<output>/`. No
# dataset's prefix can begin like this.
SHADOW: Final = "_shadow/"
# As the stack's setting `emr:environment` has them.
EnvironmentName = Annotated[
    str, text(r"^[a-z][a-z0-9-]{1,19}$", "2 to 20 lower-case letters, digits and hyphens, as prod")
]
# What stands in an argument: short, and nothing that a log or a shell takes for a new line.
ParameterValue = Annotated[
    str, text(r"^[^\x00-\x1f\x7f]*$", "one line without control characters", longest=1024)
]
ModuleName = Annotated[
    str,
    text(
        r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+$",
        "a module in a package, in lower case, as jobs.workloads.nightly_etl",
        longest=200,
    ),
]
Release = Annotated[
    str, text(r"^emr-(spark-)?[0-9]+\.[0-9]+\.[0-9]+$", "a release label, as emr-spark-8.0.0")
]
SecretArn = Annotated[
    str,
    text(
        r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$",
        "the ARN of a secret, arn:aws:secretsmanager:<region>:<account>:secret:<name>",
    ),
]
# AWS' own limits on tags: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
_TAG = "letters, digits, spaces and . : / = + @ _ -"
TagKey = Annotated[str, text(r"^[\w .:/=+@-]+$", _TAG, longest=128)]
TagValue = Annotated[str, text(r"^[\w .:/=+@-]*$", _TAG, longest=256)]


class Part(BaseModel):
    """Frozen; a key that it does not know is a mistake."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=False,
        validate_default=True,
        allow_inf_nan=False,  # no JSON document can hold them
    )
