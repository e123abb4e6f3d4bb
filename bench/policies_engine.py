"""The engine's own previews of the resources of bench/policies, with the pack and with empty rules."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.home import ROOT, environment, up
from bench.policies_template import given

PROGRAM = """
import json, pathlib
from pulumi import CustomResource

made = {{}}
for kind, name, props, flows in json.loads(pathlib.Path({file!r}).read_text()):
    for prop, source in flows.items():
        props[prop] = made[source].id
    made[name] = CustomResource(kind, name, props)
"""
EMPTY_PACK = """
import sys
sys.path.insert(0, {root!r})
import pulumi_policy
from bench.policies import empty
pulumi_policy.PolicyPack("empty", empty(), enforcement_level=pulumi_policy.EnforcementLevel.MANDATORY)
"""


def previews(runs: int, count: int) -> dict[str, Any]:
    """The engine's own previews of the same resources: with the pack, and with as many empty rules."""
    with tempfile.TemporaryDirectory() as name, up(Path(name)) as said:
        own, empty = [], []
        folder = Path(name)
        run = _engine(folder, json.loads(said), count)
        for _ in range(runs):
            own.append(run(ROOT / "policies"))
            empty.append(run(folder / "empty"))
    whole, floor = statistics.median(own), statistics.median(empty)
    return {
        f"preview of {count} resources with the pack, s": round(whole, 2),
        "  with as many empty rules, s": round(floor, 2),
        "  beyond, s (aim 1.5)": round(statistics.median(a - b for a, b in zip(own, empty, strict=True)), 2),
        "  with the pack / with empty rules": round(whole / floor, 2),
    }


def _engine(folder: Path, state: dict[str, Any], count: int) -> Callable[[Path], float]:
    from local.engine.ensure import ensure

    project, empty = folder / "project", folder / "empty"
    for one in (project, empty, folder / "state"):
        one.mkdir()
    (empty / "PulumiPolicy.yaml").write_text("name: empty\nversion: 0.1.0\nruntime: python\n")
    (empty / "__main__.py").write_text(EMPTY_PACK.format(root=str(ROOT)))
    (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    (project / "Pulumi.bench.yaml").write_text("config: {aws:region: us-east-1}\n")
    (project / "__main__.py").write_text(PROGRAM.format(file=str(project / "resources.json")))
    declared = list(_programs_resources(count))
    (project / "resources.json").write_text(json.dumps(declared))
    advisory = folder / "advisory.json"  # a violation would end the preview before it counts its resources
    advisory.write_text('{"all": "advisory"}')
    bin_dir = ensure(lambda _line: None).bin_dir
    env = environment(folder) | {
        "AWS_ENDPOINT_URL": state["endpoint"],
        "PULUMI_DEBUG_PROVIDERS": f"aws:{state['provider_port']}",
        "PATH": os.pathsep.join([str(bin_dir), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of this bench",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    }

    def pulumi(*command: str) -> str:
        done = subprocess.run(
            ["pulumi", *command, "--non-interactive"],
            cwd=project,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def timed(pack: Path) -> float:
        began = time.perf_counter()
        said = pulumi(
            "preview",
            "--policy-pack",
            str(pack),
            "--policy-pack-config",
            str(advisory),
            "--suppress-progress",
        )
        if "Policies:" not in said or f"+ {len(declared) + 1} to create" not in said:
            sys.exit(f"bench: the preview failed:\n{said[-1000:]}")
        return time.perf_counter() - began

    pulumi("stack", "init", "bench")
    return timed


def _programs_resources(count: int) -> Iterator[tuple[str, str, dict[str, Any], dict[str, str]]]:
    for one in sorted(given(count), key=lambda one: len(one.flows)):  # what others refer to comes before them
        props = {key: value for key, value in one.props.items() if key not in one.flows}
        yield one.type, one.name, props, {prop: names[0] for prop, names in one.flows.items()}
