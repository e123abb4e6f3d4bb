"""The jars that go with a job: files of the project, uploaded with the version and named to Spark by `--jars`."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from facts.errors import UserError
from jobs.spec import JobSpec


def read(spec: JobSpec, root: Path) -> dict[str, bytes]:
    """Each of the job's jars by its file name, in the spec's order, which is that of the class path.

    Raises UserError for one that is not there, leads out of the project, or is no jar.
    """
    found = {}
    for path in spec.dependencies.jars if spec.dependencies else ():
        body = project_file(spec, "jars", path, root)
        if not zipfile.is_zipfile(
            io.BytesIO(body)
        ):  # such as the pointer that Git LFS leaves in a file's place
            raise UserError(
                f"job '{spec.name}': dependencies.jars '{path}' is no jar: it cannot be read as a zip"
            )
        found[path.rpartition("/")[2]] = body
    return found


def project_file(spec: JobSpec, key: str, name: str, root: Path) -> bytes:
    """The content of a file of the project that `dependencies` names under `key`.

    Raises UserError when it is not there or leads out of the project.
    """
    path = root / name
    if not path.is_file():
        raise UserError(f"job '{spec.name}': dependencies.{key} '{name}' is no file at {path}")
    if not path.resolve().is_relative_to(root.resolve()):
        raise UserError(f"job '{spec.name}': dependencies.{key} '{name}' is a link out of the project")
    return path.read_bytes()
