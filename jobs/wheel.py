"""A job's Python packages as a wheel: the same sources give the same bytes, on any machine, at any time."""

from __future__ import annotations

import ast
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from facts.errors import UserError
from facts.releases import release
from jobs.spec import JobSpec

ROOT = Path(__file__).resolve().parent.parent
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


def build(spec: JobSpec, files: Mapping[str, bytes], folder: Path) -> Path:
    """The wheel of `files` in `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        tops = sorted({name.partition("/")[0] for name in files})
        (root / "pyproject.toml").write_text(
            f'[project]\nname = "{spec.name}"\nversion = "0"\n'
            f'requires-python = ">={release(spec.release).python[0]}"\n'
            # The sources stand alone here: no ignore file of the machine has a say in what goes in.
            f"[tool.hatch.build]\nignore-vcs = true\n[tool.hatch.build.targets.wheel]\npackages = {tops}\n"
        )
        # In this process: another Python to start would be a third of a small job's deploy.
        from hatchling.builders.wheel import WheelBuilder

        made = Path(next(WheelBuilder(str(root)).build(directory=str(root / "dist"), versions=["standard"])))
        return _dateless(made, folder / made.name)


def _dateless(made: Path, target: Path) -> Path:
    """The same archive, of one date: Hatchling's own come from the environment, which a process has once for all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for entry in source.infolist():
            dateless = zipfile.ZipInfo(entry.filename)  # 1980-01-01, where zip's calendar begins
            dateless.external_attr, dateless.compress_type = entry.external_attr, zipfile.ZIP_DEFLATED
            out.writestr(dateless, source.read(entry))
    return target


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
