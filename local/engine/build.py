"""Build the engine and its Python language host from their Go modules, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from facts.errors import UserError
from local import paths
from local.engine.child import Ended, run

HERE = Path(__file__).parent
VERSION = "3.220.0"
# program → its module here, its package, its linker flags. Why these versions: docs/engine.md.
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
SDK = "github.com/pulumi/pulumi/sdk/v3"
SCRIPTS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-analyzer-policy-python",
    "python/dist/pulumi-resource-pulumi-python",
)
# A workspace or vendoring of the user's must not reach in, and no C compiler is needed.
SETTINGS = {"GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
WAYS_OUT = (
    "install the Pulumi CLI (3.220 or newer), or Go (1.25 or newer) with room and a module proxy to build it"
)


def folder() -> Path:
    """Where a built engine lies: keyed by its version and by all that it is made of."""
    made_of = [file.read_bytes() for file in sorted(HERE.glob("*/go.*"))]
    made_of.append(repr((PROGRAMS, SCRIPTS, SETTINGS, platform.system(), platform.machine())).encode())
    return paths.cache() / "engine" / f"{VERSION}-{hashlib.sha256(b''.join(made_of)).hexdigest()[:12]}"


def build(progress: Callable[[str], None]) -> None:
    """Build into `folder()`; an interrupted build leaves nothing there. The caller holds the lock.

    Raises UserError with Go's own reason when it cannot be built.
    """
    target = folder()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="draft-") as draft:
        out = Path(draft) / "bin"
        out.mkdir()
        for number, (program, (module, package, flags)) in enumerate(PROGRAMS.items(), start=1):
            label = f"engine: building {program} ({number} of {len(PROGRAMS)}; about 3 minutes on two cores, once)"
            # -mod=readonly: go.sum says what is built, a build never changes it.
            command = [
                "build",
                "-v",
                "-mod=readonly",
                "-buildvcs=false",
                "-ldflags",
                flags,
                "-o",
                str(out / program),
            ]
            _go([*command, package], module, label, progress)
        listed = _go(
            ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK], "pulumi", "engine: its scripts", progress
        )
        for script in SCRIPTS:
            copy = Path(shutil.copyfile(Path(listed[-1]) / script, out / Path(script).name))
            copy.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        out.replace(target)


def _go(arguments: list[str], module: str, label: str, progress: Callable[[str], None]) -> list[str]:
    """Run Go in one of the modules here. Returns what it said."""

    def tick(gone: float, last: str) -> None:
        progress(f"{label}, {gone:.0f} s{': ' if last else ''}{last}")

    env: Mapping[str, str] = {**os.environ, **SETTINGS}
    ended = run(["go", *arguments], cwd=HERE / module, env=env, tick=tick)
    if ended.code != 0:
        raise UserError(_why(ended, module))
    return ended.lines


def _why(ended: Ended, module: str) -> str:
    full = next((line for line in ended.lines if "no space left on device" in line), None)
    if full is not None:
        return (
            f"no disk space to build the engine ({full}); it needs 3 GB in Go's caches ('go env GOCACHE GOMODCACHE') "
            f"and 100 MB in {paths.cache()}; free some, or install the Pulumi CLI (3.220 or newer)"
        )
    last = ended.lines[-1] if ended.lines else f"exit code {ended.code}"
    return (
        f"Go cannot build the engine (local/engine/{module}): {last}; mend that and try again, or {WAYS_OUT}"
    )
