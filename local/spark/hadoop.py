"""The configuration of the local Hadoop and YARN, as plain tables; `write_xml` makes Hadoop's files of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from local.spark.sizing import NodeSize

Conf = dict[str, str]
LOOPBACK = "127.0.0.1"
USER = "hadoop"  # as on EMR


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The ports of a ResourceManager. Those of a NodeManager are told to it by the system: it asks for 0."""

    client: int
    scheduler: int
    tracker: int
    admin: int
    web: int


def core_site(endpoint: str, region: str, scratch: Path) -> Conf:
    """core-site.xml: `s3://` is S3A at the local endpoint; the default file system is the machine's own.

    The credentials are in no configuration: S3A takes them from the file of the step (credentials.py).
    """
    return {
        "fs.defaultFS": "file:///",
        "hadoop.tmp.dir": str(scratch),
        "hadoop.http.staticuser.user": USER,
        "fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
        "fs.s3a.endpoint": endpoint,
        "fs.s3a.endpoint.region": region,
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.ssl.enabled": "false",
        "fs.s3a.buffer.dir": str(scratch / "s3a"),
        # Without asking first what stands where a file or folder is to be: half the requests, and no file system
        # that Spark uses S3 through makes it depend on the answer.
        "fs.s3a.performance.flags": "create,delete,mkdir",
        "fs.s3a.aws.credentials.provider": "software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider",
        # A request that cannot succeed fails within seconds; S3A's own patience is minutes.
        "fs.s3a.attempts.maximum": "3",
        "fs.s3a.retry.limit": "3",
        "fs.s3a.retry.interval": "200ms",
        "fs.s3a.connection.establish.timeout": "15s",  # the least that S3A takes
        # EMR's default. What the S3A committers cannot do, dynamic partition overwrite, works: docs/adr/0022.
        "mapreduce.fileoutputcommitter.algorithm.version": "2",
        # S3A makes this known for s3a:// only; which committer it gives, fs.s3a.committer.name says ("file").
        "mapreduce.outputcommitter.factory.scheme.s3": "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory",
        # The ResourceManager may come up a moment after those that call it.
        "ipc.client.connect.max.retries": "10",
        "ipc.client.connect.retry.interval": "100",
    }


def yarn_site(ports: Ports, largest: NodeSize, state: Path, excluded: Path) -> Conf:
    """yarn-site.xml of a cluster, as the ResourceManager, the nodes and the clients share it.

    In the folder `state` the ResourceManager keeps labels and attributes of nodes: by default it is the machine's.
    The file `excluded` lists the hosts that are to go.
    """
    return {
        "yarn.resourcemanager.address": f"{LOOPBACK}:{ports.client}",
        "yarn.resourcemanager.scheduler.address": f"{LOOPBACK}:{ports.scheduler}",
        "yarn.resourcemanager.resource-tracker.address": f"{LOOPBACK}:{ports.tracker}",
        "yarn.resourcemanager.admin.address": f"{LOOPBACK}:{ports.admin}",
        "yarn.resourcemanager.webapp.address": f"{LOOPBACK}:{ports.web}",
        "yarn.resourcemanager.hostname": LOOPBACK,
        "yarn.resourcemanager.bind-host": LOOPBACK,
        "yarn.resourcemanager.scheduler.class": (
            "org.apache.hadoop.yarn.server.resourcemanager.scheduler.capacity.CapacityScheduler"
        ),
        "yarn.scheduler.minimum-allocation-mb": "32",
        "yarn.scheduler.maximum-allocation-mb": str(largest.memory_mb),
        "yarn.scheduler.maximum-allocation-vcores": str(max(largest.vcores, 4)),
        # Hadoop's pace is set for thousands of nodes; two on one machine may talk five times a second.
        "yarn.resourcemanager.nodemanagers.heartbeat-interval-ms": "200",
        "yarn.resourcemanager.connect.retry-interval.ms": "200",
        # Who calls a ResourceManager that has died gives up after a minute: Hadoop tries as often as the interval
        # goes into the wait, 50 times, and each of these is ten of ipc.client's (core_site), 1.2 s together.
        "yarn.resourcemanager.connect.max-wait.ms": "10000",
        "yarn.node-attribute.fs-store.root-dir": f"file://{state}/node-attributes",
        "yarn.node-labels.fs-store.root-dir": f"file://{state}/node-labels",
        "yarn.resourcemanager.nodes.exclude-path": str(excluded),
        "yarn.resourcemanager.decommissioning-nodes-watcher.poll-interval-secs": "1",
        "yarn.client.application-client-protocol.poll-interval-ms": "50",
        "yarn.am.liveness-monitor.expiry-interval-ms": "60000",
        "yarn.nm.liveness-monitor.expiry-interval-ms": "20000",
        "yarn.resourcemanager.am.max-attempts": "2",
        "yarn.timeline-service.enabled": "false",
        "yarn.log-aggregation-enable": "false",  # the runner takes the logs to the log bucket itself
        "yarn.dispatcher.drain-events.timeout": "1000",
    }


