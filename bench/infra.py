"""The platform's program: its preview against bare resources, how it grows with clusters, what importing it costs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.home import EMRCTL, ROOT, emrctl, environment, up

# The floor of a preview: the same engine, provider and number of resources, with nothing around them. The second floor
# loads the provider's SDK for the services of the stack as well: a second of Python that no program can do without.
BARE = """
import pulumi_aws as aws

{loaded}
for number in range({count}):
    aws.cloudwatch.LogGroup(f"bare-{{number}}")
"""
PREVIEW = """
import sys
from emrctl.context import resolve
from emrctl.pulumi import policy_pack, workspace
policies = policy_pack() if sys.argv[2:] else None
sys.exit(workspace(resolve("local"), sys.argv[1]).preview(sys.argv[1], policies=policies))
"""
FEW, MANY = 5, 50  # clusters
# Everything that infra/__main__.py imports, and nothing that it does.
IMPORTS = """
import ast, importlib, pathlib, sys
if sys.argv[1:]:
    tree = ast.parse(pathlib.Path("infra/__main__.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("infra"):
            importlib.import_module(node.module)
else:
    import pulumi, pulumi_aws
"""


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`: seconds, and ratios to a floor of the same run."""
    with tempfile.TemporaryDirectory() as name, up(Path(name)):
        home = Path(name)
        emrctl(home, "bootstrap")  # prod reads the account
        prod = previews(home, "prod", runs)
        few, many = ([_of_clusters(home, number) for _ in range(runs)] for number in (FEW, MANY))
    own, floor = ([_imported(*words) for _ in range(runs)] for words in (("infra",), ()))
    each_few, each_many = (statistics.median(one) for one in (few, many))
    whole, bare, loaded = (statistics.median(one) for one in (prod.own, prod.bare, prod.loaded))
    return {
        "resources of prod": prod.count,
        "preview of prod, s": round(whole, 2),
        "preview of as many bare resources, s": round(bare, 2),
        "  with the SDK of prod's services loaded, s": round(loaded, 2),
        "preview: prod / bare (aim 1.5)": round(whole / bare, 2),
        "preview: prod / bare with the SDK loaded": round(whole / loaded, 2),
        f"preview with {FEW} clusters, ms a resource": round(1000 * each_few, 1),
        f"preview with {MANY} clusters, ms a resource": round(1000 * each_many, 1),
        f"  a resource at {MANY} / at {FEW} clusters (aim 1)": round(each_many / each_few, 2),
        "import of infra beyond pulumi_aws, s (aim 1.5)": round(
            statistics.median(own) - statistics.median(floor), 2
        ),
    }


@dataclass(frozen=True, kw_only=True)
class Previews:
    """Seconds of each preview of a stack and of its two floors, taken in turns, and how many resources it has."""

    own: list[float]
    bare: list[float]
    loaded: list[float]
    count: int


def previews(home: Path, stack: str, runs: int, *, checked: bool = False) -> Previews:
    """Measure. `checked`: the stack's preview with the policy pack, which the floors have no use for."""
    steps = json.loads(emrctl(home, "stack", "preview", stack, "--json"))["steps"]
    types = {step["urn"].split("::")[-2].split("$")[-1] for step in steps}
    services = {
        type_.split(":")[1].split("/")[0]: type_.split(":")[2] for type_ in types if type_[:4] == "aws:"
    }
    loaded = "\n".join(f"aws.{service}.{class_}" for service, class_ in sorted(services.items()))
    floors = [
        _bare(home / f"bare-{stack}-{number}", stack, BARE.format(count=len(steps), loaded=lines))
        for number, lines in enumerate(("", loaded))
    ]
    found = Previews(own=[], bare=[], loaded=[], count=len(steps))
    for _ in range(runs):
        found.own.append(_timed(home, ROOT, stack, checked=checked))
        found.bare.append(_timed(home, floors[0], stack, checked=False))
        found.loaded.append(_timed(home, floors[1], stack, checked=False))
    return found


def _bare(project: Path, stack: str, program: str) -> Path:
    """A project with that program and a stack without settings."""
    (project / "infra").mkdir(parents=True)
    (project / "Pulumi.yaml").write_text("name: emr\nruntime: python\nmain: infra/\n")
    (project / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    (project / "infra" / "__main__.py").write_text(program)
    return project


def _timed(home: Path, project: Path, stack: str, *, checked: bool) -> float:
    """Seconds of one preview in `project`."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", PREVIEW, stack, *(["checked"] if checked else [])],
        cwd=project, env=environment(home), check=True, capture_output=True,
    )  # fmt: skip
    return time.monotonic() - began


def _of_clusters(home: Path, number: int) -> float:
    """Seconds a resource of a preview of prod with so many clusters in a VPC of the largest size."""
    project = home / f"clusters-{number}"
    project.mkdir(exist_ok=True)
    for path in ROOT.iterdir():
        if not path.name.startswith((".", "Pulumi.")) and not (project / path.name).exists():
            (project / path.name).symlink_to(path)
    (project / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    document = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())
    small = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]["emr:clusters"]["main"]
    # The jobs of the catalog run on the first.
    names = ["main", *(f"c{n}" for n in range(1, number))]
    document["config"]["emr:clusters"] = {name: small for name in names}
    document["config"].pop("emr:cost", None)  # the ceiling is for what prod has
    (project / "Pulumi.prod.yaml").write_text(yaml.safe_dump(document))
    done = subprocess.run(
        [EMRCTL, "stack", "preview", "prod", "--json"],
        cwd=project, env=environment(home), check=True, capture_output=True, text=True,
    )  # fmt: skip
    count = len(json.loads(done.stdout)["steps"])
    return _timed(home, project, "prod", checked=False) / count


def _imported(*words: str) -> float:
    """Seconds of a Python that imports pulumi_aws, or what the program imports."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-W", "ignore", "-c", IMPORTS, *words], cwd=ROOT, check=True)
    return time.monotonic() - began
