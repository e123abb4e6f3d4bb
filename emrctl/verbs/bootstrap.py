"""`emrctl bootstrap`: an account made ready for the platform."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from emrctl.options import EngineJson, Target


def command(as_json: EngineJson = False, target: Target = None) -> None:
    """Bring up the stack `account`: state bucket, CI roles, audit trail, guards. Fine to run again."""
    from emrctl import bootstrap
    from emrctl.context import resolve

    ready = bootstrap.run(resolve(target), quiet=as_json, say=lambda line: print(line, file=sys.stderr))
    if as_json:
        print(json.dumps(asdict(ready), indent=2))
        return
    state = ready.outputs["state"]
    print(
        f"account {ready.outputs['account_id']} is ready; stacks of the platform keep their states in it:\n"
        f"  pulumi login '{state['backend_url']}'\n"
        f"  pulumi stack init dev --secrets-provider '{state['secrets_provider']}'\n"
        f"workflows preview as {ready.outputs['ci']['preview_role_arn']}\n"
        f"          and apply as {ready.outputs['ci']['apply_role_arn']}"
    )
