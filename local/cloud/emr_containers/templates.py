"""Job templates: from a template and its parameters to the request of a job run.

https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/use-job-template-parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.cloud.runs.errors import ValidationError

_PLACEHOLDER = re.compile(r"\$\{(\w[\w.#-]*)\}")
_TYPES = ("STRING", "NUMBER")
_FIXED = ("executionRoleArn", "releaseLabel", "jobDriver", "configurationOverrides")


def check(data: Mapping[str, Any]) -> None:
    """Raise ValidationError when a default of the template's parameters is not of its type."""
    for name, config in (data.get("parameterConfiguration") or {}).items():
        if config.get("type", "STRING") not in _TYPES:
            raise ValidationError(f"The type of parameter '{name}' must be one of {', '.join(_TYPES)}.")
        if config.get("defaultValue") is not None:
            _check_type(name, config, config["defaultValue"])


def filled(template: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """StartJobRun's request with what the template's data say, its parameters filled in.

    Raises ValidationError for a value that the template gives already, and for parameters that are missing,
    unknown or not of their type.
    """
    twice = [name for name in _FIXED if request.get(name) is not None]
    if twice:
        raise ValidationError(f"{', '.join(twice)} cannot be given together with a job template.")
    values = _values(template.get("parameterConfiguration") or {}, request.get("jobTemplateParameters") or {})
    data = {name: _fill(template[name], values) for name in _FIXED if template.get(name) is not None}
    tags = {**(template.get("jobTags") or {}), **(request.get("tags") or {})}
    return {**request, **data, "tags": tags}


def _values(configured: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(given) - set(configured))
    if unknown:
        raise ValidationError(f"The job template has no parameter {', '.join(unknown)}.")
    values = {}
    for name, config in configured.items():
        value = given.get(name, config.get("defaultValue"))
        if value is None:
            raise ValidationError(f"Parameter '{name}' of the job template has no default and must be given.")
        _check_type(name, config, value)
        values[name] = value
    return values


def _check_type(name: str, config: Mapping[str, Any], value: str) -> None:
    if config.get("type") != "NUMBER":
        return
    try:
        float(value)
    except ValueError:
        raise ValidationError(f"Parameter '{name}' of the job template is a NUMBER, not '{value}'.") from None


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    """`value` with every `${name}` replaced; a name that is no parameter stays: Spark's configuration has such, too."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {key: _fill(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    return value
