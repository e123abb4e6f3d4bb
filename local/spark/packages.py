"""The archives of a job run, unpacked beside its driver, as its container on AWS has them; executors have their own."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_ARCHIVE = re.compile(r"s3a?://(?P<bucket>[^/]+)/(?P<key>[^#]+)#(?P<name>[\w-]+)")


def unpack(conf: Mapping[str, str], options: Iterable[tuple[str, str]], s3: Any, folder: Path) -> None:
    """Unpack what `spark.archives` and `--archives` name on S3, each into its folder in `folder`.

    Raises ValueError for an archive that is not there or is none.
    """
    named = [conf.get("spark.archives", ""), *(value for option, value in options if option == "--archives")]
    for archive in ",".join(named).split(","):
        if found := _ARCHIVE.fullmatch(archive.strip()):
            try:
                body = s3.get_object(Bucket=found["bucket"], Key=found["key"])["Body"].read()
                _unpack(found["key"], body, folder / found["name"])
            except (s3.exceptions.ClientError, tarfile.TarError, zipfile.BadZipFile) as error:
                raise ValueError(f"the archive {archive} cannot be unpacked: {error}") from None


def environment(conf: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Which Python a run's driver has: one that a setting takes from an unpacked archive; any other is not here."""
    found = {}
    for key, value in conf.items():
        name = key.rpartition(".")[2]
        is_one = name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON") and ".driverEnv." in key
        if is_one and value.startswith("./") and (folder / value).is_file():
            found[name] = value
    return found


def _unpack(key: str, body: bytes, into: Path) -> None:
    if key.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            archive.extractall(into)  # noqa: S202 - it leaves out what leads out of the folder
        return
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        tar.extractall(
            into, filter="tar"
        )  # what leads out of the folder is refused; a link to a Python is not
