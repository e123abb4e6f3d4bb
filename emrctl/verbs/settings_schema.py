"""`emrctl settings schema`: the JSON schema of a stack file, for editors."""

from __future__ import annotations

import json


def command() -> None:
    """Print the JSON schema of Pulumi.<stack>.yaml: an editor that has it completes keys and marks mistakes."""
    from infra.settings_explained import schema

    print(json.dumps(schema(), indent=2))
