"""jars.lock: every jar that a local run needs, by coordinates, file name and SHA-256.

`python -m local.spark.relock` makes it anew from poms/; users' machines download what it lists (ivy.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
FILE = FOLDER / "jars.lock"
SETS = ("s3a", "yarn", "spark-4.0", "spark-3.5")


@dataclass(frozen=True, kw_only=True)
class Jar:
    """One jar of a set."""

    group: str
    artifact: str
    version: str
    classifier: str | None
    file: str
    sha256: str

    @property
    def coordinates(self) -> str:
        """group:artifact:version, and the classifier where there is one."""
        return ":".join(
            [self.group, self.artifact, self.version, *([self.classifier] if self.classifier else [])]
        )


def read(name: str, path: Path = FILE) -> tuple[Jar, ...]:
    """The jars of the set called `name`."""
    rows = (line.split() for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return tuple(_jar(coordinates, file, digest) for of, coordinates, file, digest in rows if of == name)


def digest(jars: tuple[Jar, ...]) -> str:
    """Twelve hexadecimal digits that stand for exactly these jars."""
    text = "\n".join(sorted(f"{jar.coordinates} {jar.file} {jar.sha256}" for jar in jars))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _jar(coordinates: str, file: str, digest: str) -> Jar:
    group, artifact, version, *classifier = coordinates.split(":")
    return Jar(
        group=group, artifact=artifact, version=version,
        classifier=classifier[0] if classifier else None, file=file, sha256=digest,
    )  # fmt: skip
