"""Everything: each folder of tests by itself, remembered when it passed, so that a stopped run goes on.

The slow tests alone (CI) are one run of all folders that are due.

A folder counts as passed for the exact content of the tree that it passed on; any change makes it due again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEMORY = ROOT / ".emrctl" / "test-all.json"
NO_TESTS_COLLECTED = 5  # pytest's exit code: a folder without slow tests
# Everything that a test can depend on, besides the folders of the product.
EVERYWHERE = ("pyproject.toml", "requirements.lock", "Makefile", "tests/conftest.py", "tests/all.py")
# A part of the tests → the folders of the product whose change makes its slow tests due in CI.
PARTS: dict[str, tuple[str, ...]] = {
    "tests/facts": ("facts",),
    "tests/infra": ("infra", "jobs/catalog", "jobs/spec"),
    "tests/jobs": ("jobs",),
    "tests/policies": ("policies", "facts"),
    "tests/stacks": ("stacks",),
    "tests/emrctl": ("emrctl", ".github"),
    "tests/local": ("local",),
    "tests/outside": ("local",),
    "tests/e2e": ("infra", "jobs", "local", "stacks", "emrctl", "policies", "facts"),
}


def main() -> int:
    """Run the parts that are due; exit code 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="forget what passed")
    parser.add_argument("--slow-only", action="store_true", help="only what make test leaves out, each once")
    parser.add_argument("--failed-only", action="store_true", help="of a part that failed, what failed in it")
    parser.add_argument("--changed-since", metavar="REV", help="only parts whose folders changed since REV")
    options = parser.parse_args()
    parts = _touched(options.changed_since) if options.changed_since else list(PARTS)
    tree, passed = _tree(), {} if options.again else _remembered()
    failed = []
    runs = _runs(parts, together=options.slow_only)
    for number, run in enumerate(runs, start=1):
        due = [part for part in run if passed.get(_key(part, options.slow_only)) != tree]
        title = f"[{number}/{len(runs)}] {' '.join(due or run)}"
        if not due:
            print(f"{title}: passed before, nothing changed since", flush=True)
            continue
        print(title, flush=True)
        started = time.monotonic()
        if _run(due, slow_only=options.slow_only, failed_only=options.failed_only):
            _remember(passed := passed | {_key(part, options.slow_only): tree for part in due})
            print(f"{title}: passed in {time.monotonic() - started:.0f} s", flush=True)
        else:
            failed.extend(due)
    if failed:
        print(f"failed: {', '.join(failed)}; run again to go on with these", file=sys.stderr)
    return 1 if failed else 0


def _runs(parts: list[str], *, together: bool) -> list[list[str]]:
    """The parts by the runs of pytest that they are of.

    Together, as in CI, no worker waits at the end of each part for another's last test; what takes longest comes first.
    """
    there = [part for part in parts if (ROOT / part).is_dir()]
    return [there[::-1]] if together and there else [[part] for part in there]


def _key(part: str, slow_only: bool) -> str:
    return f"{part} slow" if slow_only else part


def _run(parts: list[str], *, slow_only: bool, failed_only: bool) -> bool:
    chosen = ["-m", "slow and not more"] if slow_only else ["--hypothesis-profile", "new"]
    chosen += ["--last-failed"] if failed_only else []
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", *chosen, *parts]
    return subprocess.run(command, cwd=ROOT, check=False).returncode in (0, NO_TESTS_COLLECTED)


def _git(*args: str) -> str:
    return subprocess.run(["git", *args], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _touched(revision: str) -> list[str]:
    """The parts whose own or whose product's folders differ from `revision`; all when that is not known."""
    try:
        changed = _git("diff", "--name-only", revision, "--").split()
    except subprocess.CalledProcessError:
        return list(PARTS)
    if any(path in EVERYWHERE for path in changed):
        return list(PARTS)
    return [
        part
        for part, folders in PARTS.items()
        if any(path == top or path.startswith(f"{top}/") for path in changed for top in (part, *folders))
    ]


def _tree() -> str:
    """A digest of every tracked and new file's content: what a pass was a pass of."""
    digest = hashlib.sha256()
    for name in sorted(_git("ls-files", "-co", "--exclude-standard", "-z").split("\0")):
        path = ROOT / name
        if name and path.is_file():
            digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _remembered() -> dict[str, str]:
    try:
        remembered: dict[str, str] = json.loads(MEMORY.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return remembered


def _remember(passed: dict[str, str]) -> None:
    MEMORY.parent.mkdir(exist_ok=True)
    MEMORY.write_text(json.dumps(passed, indent=2))


if __name__ == "__main__":
    sys.exit(main())
