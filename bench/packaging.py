"""What it takes to bring a job to its bucket, against what users know: venv-pack and an upload, and amazon-emr-cli.

All upload to the same local S3, all install with the same installer from its warm cache, all are whole processes.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml

from bench.home import EMRCTL, ROOT, environment, up

PEERS = ROOT / "bench" / "peers"
MAIN = """from pyspark.sql import SparkSession


def main(argv):
    print(SparkSession.builder.getOrCreate().range(10).count())


if __name__ == "__main__":
    main([])
"""
# A few packages that jobs do use, some with machine code.
WANTED = (
    "pyyaml==6.0.3",
    "requests==2.32.5",
    "python-dateutil==2.9.0.post0",
    "jsonschema==4.25.1",
    "pandas==2.3.3",
)
# `emrctl jobs deploy` from where it knows the stack; what that takes is measured for itself.
DEPLOY = """
import sys
from pathlib import Path
import boto3
from jobs.artifacts import deploy
from jobs.platform import Platform
from jobs.spec.reading import load
root = Path(sys.argv[1])
platform = Platform.model_validate_json((root / "platform.json").read_text())
deploy(boto3.Session(region_name=platform.region), platform, load(root / "work" / sys.argv[2]), "dev", root=root)
"""
# As AWS says it, with the job's code beside: a virtual environment, its packages, one archive, an upload.
# https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/using-python-libraries.html
UPLOAD = """
import sys, boto3
for file in sys.argv[2:]:
    boto3.client("s3").upload_file(file, sys.argv[1], "plain/" + file.rpartition("/")[2])
"""


@dataclass(frozen=True)
class Place:
    """A project with two jobs in `root`, and the environment in which commands reach the S3."""

    root: Path
    bucket: str
    env: Mapping[str, str]

    def run(self, command: Sequence[str | Path]) -> None:
        done = subprocess.run(
            command, cwd=self.root, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"bench: {' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")

    def empty(self) -> None:
        """Nothing is there, nothing was ever deployed."""
        s3 = boto3.client("s3", endpoint_url=self.env["AWS_ENDPOINT_URL"])
        for found in s3.list_objects_v2(Bucket=self.bucket).get("Contents", []):
            s3.delete_object(Bucket=self.bucket, Key=found["Key"])


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`: seconds and ratios to what was measured beside them, in turn."""
    peers = {name: _peer(name) for name in ("amazon-emr-cli", "venv-pack")}
    with tempfile.TemporaryDirectory() as home, up(Path(home)):
        state = json.loads((Path(home) / "local.json").read_text())
        place = _project(Path(home) / "project", state)
        found = _against_venv_pack(place, peers["venv-pack"], runs)
        found |= _against_emr_cli(place, peers["amazon-emr-cli"], runs)
    return found | _starting(runs)


def _against_venv_pack(place: Place, peer: Path, runs: int) -> dict[str, Any]:
    ours = lambda: place.run([sys.executable, "-c", DEPLOY, place.root, "whole.yaml"])  # noqa: E731
    _plain(place, peer)  # fills the installer's cache
    cold, unchanged, plain = [], [], []
    for _ in range(runs):
        place.empty()
        cold.append(_seconds(ours))
        unchanged.append(_seconds(ours))
        plain.append(_seconds(lambda: _plain(place, peer)))
    floor = statistics.median(plain)
    return {
        "venv-pack and upload of a job with 5 packages, s": round(floor, 2),
        "package and deploy of it from cold, of that (aim 1.1)": _ratio(cold, floor),
        "package and deploy of it unchanged, of that (aim 0.3)": _ratio(unchanged, floor),
    }


def _against_emr_cli(place: Place, peer: Path, runs: int) -> dict[str, Any]:
    ours = lambda: place.run([sys.executable, "-c", DEPLOY, place.root, "single.yaml"])  # noqa: E731
    # amazon-emr-cli takes what lies around the file for the project that it belongs to.
    alone = Place(place.root / "alone", place.bucket, place.env)
    main, uri = place.root / "work" / "main" / "single.py", f"s3://{place.bucket}/peer/"
    theirs = lambda: alone.run([peer / "emr", "deploy", "--entry-point", "single.py", "--s3-code-uri", uri])  # noqa: E731
    changed, unchanged, peer_took = [], [], []
    for number in range(runs):
        for file in (main, alone.root / "single.py"):
            file.write_text(f"{MAIN}# {number}\n")
        peer_took.append(_seconds(theirs))
        changed.append(_seconds(ours))
        unchanged.append(_seconds(ours))
    floor = statistics.median(peer_took)
    return {
        "amazon-emr-cli's deploy of a one-file job, s": round(floor, 2),
        "deploy of it, of that (aim 0.5)": _ratio(changed, floor),
        "deploy of it unchanged, of that": _ratio(unchanged, floor),
    }


