"""Spark's own history server over a folder of event logs, on the loopback: what a cluster's primary node has."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facts.errors import UserError
from local.processes import MARK
from local.spark import credentials, daemons, hadoop, submit
from local.spark.credentials import Session
from local.spark.toolchain import Toolchain
from local.state import LocalState

_CLASS = "org.apache.spark.deploy.history.HistoryServer"
_READY_SECONDS = 60.0
_POLL = 0.2
_END_SECONDS = 10.0


@contextmanager
def serving(tools: Toolchain, state: LocalState | None, logs: str, port: int) -> Iterator[str]:
    """The URL of a history server over the event logs below `logs` (s3:// or file://), ended with the context.

    `state` is the local AWS that an s3:// is of; none is needed for file://.
    Raises UserError when it does not come up, as when the port is taken or there is no such folder.
    """
    with tempfile.TemporaryDirectory(prefix="emrctl-history-") as name:
        folder = Path(name)
        process = subprocess.Popen(
            _words(tools, folder, state, logs, port), stdin=subprocess.DEVNULL, cwd=folder,
            stdout=(folder / "out").open("wb"), stderr=subprocess.STDOUT, env=_environment(tools, folder, state),
            start_new_session=True,  # Ctrl-C is for emrctl, which then ends it
        )  # fmt: skip
        try:
            url = f"http://{hadoop.LOOPBACK}:{port}"
            _wait(process, f"{url}/api/v1/version", folder / "out")
            yield url
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _words(tools: Toolchain, folder: Path, state: LocalState | None, logs: str, port: int) -> list[str]:
    if state is not None:
        site = hadoop.core_site(state.endpoint, state.region, folder / "tmp")
        hadoop.write_xml(folder / "core-site.xml", site)
    properties = {
        "spark.history.fs.logDirectory": logs,
        "spark.history.fs.update.interval": "5s",
        "spark.history.ui.port": str(port),
        "spark.port.maxRetries": "0",  # a port that is taken is an error, not the next one
        "java.io.tmpdir": str(folder),
    }
    class_path = os.pathsep.join([*map(str, tools.spark_jars), str(folder)])
    return [
        str(tools.java.binary), "-Xmx512m", *daemons.QUICK_JVM, *submit.MODULES, *tools.sharing("spark"),
        *(f"-D{key}={value}" for key, value in properties.items()), "-cp", class_path, _CLASS,
    ]  # fmt: skip


def _environment(tools: Toolchain, folder: Path, state: LocalState | None) -> dict[str, str]:
    plain = {**daemons.environment(tools, "", folder), **submit.LOCAL_ONLY}
    if state is None:
        return plain
    own = Session(
        access_key_id=state.access_key_id, secret_access_key=state.secret_access_key, session_token="", ends=""
    )  # fmt: skip
    file = folder / "aws" / "credentials"
    credentials.keep(file, own)
    return {
        **plain,
        **credentials.environment(file, state.endpoint, state.region),
        MARK: state.instance,  # it ends with the local AWS, at the latest
    }


def _wait(process: subprocess.Popen[bytes], url: str, output: Path) -> None:
    """Return when the server answers. Raises UserError with its last telling line when it has ended."""
    deadline = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 ours
                return
        except OSError:
            time.sleep(_POLL)
    lines = output.read_text(errors="replace").splitlines()
    telling = [line.strip() for line in lines if "Exception" in line or "Error" in line]
    raise UserError(f"Spark's history server does not start: {(telling or lines or ['no output'])[-1]}")
