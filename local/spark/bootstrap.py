"""Bootstrap actions on this machine: scripts from S3, run one after the other as the primary node would.

They were written for a node that is theirs alone: so only `emrctl local up --run-bootstrap` has them run, in a scratch
folder, as the user, with the nodes' credentials and nothing else of the user's environment.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from local.contracts import BootstrapAction
from local.spark.credentials import Clients, RoleError
from local.spark.steplogs import STEP_FILES, LogBucket

log = logging.getLogger(__name__)
# EMR's own limit: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html
SECONDS = 3600.0
_URI = re.compile(r"s3[an]?://(?P<bucket>[^/]+)/(?P<key>.+)$")


def run(
    actions: Sequence[BootstrapAction],
    primary: str,
    folder: Path,
    clients: Clients,
    logs: LogBucket,
    environment: Mapping[str, str],
    ended: Callable[[], bool],
) -> str | None:
    """Run all; why one failed, in EMR's words, None when none did. `primary` is the node's EC2 id."""
    for number, action in enumerate(actions, start=1):
        where = folder / str(number)
        where.mkdir(parents=True, exist_ok=True)
        for name in STEP_FILES:
            (where / name).touch()
        failure = "the cluster is ending" if ended() else _run(action, where, clients, environment)
        (where / "controller").write_text(
            f"{action.path} {' '.join(action.args)}\n{failure or 'succeeded'}\n"
        )
        logs.keep_bootstrap(primary, number, where)
        if failure is not None:
            return f"On the master instance ({primary}), bootstrap action {number} {failure}"
    return None


def _run(
    action: BootstrapAction, where: Path, clients: Clients, environment: Mapping[str, str]
) -> str | None:
    try:
        script = _fetch(action.path, where, clients)
    except (RoleError, ValueError, OSError) as error:
        return f"could not be downloaded: {error}"
    with (where / "stdout").open("wb") as out, (where / "stderr").open("wb") as err:
        try:
            process = subprocess.Popen(
                [*_interpreter(script), str(script), *action.args],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=where, env=dict(environment),
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return f"could not be started: {error}"
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
            process.wait()
            return f"has not ended after {SECONDS:.0f} s"
    return None if code == 0 else "returned a non-zero return code"


def _fetch(uri: str, where: Path, clients: Clients) -> Path:
    from botocore.exceptions import BotoCoreError, ClientError

    found = _URI.match(uri)
    if found is None:
        raise ValueError(f"{uri} is no object of S3")
    script = where / "script"
    try:
        script.write_bytes(clients("s3").get_object(Bucket=found["bucket"], Key=found["key"])["Body"].read())
    except (BotoCoreError, ClientError) as error:
        raise ValueError(str(error)) from None
    script.chmod(0o700)
    return script


def _interpreter(script: Path) -> list[str]:
    """A script that does not say what runs it is the shell's."""
    with script.open("rb") as file:
        return [] if file.read(2) == b"#!" else ["bash"]
