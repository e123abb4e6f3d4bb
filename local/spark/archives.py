"""Class-data archives: what makes the JVMs of a cluster start in half the time.

A JVM that starts Spark or Hadoop spends most of its start on reading and checking some ten thousand classes.
Java can keep them parsed in an archive that its processes share in memory. Which classes those are is learnt
once, from a small job on a cluster of its own against an S3 of its own (training.py), and depends on the jars
where they lie, and on Java. An archive that does not fit is passed over by the JVM: then it is only slower.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from filelock import FileLock

from local import paths

Kind = Literal["spark", "yarn"]
KINDS: tuple[Kind, ...] = ("spark", "yarn")
_DUMP_SECONDS = 600


def key(java_home: Path, jars: Iterable[Path]) -> str:
    """Stands for these jars at these places under this Java, as the JVM will check it."""
    digest = hashlib.sha256()
    for path in [java_home / "release", *jars]:
        about = path.stat() if path.exists() else None
        digest.update(
            f"{path} {about.st_size} {about.st_mtime_ns}\n".encode() if about else f"{path}\n".encode()
        )
    return digest.hexdigest()[:12]


def folder(name: str) -> Path:
    """Where the archives of that key are, once they are there."""
    return paths.cache() / "archives" / name


def make(
    target: Path, java: Path, class_paths: dict[Kind, list[Path]], train: Callable[[Path], None]
) -> None:
    """Have the archives in `target`; `train` runs what writes class lists into the folder it is given.

    Safe for processes that do so at once. Raises OSError or subprocess.SubprocessError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f"{target.name}.lock"):
        if target.is_dir():
            return
        partial = target.parent / f"{target.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        lists = partial / "lists"
        lists.mkdir(parents=True)
        try:
            train(lists)
            with ThreadPoolExecutor(len(KINDS)) as pool:
                for made in [
                    pool.submit(_dump, kind, java, class_paths[kind], lists, partial) for kind in KINDS
                ]:
                    made.result()
            shutil.rmtree(lists)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def recording(kind: Kind, lists: Path) -> list[str]:
    """The options of a JVM whose classes are to be learnt."""
    return [f"-XX:DumpLoadedClassList={lists}/{kind}-%p.lst"]


def using(kind: Kind, archives: Path) -> list[str]:
    """The options of a JVM that starts from the archive, and says nothing if it does not fit."""
    return [
        f"-XX:SharedArchiveFile={archives}/{kind}.jsa",
        "-Xshare:auto",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
    ]


def _dump(kind: Kind, java: Path, class_path: list[Path], lists: Path, target: Path) -> None:
    wanted = lists / f"{kind}.all"
    wanted.write_text(
        "\n".join(merged(path.read_text() for path in sorted(lists.glob(f"{kind}-*.lst")))) + "\n"
    )
    subprocess.run(
        [str(java), "-Xshare:dump", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xlog:disable",
         f"-XX:SharedClassListFile={wanted}",
         f"-XX:SharedArchiveFile={target}/{kind}.jsa", "-cp", os.pathsep.join(map(str, class_path))],
        check=True, capture_output=True, timeout=_DUMP_SECONDS,
    )  # fmt: skip


def merged(lists: Iterable[str]) -> list[str]:
    """The classes of several lists, each once. Left out: those of other loaders, whose numbers clash in a merger."""
    found: dict[str, None] = {}
    for text in lists:
        for line in text.splitlines():
            if not line or line.startswith("#") or " source: " in line:
                continue
            found[line if line.startswith("@") else line.partition(" id:")[0]] = None
    return list(found)
