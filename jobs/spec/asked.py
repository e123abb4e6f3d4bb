"""Settings of Spark that one run says beside those of its spec, or instead of them."""

from __future__ import annotations

from collections.abc import Mapping

from facts.errors import UserError
from jobs import yamlfile
from jobs.spec.job import JobSpec
from jobs.spec.reading import problems
from jobs.spec.sizes import SETTINGS


def with_conf(spec: JobSpec, said: Mapping[str, str]) -> JobSpec:
    """`spec` with the settings `said`; what is a size of `resources` becomes one.

    Raises UserError for what no spec may say either: names that are not Spark's or the platform's own, secrets, sizes
    that are none.
    """
    if not said:
        return spec
    data = spec.model_dump(mode="json")
    for key, value in said.items():
        if size := SETTINGS.get(key):
            data["resources"][size[0]][size[1]] = (
                int(value) if value.isdecimal() and len(value) < 10 else value
            )
        else:
            data["conf"][key] = value
    if told := problems(data):
        raise UserError("; ".join(f"{yamlfile.dotted(path)}: {what}" for path, what in told))
    return JobSpec.model_validate(data)
