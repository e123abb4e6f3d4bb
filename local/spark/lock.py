"""jars.lock: every jar that a local run needs, by coordinates, file name and SHA-256.

`python -m local.spark.lock` makes it anew from the poms beside it. That, and only that, needs Maven: it is for
whoever changes a pom. Users' machines download what the lock lists (ivy.py).
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
FILE = FOLDER / "jars.lock"
SETS = ("s3a", "yarn")
_HEADER = "# set coordinates file sha256 — made by `python -m local.spark.lock` from poms/; do not edit.\n"
_RESOLVED = re.compile(r"^\s*((?:[\w.-]+:){4,5}[\w.-]+):(/.*?\.jar)")


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


def _resolve(name: str, scratch: Path) -> list[Jar]:
    """What Maven resolves the pom of the set to."""
    listing = scratch / f"{name}.list"
    subprocess.run(
        ["mvn", "--quiet", "--batch-mode", "--file", str(FOLDER / "poms" / f"{name}.xml"), "dependency:list",
         "-DincludeScope=runtime", f"-DoutputFile={listing}", "-DoutputAbsoluteArtifactFilename=true",
         "-Dstyle.color=never"],
        check=True,
    )  # fmt: skip
    jars = []
    for line in listing.read_text().splitlines():
        if found := _RESOLVED.match(line):
            # group:artifact:type[:classifier]:version:scope
            group, artifact, _, *classifier, version, _ = found[1].split(":")
            path = Path(found[2])
            jars.append(
                Jar(
                    group=group, artifact=artifact, version=version,
                    classifier=classifier[0] if classifier else None, file=path.name, sha256=sha256(path),
                )
            )  # fmt: skip
    return sorted(jars, key=lambda jar: jar.file)


def main() -> None:
    """Write jars.lock anew."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = [(name, jar) for name in SETS for jar in _resolve(name, Path(scratch))]
    lines = [f"{name} {jar.coordinates} {jar.file} {jar.sha256}\n" for name, jar in rows]
    FILE.write_text(_HEADER + "".join(lines))
    print(f"{FILE.name}: {len(rows)} jars", file=sys.stderr)


if __name__ == "__main__":
    main()
