"""Wheels made by hand, and a lock of them: an index of its own, so that nothing is asked of any other."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path


def wheel(folder: Path, name: str, tag: str = "py3-none-any", **files: str) -> str:
    """A wheel of version 1.0 in `folder`, a module of the package for each of `files`; its pin for a lock."""
    path = folder / f"{name}-1.0-{tag}.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(f"{name}/{file}.py", text)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def of(folder: Path) -> dict[str, str]:
    """The environment in which the installer knows the wheels in `folder` and no others."""
    return {"UV_FIND_LINKS": str(folder), "UV_NO_INDEX": "1"}
