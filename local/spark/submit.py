"""spark-submit for a step: what this machine adds to its words, the command and its environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from local.spark import sizing
from local.spark.classifications import Applied
from local.spark.daemons import QUICK_JVM
from local.spark.hadoop import LOOPBACK, Conf
from local.spark.toolchain import Table, Toolchain
from local.submission import Submission

# Where Spark lays the configuration into a container, relative to it (Client.LOCALIZED_CONF_DIR).
_CONTAINER_FOLDERS = (".", "__spark_conf__", "__spark_conf__/__hadoop_conf__")
MODULES = (
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
)


def defaults(tools: Toolchain, folder: Path, applied: Applied, nodes: Sequence[str]) -> Conf:
    """spark-defaults.conf of a cluster in `folder`; `nodes` are the instance types that run containers."""
    jars = ",".join(f"local:{path}" for path in _beside(tools, applied.tables))
    options = container_options(tools, folder, applied.tables)
    largest = sizing.executor(nodes) if applied.maximize else {}
    return {
        # EMR's own
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",  # for the shuffle service, which no registry has
        "spark.dynamicAllocation.initialExecutors": "1",
        "spark.executor.maxNumFailures": "4",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file:{events_folder(folder)}",  # where EMR has hdfs:///var/log/spark/apps
        "spark.ui.enabled": "false",
        # The pace of two nodes on one machine
        "spark.yarn.report.interval": "250ms",
        "spark.scheduler.minRegisteredResourcesRatio": "0",  # the driver plans while its executors start
        "spark.yarn.scheduler.heartbeat.interval-ms": "500",
        "spark.yarn.scheduler.initial-allocation.interval": "50ms",
        "spark.driver.defaultJavaOptions": options,
        "spark.executor.defaultJavaOptions": options,
        **largest,
        **sizing.fitting(applied.properties["spark-defaults"], nodes),
        # This machine's
        "spark.master": "yarn",
        "spark.yarn.jars": jars,
        "spark.yarn.stagingDir": f"file:{folder}/staging",
    }


def _beside(tools: Toolchain, tables: Iterable[Table]) -> list[str]:
    """Class path entries beyond the JVM's own: Spark, its S3 client, committers, the tables asked for."""
    more = [*tools.committers, *tools.tables(tables)]
    return [f"{tools.spark}/jars/*", f"{tools.s3a}/*", *map(str, more)]


def container_options(tools: Toolchain, folder: Path, tables: Iterable[Table]) -> str:
    """The JVM's options of drivers and executors in containers: a file of them, for the class path is long.

    Class-data sharing wants the jars first on the class path, where Spark has the container's folder first.
    """
    arguments = folder / "container.args"
    class_path = os.pathsep.join([*map(str, [*tools.spark_jars, *tools.tables(tables)]), *_CONTAINER_FOLDERS])
    arguments.write_text("\n".join([*QUICK_JVM, *tools.sharing("spark"), "-cp", f'"{class_path}"']) + "\n")
    return f"@{arguments}"


