"""`python -m local.spark.relock`: make jars.lock anew from the poms beside it.

That, and only that, needs Maven: it is for whoever changes a pom.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from local.spark.lock import FILE, FOLDER, SETS, Jar, sha256

_HEADER = "# set coordinates file sha256 — made by `python -m local.spark.relock` from poms/; do not edit.\n"
_RESOLVED = re.compile(r"^\s*((?:[\w.-]+:){4,5}[\w.-]+):(/.*?\.jar)")


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