def _starting(runs: int) -> dict[str, Any]:
    """How soon the command is there, in bare starts of Python."""
    took: dict[str, list[float]] = {"bare": [], "help": [], "list": []}
    with tempfile.TemporaryDirectory() as home:
        place = Place(ROOT, "", environment(Path(home)))
        for _ in range(3 * runs):  # short, so that noise is large
            took["bare"].append(_seconds(lambda: place.run([sys.executable, "-c", "pass"])))
            took["help"].append(_seconds(lambda: place.run([EMRCTL, "--help"])))
            took["list"].append(_seconds(lambda: place.run([EMRCTL, "jobs", "list"])))
    floor = statistics.median(took["bare"])
    return {
        "python -c pass, ms": round(floor * 1000),
        "emrctl --help, of that (aim 8)": _ratio(took["help"], floor),
        "emrctl jobs list, of that (aim 20)": _ratio(took["list"], floor),
    }


def _plain(place: Place, peer: Path) -> None:
    venv, archive = place.root / "plain", place.root / "environment.tar.gz"
    shutil.rmtree(venv, ignore_errors=True)
    main = place.root / "work" / "main" / "whole.py"
    place.run([sys.executable, "-m", "venv", "--without-pip", venv])
    place.run(
        [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "-q",
            "--python",
            venv,
            "--require-hashes",
            "-r",
            "work/deps.lock",
        ]
    )
    place.run([peer / "venv-pack", "--force", "--quiet", "--prefix", venv, "--output", archive])
    place.run([sys.executable, "-c", UPLOAD, place.bucket, archive, main])


def _project(root: Path, state: Mapping[str, Any]) -> Place:
    env = environment(root) | {
        "AWS_ENDPOINT_URL": state["endpoint"], "AWS_ACCESS_KEY_ID": state["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": state["secret_access_key"], "AWS_REGION": state["region"],
        "AWS_DEFAULT_REGION": state["region"], "AWS_CONFIG_FILE": os.devnull, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    os.environ.update({key: value for key, value in env.items() if key.startswith("AWS_")})
    boto3.client("s3").create_bucket(Bucket="bench-artifacts")
    (root / "work" / "main").mkdir(parents=True)
    (root / "alone").mkdir()
    for package in ("work", "work/main"):
        (root / package / "__init__.py").touch()
    (root / "deps.in").write_text("\n".join(WANTED))
    place = Place(root, "bench-artifacts", env)
    place.run(
        [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            "-q",
            "--generate-hashes",
            "deps.in",
            "-o",
            "work/deps.lock",
        ]
    )
    for name in ("whole", "single"):
        (root / "work" / "main" / f"{name}.py").write_text(MAIN)
        (root / "work" / f"{name}.yaml").write_text(yaml.safe_dump(_spec(name), sort_keys=False))
    buckets = {
        zone: f"bench-{zone}" for zone in ("landing", "curated", "checkpoints", "artifacts", "logs", "runs")
    }
    told = {
        "schema_version": 1, "stack": "bench", "environment": "dev", "region": state["region"], "account_id": "1" * 12,
        "buckets": buckets, "coordination_table": "bench", "clusters": {}, "roles": {"jobs": {}}, "event_log_uri": "s3://x/",
    }  # fmt: skip
    (root / "platform.json").write_text(json.dumps(told))
    return place


def _spec(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": name, "description": "Counts.", "owner": "bench", "release": "emr-spark-8.0.0",
        "package": ["work.main"], "entry_point": f"work.main.{name}", "runtime": {"kind": "ec2", "cluster": "main"},
        "outputs": [{"name": "rows", "zone": "curated", "prefix": f"{name}/"}],
    }  # fmt: skip
    if name == "whole":
        # The plain way packs for this machine alone.
        spec["dependencies"] = {"lock": "work/deps.lock", "architectures": [platform.machine()]}
    return spec


def _peer(name: str) -> Path:
    """The commands of a peer, in an environment of its own with its own lock."""
    folder = PEERS / name
    lock, made = folder / "requirements.lock", folder / ".venv" / "made-of.lock"
    if not made.is_file() or made.read_bytes() != lock.read_bytes():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run(
            [*uv, "venv", "-q", "--clear", "--python", sys.executable, folder / ".venv"], check=True
        )
        install = ["pip", "install", "-q", "--python", folder / ".venv", "--require-hashes", "-r", lock]
        subprocess.run([*uv, *install], check=True)
        made.write_bytes(lock.read_bytes())
    return folder / ".venv" / "bin"


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _ratio(took: Sequence[float], floor: float) -> str:
    median = statistics.median(took)
    return f"{median / floor:.2f} ({median:.2f} s)"
