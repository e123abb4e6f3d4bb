"""Jars made by hand."""

from __future__ import annotations

import io
import zipfile


def jar(text: str) -> bytes:
    """A jar with one resource, `marker.txt`."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr(zipfile.ZipInfo("marker.txt"), text)
    return into.getvalue()
