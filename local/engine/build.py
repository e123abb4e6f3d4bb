"""Build the engine and its Python language host from their Go modules, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from facts.errors import UserError
from local import paths

HERE = Path(__file__).parent
VERSION = "3.220.0"
# program → its module here, its package, its linker flags.
PROGRAMS: dict[str, tuple[str, str, str]] = {
    "pulumi": (
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={VERSION}",
    ),
    "pulumi-language-python": (
        "language-python",
        "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
        "-s -w",
    ),
}
# Scripts of the SDK that the engine looks for beside itself: they start programs, policy packs and dynamic providers.
SCRIPTS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-analyzer-policy-python",
    "python/dist/pulumi-resource-pulumi-python",
)
REPORT_SECONDS = 5.0


def folder() -> Path:
    """Where a built engine lies: keyed by its version and by all its pinned modules."""
    sums = b"".join(file.read_bytes() for file in sorted(HERE.glob("*/go.sum")))
    return paths.cache() / "engine" / f"{VERSION}-{hashlib.sha256(sums).hexdigest()[:12]}"


def build(progress: Callable[[str], None]) -> None:
    """Build into `folder()`. An interrupted build leaves nothing there. The caller holds the cache's lock."""
    target = folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as draft:
        out = Path(draft) / "bin"
        out.mkdir()
        for number, (program, (module, package, flags)) in enumerate(PROGRAMS.items(), start=1):
            command = ["go", "build", "-mod=readonly", "-ldflags", flags, "-o", str(out / program), package]
            _run(
                command, HERE / module, f"engine: building {program} ({number} of {len(PROGRAMS)})", progress
            )
        sdk = _module_folder("github.com/pulumi/pulumi/sdk/v3")
        for script in SCRIPTS:
            copy = Path(shutil.copyfile(sdk / script, out / Path(script).name))
            copy.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        out.replace(target)


def _run(command: list[str], module: Path, label: str, progress: Callable[[str], None]) -> None:
    """Run one build and say every few seconds that it goes on. Raises UserError with the build's last line."""
    started = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, cwd=module, env=_environment(), stdout=log, stderr=log) as process,
    ):
        try:
            while True:
                progress(f"{label}, {time.monotonic() - started:.0f} s (about 3 minutes on two cores, once)")
                try:
                    process.wait(timeout=REPORT_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.terminate()
            raise
        log.seek(0)
        lines = [line.strip() for line in log if line.strip()]
    if process.returncode != 0:
        last = lines[-1] if lines else f"exit code {process.returncode}"
        raise UserError(
            f"'go build' failed in local/engine/{module.name}: {last}; mend that and try again, "
            "or install the Pulumi CLI (3.220 or newer)"
        )


def _module_folder(module: str) -> Path:
    """Where Go keeps the sources of a module that the engine's go.mod pins."""
    done = subprocess.run(
        ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module],
        cwd=HERE / "pulumi",
        env=_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return Path(done.stdout.strip())


def _environment() -> dict[str, str]:
    # A workspace or vendoring of the user's must not reach in; the toolchain may be fetched if Go is too old.
    return {**os.environ, "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}
