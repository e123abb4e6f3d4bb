"""`emrctl stack outputs`: what a stack says of itself."""

from __future__ import annotations

import json

from emrctl.options import Json, Stack, Target


def command(
    stack: Stack = "dev",
    as_json: Json = False,
    target: Target = None,
) -> None:
    """Show the stack's outputs: buckets, keys, roles, clusters."""
    from emrctl.context import resolve
    from emrctl.pulumi import workspace

    outputs = workspace(resolve(target), stack).outputs(stack)
    if as_json:
        print(json.dumps(outputs, indent=2))
        return
    import yaml

    print(yaml.safe_dump(outputs, sort_keys=False), end="")
