"""The policy pack: judging against as many empty rules, how it grows, how long it takes to start, Checkov beside it.

Where a figure is CPU time it says so: judging is one thread's work, and a busy machine leaves CPU time as it is. What
judges is called as the engine calls it: the pack by its own servicer, the empty rules by the SDK's, which reads each
resource once a rule; the engine itself is measured at the end.
"""

from __future__ import annotations

import json
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.policy import _PolicyAnalyzerServicer

from bench.home import ROOT
from bench.policies_engine import previews
from bench.policies_template import given, template
from policies.calls import on_resource, on_stack
from policies.pack import policies
from policies.serving import servicer

PEER = ROOT / "bench" / "peers" / "checkov"
FEW, MANY, MOST = 100, 1000, 10_000  # resources


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`: seconds, milliseconds a resource, and ratios; each pack takes its turn in every run."""
    judged = {size: [_judged(size) for _ in range(runs)] for size in (FEW, MANY)}
    judged[MOST] = [_judged(MOST)]
    beyond = statistics.median(own - empty for own, empty in judged[MANY])
    starts = [_start() for _ in range(runs)]
    own = statistics.median(
        1000 * (many[0] - few[0]) / (MANY - FEW) for few, many in zip(judged[FEW], judged[MANY], strict=True)
    )
    return {
        "rules": len(policies()) - 1,
        f"{MANY} resources beyond as many empty rules, s of CPU (aim 1.5)": round(beyond, 2),
        "  the empty rules themselves, s of CPU": round(statistics.median(e for _, e in judged[MANY]), 2),
        f"  a resource at {MOST} / at {MANY} (1 is linear)": _growth(judged, 0),
        "    of the empty rules": _growth(judged, 1),
        "pack start, s of CPU (aim 1.2)": round(statistics.median(cpu for cpu, _ in starts), 2),
        "pack start, s": round(statistics.median(wall for _, wall in starts), 2),
        **_beside_checkov(runs, own),
        **previews(runs, MANY),
    }


def _growth(judged: dict[int, list[tuple[float, float]]], which: int) -> float:
    each = {size: statistics.median(one[which] for one in found) / size for size, found in judged.items()}
    return round(each[MOST] / each[MANY], 2)


def _judged(count: int) -> tuple[float, float]:
    """CPU seconds of judging `count` resources: by the pack, and by as many rules that say nothing."""
    resources = given(count)
    requests, whole = [on_resource(one) for one in resources], on_stack(resources)
    plain = _PolicyAnalyzerServicer("bench", "0.0.1", empty(), EnforcementLevel.MANDATORY)
    return _seconds(servicer(), requests, whole), _seconds(plain, requests, whole)


def empty() -> list[Policy]:
    """As many policies of each kind, that say nothing."""

    def nothing(_args: Any, _tell: Any) -> None:
        """Nothing."""

    return [
        (ResourceValidationPolicy if isinstance(policy, ResourceValidationPolicy) else StackValidationPolicy)(
            name=policy.name, description="empty", validate=nothing
        )
        for policy in policies()
    ]


def _seconds(analyzer: Any, requests: list[Any], whole: Any) -> float:
    analyzer.Analyze(requests[0], None)  # what is read once
    began = time.process_time()
    for request in requests:
        analyzer.Analyze(request, None)
    analyzer.AnalyzeStack(whole, None)
    return time.process_time() - began


def _start() -> tuple[float, float]:
    """CPU and wall seconds from the start of the pack's process until it says where it listens."""
    before, began = _children(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, ROOT / "policies"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    assert process.stdout is not None
    port = process.stdout.readline()
    wall = time.perf_counter() - began
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    if not port.strip().isdigit():
        sys.exit("bench: the pack does not start")
    return _children() - before, wall


def _children() -> float:
    """CPU seconds of all child processes that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _beside_checkov(runs: int, own: float) -> dict[str, Any]:
    """What a further resource costs Checkov on the same template, from few to many, and the pack."""
    program = PEER / ".venv" / "bin" / "checkov"
    if not program.is_file():
        return {"Checkov: not here; make bench-peers": "-"}
    found = []
    for _ in range(runs):
        few, many = (_checkov(program, size) for size in (FEW, MANY))
        found.append(1000 * (many - few) / (MANY - FEW))
    theirs = statistics.median(found)
    return {
        "a further resource, pack, ms of CPU": round(own, 2),
        "a further resource, Checkov 3.3.30, ms of CPU": round(theirs, 2),
        "  pack / Checkov (aim 0.5)": round(own / theirs, 2),
    }


def _checkov(program: Path, count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.json"
        file.write_text(json.dumps(template(count)))
        command = [
            program,
            "-f",
            file,
            "--framework",
            "cloudformation",
            "--skip-download",
            "--compact",
            "--quiet",
        ]
        before = _children()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if "Passed checks" not in done.stdout:
            sys.exit(f"bench: checkov failed:\n{done.stdout[-500:]}\n{done.stderr[-500:]}")
        return _children() - before
