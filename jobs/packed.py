"""A job's third-party packages as an archive for Spark's `--archives`: `bin/python` and what it adds to the node's own.

There is no interpreter inside: `bin/python` is a script that starts the one of the release with the packages on its
path, so the archive may lie anywhere and is built on any machine (ADR 0162).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facts.errors import UserError
from facts.releases import release
from jobs import jars
from jobs.spec import JobSpec

NAME = "environment"  # of the folder that Spark unpacks it into
PYTHON = f"./{NAME}/bin/python"
# Amazon Linux 2023, on which the releases of facts/ are, has glibc 2.34. https://docs.aws.amazon.com/linux/al2023/
_PLATFORM = "manylinux_2_28"
_EPOCH = 315532800  # 1980-01-01, as wheels have it
_LEVEL = 4  # twice as fast as gzip's usual one, and a twentieth larger
_OF_THE_RELEASE = frozenset({"pyspark", "py4j"})  # a second Spark beside the node's own
# What an installer writes of itself, of this machine and of the day.
_LEFT_OUT = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})
_SCRIPT = """#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd) || exit
lib="$here/lib/any"
[ -d "$lib" ] || lib="$here/lib/$(uname -m)"
[ -d "$lib" ] || { echo "this environment has no packages for $(uname -m)" >&2; exit 1; }
PYTHONPATH="${PYTHONPATH:+$PYTHONPATH:}$lib" exec @INTERPRETER@ "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that an archive follows from: the lock's bytes, the interpreter, the machines. `digest` is of these."""

    job: str
    lock: str  # the file's name, for errors
    content: bytes
    python: str  # "3.11"
    architectures: tuple[str, ...]

    @property
    def script(self) -> str:
        """What is `bin/python` in the archive."""
        return _SCRIPT.replace("@INTERPRETER@", f"python{self.python}")

    @property
    def digest(self) -> str:
        """The archive's address."""
        parts = [self.python, sorted(self.architectures), _PLATFORM, self.script, _sha256(self.content)]
        return _sha256(json.dumps(parts).encode())


def recipe(spec: JobSpec, root: Path) -> Recipe | None:
    """What `spec` wants packed, None when it wants nothing.

    Raises UserError for a lock that is not there, leads out of the project, or does not pin each package with a hash.
    """
    if spec.dependencies is None or spec.dependencies.lock is None:
        return None
    content = jars.project_file(spec, "lock", spec.dependencies.lock, root)
    _require_pinned(spec.dependencies.lock, content)
    return Recipe(
        job=spec.name,
        lock=spec.dependencies.lock,
        content=content,
        python=release(spec.release).python[0],
        architectures=spec.dependencies.architectures,
    )


def build(wanted: Recipe) -> bytes:
    """The archive, a .tar.gz. Raises UserError when a package is not to be had ready-made for one of the machines."""
    with tempfile.TemporaryDirectory() as scratch:
        lock = Path(scratch) / "lock.txt"
        lock.write_bytes(wanted.content)
        folders = {name: Path(scratch) / name for name in wanted.architectures}
        for name, folder in folders.items():
            _install(wanted, lock, name, folder)
        first, *others = folders.values()
        if others and all(_hashes(other) == _hashes(first) for other in others):
            folders = {"any": first}
        return _archive(wanted.script, folders)


def _require_pinned(name: str, content: bytes) -> None:
    """Raises UserError, with the line, for what is not `package==version --hash=sha256:…`."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    for number, line in _logical_lines(name, content):
        requirement, *hashes = line.split(" --hash=")
        where = f"{name}:{number}"
        if line.startswith("-"):
            raise UserError(f"{where}: '{line[:60]}': options do not belong here; a lock has packages only")
        try:
            package = Requirement(requirement.strip())
        except InvalidRequirement:
            raise UserError(f"{where}: '{requirement[:60]}' is no package==version") from None
        pins = [pin for pin in package.specifier if pin.operator == "==" and not pin.version.endswith("*")]
        if package.url or len(pins) != 1 or len(package.specifier) != 1:
            raise UserError(
                f"{where}: '{requirement[:60]}' is no package==version; only such packages are packed"
            )
        if not hashes or not all(_is_hash(each) for each in hashes):
            raise UserError(
                f"{where}: '{requirement.strip()[:60]}' has no --hash=sha256:…; "
                "'uv pip compile --generate-hashes' writes a lock with them"
            )
        if canonicalize_name(package.name) in _OF_THE_RELEASE:
            raise UserError(f"{where}: {package.name} comes with the EMR release; take it out of the lock")


def _logical_lines(name: str, content: bytes) -> Iterator[tuple[int, str]]:
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{name}: is no text") from None
    held, began = "", 0
    for number, line in enumerate(lines, start=1):
        text = line.split(" #")[0].strip()
        if text.startswith("#") or not (text or held):
            continue
        began = began if held else number
        held = f"{held} {text.removesuffix(chr(92)).strip()}".strip()
        if not text.endswith("\\"):
            yield began, held
            held = ""
    if held:
        yield began, held


def _is_hash(text: str) -> bool:
    kind, _, digits = text.strip().partition(":")
    return kind == "sha256" and len(digits) == 64 and not set(digits) - set("0123456789abcdef")


def _install(wanted: Recipe, lock: Path, architecture: str, folder: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(folder),
            "--requirements", str(lock), "--python", sys.executable, "--python-version", wanted.python,
            "--python-platform", f"{architecture}-{_PLATFORM}",
            # What the lock says and no more; only wheels, for what a package's own build does is not known before.
            "--no-deps", "--require-hashes", "--no-build", "--no-compile-bytecode",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = " ".join(done.stderr.replace("×", " ").replace("╰─▶", " ").split())
        raise UserError(
            f"job '{wanted.job}': the packages of {wanted.lock} cannot be had as wheels for Python {wanted.python} on "
            f"{architecture}: {said[:600]}"
        )


def _files(folder: Path) -> list[Path]:
    """What is packed of an installation: no scripts, which name this machine's interpreter, no installer's notes."""
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not file.is_symlink()
        and file.relative_to(folder).parts[0] not in ("bin", ".lock")
        and not (file.parent.name.endswith(".dist-info") and file.name in _LEFT_OUT)
    ]


def _hashes(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): _sha256(file.read_bytes()) for file in _files(folder)}


def _archive(script: str, folders: dict[str, Path]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=_LEVEL, mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, "bin/python", script.encode(), 0o755)
        for name, folder in sorted(folders.items()):
            for file in _files(folder):
                _add(tar, f"lib/{name}/{file.relative_to(folder).as_posix()}", file.read_bytes(), 0o644)
    return packed.getvalue()


def _add(tar: tarfile.TarFile, name: str, body: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(body), mode, _EPOCH
    tar.addfile(entry, io.BytesIO(body))


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
