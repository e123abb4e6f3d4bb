"""A job's Python packages as a wheel: the same sources give the same bytes, on any machine, at any time."""

from __future__ import annotations

import ast
import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from facts.errors import UserError
from facts.releases import release
from jobs.spec import JobSpec

ROOT = Path(__file__).resolve().parent.parent
_VERSION = "0"  # the job's is its content
_MODE = 0o100644  # of each file: readable, of kind 'file', on Unix (3)
# What breaks a zip, a log or a shell that lists it; letters of any language are fine.
_HOSTILE = re.compile(r'[\x00-\x1f\x7f\\"<>|*?:\ud800-\udfff]')


def sources(spec: JobSpec, root: Path = ROOT) -> dict[str, bytes]:
    """Every file of the spec's packages, by its path from `root`, with each `__init__.py` above them.

    Raises UserError for a package that is not there, a file that leads out of it, and an import of something
    of this project that the wheel will not hold.
    """
    found: dict[str, bytes] = {}
    for package in spec.package:
        folder = root.joinpath(*package.split("."))
        if not (folder / "__init__.py").is_file():
            raise UserError(f"job '{spec.name}': package '{package}' is no Python package at {folder}")
        for above in (folder, *folder.parents):
            if above == root:
                break
            init = above / "__init__.py"
            found[init.relative_to(root).as_posix()] = init.read_bytes() if init.is_file() else b""
        for file in _files(folder):
            name = file.relative_to(root).as_posix()
            if _HOSTILE.search(name):
                raise UserError(
                    f"job '{spec.name}': a file is called {ascii(name)[:120]}; rename it, or move it out"
                )
            if not file.resolve().is_relative_to(folder.resolve()):
                raise UserError(f"job '{spec.name}': {file} is a link out of package '{package}'")
            found[name] = file.read_bytes()
    if spec.entry_point.replace(".", "/") + ".py" not in found:
        raise UserError(f"job '{spec.name}': entry_point '{spec.entry_point}' is no module of its packages")
    _require_complete(spec, found, root)
    return found


def name(spec: JobSpec) -> str:
    """The wheel's file name."""
    return f"{_distribution(spec)}-py3-none-any.whl"


def entries(spec: JobSpec, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """All that the wheel of `files` holds, by name: the files, and what tells an installer of them.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    info = f"{_distribution(spec)}.dist-info"
    python = release(spec.release).python[0]
    found = dict(sorted(files.items())) | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {spec.name}\nVersion: {_VERSION}\n"
        f"Requires-Python: >={python}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: emrctl\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = io.StringIO()
    record = csv.writer(lines, lineterminator="\n")  # a name may have a comma
    record.writerows((file, _recorded(body), len(body)) for file, body in found.items())
    record.writerow((f"{info}/RECORD", "", ""))
    return found | {f"{info}/RECORD": lines.getvalue().encode()}


def build(spec: JobSpec, files: Mapping[str, bytes]) -> bytes:
    """The wheel of `files`. Written here: a build tool would be a fifth of a small job's deploy."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for file, body in entries(spec, files).items():
            entry = zipfile.ZipInfo(file)  # of 1980-01-01, where zip's calendar begins
            entry.compress_type, entry.create_system, entry.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                _MODE << 16,
            )
            out.writestr(entry, body)
    return packed.getvalue()


def _distribution(spec: JobSpec) -> str:
    return f"{spec.name.replace('-', '_')}-{_VERSION}"


def _recorded(body: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip("=")


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(folder).parts)
        if file.is_file() and not hidden and file.suffix != ".pyc":
            yield file


def _require_complete(spec: JobSpec, files: Mapping[str, bytes], root: Path) -> None:
    modules = {_module(name) for name in files}
    beside = {
        _module(file.relative_to(root).as_posix())
        for folder in {(root / name).parent for name in files}
        for file in (*folder.glob("*.py"), *folder.glob("*/__init__.py"))
    }
    tops = {module.partition(".")[0] for module in modules}
    for name, content in files.items():
        if not name.endswith(".py"):
            continue
        try:
            tree = ast.parse(content, filename=name)
        except SyntaxError as error:
            raise UserError(f"{name}:{error.lineno}: is not Python: {error.msg}") from None
        for line, target in _imports(tree):
            module, _, name_in_it = target.rpartition(":")
            if module.partition(".")[0] not in tops:
                continue
            # `from a.b import c` names a module of its own, or something inside of a.b.
            inner = f"{module}.{name_in_it}"
            missing = module if module not in modules else inner if inner in beside - modules else None
            if missing:
                raise UserError(
                    f"{name}:{line}: imports {missing}, which is not in the wheel of job '{spec.name}'; "
                    f"its packages are: {', '.join(spec.package)}"
                )


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imports(tree: ast.AST) -> Iterable[tuple[int, str]]:
    """Line and `module:name` of everything imported; the name is empty for a whole module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, f"{alias.name}:") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}:{alias.name}") for alias in node.names)
