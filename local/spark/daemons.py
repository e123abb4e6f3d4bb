"""A ResourceManager or NodeManager as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local.spark.hadoop import LOOPBACK, USER, Conf, Ports, log4j, write_xml
from local.spark.toolchain import Toolchain

Kind = Literal["resourcemanager", "nodemanager"]
_CLASSES: Mapping[Kind, str] = {
    "resourcemanager": "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager",
    "nodemanager": "org.apache.hadoop.yarn.server.nodemanager.NodeManager",
}
_HEAP: Mapping[Kind, str] = {"resourcemanager": "256m", "nodemanager": "160m"}
# A daemon lives for minutes on a busy machine: what it costs is its start.
QUICK_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
CLUSTER_MARK = (
    "EMRCTL_CLUSTER"  # beside EMRCTL_LOCAL: whose process it is, in the environment of all it starts
)


@dataclass(kw_only=True)
class Daemon:
    """A running daemon and its folder."""

    kind: Kind
    name: str
    folder: Path
    process: subprocess.Popen[bytes]
    host: str = LOOPBACK

    def last_words(self) -> str:
        """The last telling line of its log; why it has ended, if it has."""
        lines: list[str] = []
        for file in (self.folder / "daemon.log", self.folder / "daemon.out"):
            if file.is_file():
                lines += file.read_text(errors="replace").splitlines()
        telling = [line for line in lines if "Exception" in line or " ERROR " in line or " FATAL " in line]
        return (telling or lines or ["no output"])[-1].strip()


def start(
    kind: Kind,
    name: str,
    folder: Path,
    conf: Mapping[str, Conf],
    tools: Toolchain,
    env: Mapping[str, str],
    host: str = LOOPBACK,
) -> Daemon:
    """Start a daemon in `folder`; `conf` are its configuration files by name. Returns at once."""
    etc = folder / "conf"
    etc.mkdir(parents=True, exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    for file, content in conf.items():
        write_xml(etc / file, content)
    (etc / "log4j.properties").write_text(log4j(folder / "daemon.log"))
    # The folder comes last: class-data sharing wants the jars first, and no jar has these files.
    class_path = os.pathsep.join([*map(str, tools.yarn_jars), str(etc)])
    arguments = folder / "java.args"
    arguments.write_text(
        "\n".join([*java_options(kind, folder), *tools.sharing("yarn"), "-cp", f'"{class_path}"']) + "\n"
    )
    with (folder / "daemon.out").open("wb") as out:
        process = subprocess.Popen(
            [str(tools.java.binary), f"@{arguments}", _CLASSES[kind]],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, env=dict(env), start_new_session=True,
        )  # fmt: skip
    return Daemon(kind=kind, name=name, folder=folder, process=process, host=host)


def java_options(kind: Kind, folder: Path) -> list[str]:
    """The JVM's options of a daemon, quoted for an argument file."""
    return [
        f"-Xmx{_HEAP[kind]}", *QUICK_JVM,
        "--add-opens", "java.base/java.lang=ALL-UNNAMED",
        f'"-Dlog4j.configuration=file:{folder}/conf/log4j.properties"',
        f'"-Djava.io.tmpdir={folder / "tmp"}"',
        "-Djava.net.preferIPv4Stack=true",
    ]  # fmt: skip


def environment(tools: Toolchain, cluster_id: str, folder: Path) -> dict[str, str]:
    """The environment of every process of a cluster: nothing of the user's but the path and the language.

    So no credentials of the user's or of the control plane's reach a job, and HOME is not theirs.
    """
    kept = {
        name: os.environ[name]
        for name in ("PATH", "LANG", "LC_ALL", "TZ", "EMRCTL_LOCAL")
        if name in os.environ
    }
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        **kept,
        CLUSTER_MARK: cluster_id,
        "HOME": str(home),
        "USER": USER,
        "HADOOP_USER_NAME": USER,
        "JAVA_HOME": str(tools.java.home),
        "MALLOC_ARENA_MAX": "2",
    }


def free_ports() -> Ports:
    """Five free ports of the loopback. Another process may take one meanwhile: then start again."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(5)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        client, scheduler, tracker, admin, web = (one.getsockname()[1] for one in sockets)
    return Ports(client=client, scheduler=scheduler, tracker=tracker, admin=admin, web=web)
