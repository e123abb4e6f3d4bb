"""A node that leaves a YARN: told by the ResourceManager's own graceful decommission, as EMR's scaling does it.

YARN knows nodes by host. So every NodeManager has an address of its own in 127.0.0.0/8, where the system has more than
the one; where it has not, a node is given nothing new and that is all (docs/spark.md).
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.spark.daemons import QUICK_JVM
from local.spark.hadoop import LOOPBACK
from local.spark.toolchain import Toolchain

TIMEOUT = "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs"
DEFAULT_SECONDS = 3600.0  # Hadoop's default of it, and EMR's
_CALL_SECONDS = 60.0
_A_ROW = 250


def address(number: int) -> str:
    """The loopback address of the node with this number, counted from 0; 127.0.0.1 where there is no other."""
    row, place = divmod(number, _A_ROW)
    wanted = f"127.0.{row + 1}.{place + 1}"
    try:
        with socket.socket() as probe:
            probe.bind((wanted, 0))
    except OSError:
        return LOOPBACK
    return wanted


def seconds(yarn_site: Mapping[str, str]) -> float:
    """How long a node may take to finish what it runs."""
    try:
        return float(yarn_site.get(TIMEOUT, DEFAULT_SECONDS))
    except ValueError:
        return DEFAULT_SECONDS


def refresh(tools: Toolchain, folder: Path, environment: Mapping[str, str], timeout: float) -> None:
    """Have the ResourceManager read its list of excluded hosts: they finish their work for `timeout` seconds and go.

    `folder` is the cluster's. Raises OSError or subprocess.SubprocessError when that does not come about.
    """
    class_path = os.pathsep.join([*map(str, tools.yarn_jars), str(folder / "conf")])
    subprocess.run(
        [str(tools.java.binary), "-Xmx128m", *QUICK_JVM, *tools.sharing("yarn"), "-cp", class_path,
         "org.apache.hadoop.yarn.client.cli.RMAdminCLI",
         "-refreshNodes", "-g", str(max(1, int(timeout))), "-server"],
        check=True, capture_output=True, timeout=_CALL_SECONDS, stdin=subprocess.DEVNULL, env=dict(environment),
    )  # fmt: skip