def node_site(folder: Path, size: NodeSize, *, home: Path, host: str) -> Conf:
    """What yarn-site.xml of one node has beyond `yarn_site`."""
    return {
        "yarn.nodemanager.hostname": host,
        "yarn.nodemanager.bind-host": host,
        "yarn.nodemanager.address": f"{host}:0",
        "yarn.nodemanager.localizer.address": f"{host}:0",
        "yarn.nodemanager.webapp.address": f"{host}:0",
        "yarn.nodemanager.local-dirs": str(folder / "local"),
        "yarn.nodemanager.log-dirs": str(folder / "containers"),
        "yarn.nodemanager.resource.memory-mb": str(size.memory_mb),
        "yarn.nodemanager.resource.cpu-vcores": str(size.vcores),
        # YARN ends a container that outgrows its memory, as on EMR. `enforced` must be off for that: with its
        # default the monitor leaves the kill to a cgroup that is not there.
        "yarn.nodemanager.pmem-check-enabled": "true",
        "yarn.nodemanager.vmem-check-enabled": "false",
        "yarn.nodemanager.resource.memory.enforced": "false",
        "yarn.nodemanager.container-monitor.interval-ms": "1000",
        "yarn.nodemanager.sleep-delay-before-sigkill.ms": "250",
        "yarn.nodemanager.process-kill-wait.ms": "2000",
        # Whatever fills the user's disk beyond 90 % is not the job's fault.
        "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "99.5",
        "yarn.nodemanager.env-whitelist": "JAVA_HOME,EMRCTL_LOCAL,EMRCTL_CLUSTER,LANG,TZ,HOME",
        "yarn.nodemanager.user-home-dir": str(home),
        "yarn.nodemanager.delete.debug-delay-sec": "0",
    }


def capacity_scheduler() -> Conf:
    """capacity-scheduler.xml: one queue, half of which drivers may take, so that two steps at once both start."""
    return {
        "yarn.scheduler.capacity.root.queues": "default",
        "yarn.scheduler.capacity.root.default.capacity": "100",
        "yarn.scheduler.capacity.root.default.maximum-capacity": "100",
        "yarn.scheduler.capacity.root.default.state": "RUNNING",
        "yarn.scheduler.capacity.maximum-am-resource-percent": "0.5",
        "yarn.scheduler.capacity.node-locality-delay": "0",
    }


def log4j(file: Path) -> str:
    """log4j.properties of a daemon: without one, it dies in silence."""
    return (
        "log4j.rootLogger=INFO,file\n"
        "log4j.appender.file=org.apache.log4j.FileAppender\n"
        f"log4j.appender.file.File={file}\n"
        "log4j.appender.file.layout=org.apache.log4j.PatternLayout\n"
        "log4j.appender.file.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n\n"
    )


def write_xml(path: Path, conf: Mapping[str, str]) -> None:
    """Write `conf` as one of Hadoop's configuration files."""
    root = Xml.Element("configuration")
    for name, value in sorted(conf.items()):
        one = Xml.SubElement(root, "property")
        Xml.SubElement(one, "name").text = name
        Xml.SubElement(one, "value").text = value
    Xml.indent(root)
    path.write_text(Xml.tostring(root, encoding="unicode", xml_declaration=True))