def write_defaults(path: Path, conf: Conf) -> None:
    """Write spark-defaults.conf."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key} {value}\n" for key, value in sorted(conf.items())))


def for_step(given: Submission, step_id: str, environment: Mapping[str, str], scratch: Path) -> Submission:
    """The step's submission with what lets its processes find its credentials, and us its application.

    Ours come last: spark-submit takes the last of two. A tag that the step sets stays beside ours.
    """
    tags = ",".join(filter(None, [given.conf("spark.yarn.tags"), step_id.lower()]))
    added = {"spark.yarn.tags": tags}
    for name, value in sorted(environment.items()):
        added[f"spark.yarn.appMasterEnv.{name}"] = value
        added[f"spark.executorEnv.{name}"] = value
    if given.deploy_mode != "cluster":  # the driver is no container then
        added["spark.driver.defaultJavaOptions"] = " ".join([*QUICK_JVM, f'"-Djava.io.tmpdir={scratch}"'])
    ours = tuple(("--conf", f"{key}={value}") for key, value in added.items())
    return Submission(options=given.options + ours, application=given.application)


def fitted(given: Submission, applied: Applied, nodes: Sequence[str]) -> tuple[Submission, str]:
    """The step's submission with memory that these nodes hold, and what was changed, in words; "" where nothing was.

    A job is sized for real nodes, and runs here unchanged (ADR 0181).
    """
    said = {key: size for key, size in given.settings.items() if key in sizing.MEMORY}
    if not said:
        return given, ""
    defaults = applied.properties["spark-defaults"]
    asked = {key: defaults[key] for key in sizing.MEMORY if key in defaults} | said
    fit = sizing.fitting(asked, nodes)
    changed = {key: fit[key] for key in sizing.MEMORY if fit.get(key) != asked.get(key)}
    words = (f"{key} {asked.get(key, sizing.DEFAULT_HEAP)} → {size}" for key, size in changed.items())
    return given.with_settings(changed), ", ".join(words)


def prepare(tools: Toolchain, folder: Path) -> None:
    """Lay what all submissions of a cluster share into `folder`, before the first: they come side by side.

    That is the client's JVM options, the folder of event logs, and a folder with pyspark and py4j as they are
    installed, compiled: from their zips each start compiles them.
    """
    class_path = os.pathsep.join([*map(str, tools.spark_jars), str(folder / "conf")])
    words = [
        "-Xmx384m", *QUICK_JVM, *MODULES, f'"-Djava.io.tmpdir={folder / "tmp"}"', *tools.sharing("spark"),
        "-cp", f'"{class_path}"',
    ]  # fmt: skip
    python = _python_folder(folder)
    python.mkdir(parents=True, exist_ok=True)
    events_folder(folder).mkdir(exist_ok=True)
    _client_arguments(folder).write_text("\n".join(words) + "\n")
    for name in ("pyspark", "py4j"):
        link = python / name
        link.unlink(missing_ok=True)
        link.symlink_to(tools.site_packages / name)


def command(given: Submission, tools: Toolchain, folder: Path) -> list[str]:
    """How to start it. In client mode by pip's own `spark-submit`, for this process then is the driver.

    In cluster mode it only submits, so its class is started straight away: the script would start another JVM
    first, to make the very command that stands here.
    """
    if given.deploy_mode != "cluster":
        return [str(tools.spark / "bin" / "spark-submit"), *given.words()]
    java = [str(tools.java.binary), f"@{_client_arguments(folder)}"]
    return [*java, "org.apache.spark.deploy.SparkSubmit", *given.words()]


def environment(tools: Toolchain, folder: Path, applied: Applied) -> dict[str, str]:
    """What spark-submit has in its environment beyond the cluster's."""
    return {
        "SPARK_HOME": str(tools.spark),
        "SPARK_CONF_DIR": str(folder / "spark"),
        "HADOOP_CONF_DIR": str(folder / "conf"),
        "YARN_CONF_DIR": str(folder / "conf"),
        "SPARK_DIST_CLASSPATH": os.pathsep.join(_beside(tools, applied.tables)[1:]),
        "PYSPARK_PYTHON": str(tools.python),
        # What a killed process leaves behind, the cluster's end removes.
        "TMPDIR": str(folder / "tmp"),
        "PYSPARK_ARCHIVES_PATH": f"local:{_python_folder(folder)}",
        **applied.properties["spark-env"],
    }


def events_folder(folder: Path) -> Path:
    """Where the applications of a cluster in `folder` write their event logs, unless told otherwise."""
    return folder / "apps"


def _python_folder(folder: Path) -> Path:
    return folder / "python"


def _client_arguments(folder: Path) -> Path:
    return folder / "client.args"


# Every process binds and names the loopback only.
LOCAL_ONLY: Mapping[str, str] = {"SPARK_LOCAL_IP": LOOPBACK, "SPARK_LOCAL_HOSTNAME": LOOPBACK}
