"""`emrctl jobs schema`: the JSON schema of a job's file, for editors."""

from __future__ import annotations

import json


def command() -> None:
    """Print the JSON schema of jobs/catalog/<job>.yaml: an editor that has it completes keys and marks mistakes."""
    from jobs.spec.schema import schema

    print(json.dumps(schema(), indent=2))
