"""What a target of EventBridge gets of an event: all of it, a part, a constant, or a template filled in.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_VARIABLE = re.compile(r"<([\w.\-]+)>")


def body(target: Mapping[str, Any], event: Mapping[str, Any], rule: Any) -> str:
    """The message for `target`; with more than one kind of input, which PutTargets refuses, the first counts."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(_find(target["InputPath"], event))
    transformer = target.get("InputTransformer")
    if transformer:
        paths = transformer.get("InputPathsMap") or {}
        values = {name: _find(path, event) for name, path in paths.items()}
        return fill(transformer["InputTemplate"], {**values, **_reserved(event, rule)})
    return json.dumps(event)


def fill(template: str, values: Mapping[str, Any]) -> str:
    """`template` with its `<variables>` replaced.

    Within quotes a value goes in as its text; outside of them as JSON, so that a template need not quote. What has
    no value leaves nothing within quotes and null outside; a name that nobody defined stays as it is.
    """
    filled, position, quoted = [], 0, False
    for found in _VARIABLE.finditer(template):
        before = template[position : found.start()]
        quoted ^= _quotes(before) % 2 == 1
        position = found.end()
        filled += [before, _value(values[found[1]], quoted) if found[1] in values else found[0]]
    return "".join([*filled, template[position:]])


def _value(value: Any, quoted: bool) -> str:
    if not quoted:
        return json.dumps(value)
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]


def _quotes(text: str) -> int:
    return len(re.findall(r'(?<!\\)"', text))


def _reserved(event: Mapping[str, Any], rule: Any) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    without_detail = {k: v for k, v in event.items() if k != "detail"}
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": now,
        "aws.events.event": without_detail,
        "aws.events.event.json": event,
    }


def _find(path: str, event: Mapping[str, Any]) -> Any:
    """What `path` ("$.detail.state") leads to in `event`, None when to nothing."""
    from jsonpath_ng.ext.parser import parse

    # EventBridge's paths have keys with dashes ("$.detail-type"), which the parser takes for a subtraction.
    quoted = re.sub(r"\.([A-Za-z_]\w*(?:-\w+)+)", r'."\1"', path)
    found = parse(quoted).find(event)
    return found[0].value if found else None
