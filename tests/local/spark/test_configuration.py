"""What a cluster's YARN and Hadoop are configured with: sizes, classifications, files."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from local.contracts import Instance, InstanceRole
from local.spark import classifications, daemons, decommission, hadoop, labels, sizing
from local.spark.sizing import NodeSize


def instance(name: str, role: InstanceRole, kind: str = "m5.xlarge") -> Instance:
    return Instance(
        instance_id=f"ci-{name}",
        ec2_instance_id=f"i-{name}",
        role=role,
        instance_type=kind,
        market="ON_DEMAND",
    )


MASTER, CORE, TASK = (instance(r, r) for r in ("MASTER", "CORE", "TASK"))


def test_a_node_is_a_quarter_of_what_emr_gives_yarn_with_all_its_cores() -> None:
    assert sizing.node_size("m5.xlarge") == NodeSize(memory_mb=3072, vcores=4)


def test_an_unknown_instance_type_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="z9"):
        sizing.node_size("z9.mega")


def test_core_comes_before_task_and_the_machine_has_a_ceiling() -> None:
    fleet = [MASTER, *(instance(f"t{n}", "TASK") for n in range(5)), instance("c", "CORE")]
    assert [i.instance_id for i in sizing.nodes(fleet)] == ["ci-c", "ci-t0", "ci-t1"]


def test_other_clusters_nodes_count_but_each_cluster_has_one() -> None:
    assert len(sizing.nodes([MASTER, CORE, TASK], elsewhere=2)) == 1
    assert len(sizing.nodes([MASTER, CORE, TASK], elsewhere=9)) == 1


def test_a_cluster_of_one_instance_is_its_own_node() -> None:
    assert sizing.nodes([MASTER]) == [MASTER]


@given(st.integers(min_value=0, max_value=1_000_000))
def test_scaled_memory_is_what_yarn_can_allocate(configured: int) -> None:
    scaled = sizing.scaled_mb(configured)
    assert scaled >= 32
    assert scaled % 32 == 0
    assert scaled <= max(32, configured * sizing.MEMORY_FACTOR)


def entry(name: str, **properties: str) -> dict[str, object]:
    return {"Classification": name, "Properties": {k.replace("__", "."): v for k, v in properties.items()}}


def test_each_class_is_applied_where_it_belongs_and_a_later_entry_wins() -> None:
    applied = classifications.apply(
        [
            entry("spark-defaults", spark__executor__memory="2g"),
            entry("capacity-scheduler", **{"yarn.scheduler.capacity.root.queues": "default,teama"}),
            entry("spark-defaults", spark__executor__memory="3g"),
            entry("core-site", **{"fs.s3a.threads.max": "9"}),
        ]
    )
    assert applied.properties["spark-defaults"] == {"spark.executor.memory": "3g"}
    assert applied.properties["capacity-scheduler"] == {
        "yarn.scheduler.capacity.root.queues": "default,teama"
    }
    assert applied.properties["core-site"] == {"fs.s3a.threads.max": "9"}
    assert applied.not_applied == []


def test_memory_written_for_a_real_node_is_scaled_as_the_node_is() -> None:
    applied = classifications.apply(
        [entry("yarn-site", **{"yarn.nodemanager.resource.memory-mb": "12288", "yarn.acl.enable": "true"})]
    )
    assert applied.properties["yarn-site"] == {
        "yarn.nodemanager.resource.memory-mb": str(sizing.node_size("m5.xlarge").memory_mb),
        "yarn.acl.enable": "true",
    }


def test_spark_env_is_what_its_export_has() -> None:
    export = {"Classification": "export", "Properties": {"LEVEL": "9", "JAVA_HOME": "/elsewhere"}}
    applied = classifications.apply(
        [{"Classification": "spark-env", "Properties": {"ignored": "1"}, "Configurations": [export]}]
    )
    assert applied.properties["spark-env"] == {"LEVEL": "9"}
    assert applied.not_applied == ["spark-env: JAVA_HOME is this machine's own"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("spark-defaults", "spark.master"),
        ("spark-defaults", "spark.yarn.jars"),
        ("spark-defaults", "spark.driver.extraClassPath"),
        ("spark-defaults", "spark.hadoop.fs.s3.impl"),
        ("spark-defaults", "spark.hadoop.fs.s3a.endpoint"),
        ("yarn-site", "yarn.resourcemanager.address"),
        ("yarn-site", "yarn.nodemanager.local-dirs"),
        ("core-site", "fs.defaultFS"),
        ("core-site", "fs.s3a.endpoint.region"),
        ("core-site", "fs.s3a.secret.key"),
    ],
)
def test_what_belongs_to_this_machine_stays_and_that_is_said(name: str, key: str) -> None:
    applied = classifications.apply([entry(name, **{key: "x"})])
    assert applied.properties[name] == {}
    assert applied.not_applied == [f"{name}: {key} is this machine's own"]


def test_a_class_without_counterpart_is_said_by_name() -> None:
    applied = classifications.apply([entry("hive-site", **{"a.b": "c"}), {"Classification": "emrfs-site"}])
    assert [line.partition(":")[0] for line in applied.not_applied] == ["hive-site", "emrfs-site"]
    assert not any(applied.properties.values())


def test_an_image_is_not_run_and_that_is_said() -> None:
    key = "spark.executorEnv.YARN_CONTAINER_RUNTIME_DOCKER_IMAGE"
    docker = {"Classification": "docker", "Properties": {"docker.trusted.registries": "r"}}
    applied = classifications.apply([
        entry("spark-defaults", **{key: "r/spark@sha256:0", "spark.executorEnv.OTHER": "1"}),
        {"Classification": "container-executor", "Configurations": [docker]},
    ])  # fmt: skip
    assert applied.properties["spark-defaults"] == {"spark.executorEnv.OTHER": "1"}
    why = (
        "containers are processes here: Spark runs with this machine's own Java and Python, not in the image"
    )
    assert applied.not_applied == [
        f"spark-defaults: {key} is left out: {why}",
        f"container-executor: {why}",
    ]


def test_two_applications_of_configurations_share_nothing() -> None:
    classifications.apply([entry("spark-defaults", a="1")])
    assert classifications.apply([]).properties["spark-defaults"] == {}


def test_s3_is_s3a_at_the_endpoint_and_no_secret_is_configured(tmp_path: Path) -> None:
    conf = hadoop.core_site("http://127.0.0.1:5000", "eu-west-1", tmp_path)
    assert conf["fs.s3.impl"].endswith("S3AFileSystem")
    assert conf["fs.s3a.endpoint"] == "http://127.0.0.1:5000"
    assert conf["fs.s3a.endpoint.region"] == "eu-west-1"
    assert not [key for key in conf if "secret" in key or "access.key" in key or "token" in key]


def test_every_address_of_yarn_is_on_the_loopback(tmp_path: Path) -> None:
    ports = hadoop.Ports(client=1, scheduler=2, tracker=3, admin=4, web=5)
    size = NodeSize(memory_mb=3072, vcores=4)
    conf = {
        **hadoop.yarn_site(ports, size, tmp_path, tmp_path / "excluded"),
        **hadoop.node_site(tmp_path, size, home=tmp_path, host="127.0.1.1"),
    }
    addresses = {k: v for k, v in conf.items() if k.endswith(("address", "hostname", "bind-host"))}
    assert len(addresses) >= 10
    assert {value.split(":")[0] for value in addresses.values()} == {"127.0.0.1", "127.0.1.1"}, addresses
    assert conf["yarn.scheduler.maximum-allocation-mb"] == "3072"


def test_yarn_kills_what_outgrows_its_container(tmp_path: Path) -> None:
    conf = hadoop.node_site(tmp_path, NodeSize(memory_mb=64, vcores=1), home=tmp_path, host="127.0.1.1")
    assert conf["yarn.nodemanager.pmem-check-enabled"] == "true"
    assert conf["yarn.nodemanager.resource.memory.enforced"] == "false"  # with true, nothing is ever killed


def test_xml_keeps_every_character(tmp_path: Path) -> None:
    conf = {"a": "<&>\"'", "b": "ü"}
    hadoop.write_xml(tmp_path / "x.xml", conf)
    told = {
        p.findtext("name"): p.findtext("value") for p in Xml.parse(tmp_path / "x.xml").findall("property")
    }
    assert told == conf


def test_free_ports_are_five_different_ones() -> None:
    ports = daemons.free_ports()
    assert len({ports.client, ports.scheduler, ports.tracker, ports.admin, ports.web}) == 5


@pytest.mark.parametrize(
    ("log", "out", "expected"),
    [
        (
            "1 INFO up\n2 ERROR RM: Error starting\njava.net.BindException: Address already in use\n",
            "",
            "BindExc",
        ),
        ("", "Error: Could not find or load main class X\n", "Could not find or load main class"),
        ("", "", "no output"),
    ],
)
def test_a_daemon_s_last_words_tell_why_it_ended(tmp_path: Path, log: str, out: str, expected: str) -> None:
    import subprocess

    (tmp_path / "daemon.log").write_text(log)
    (tmp_path / "daemon.out").write_text(out)
    with subprocess.Popen(["true"]) as process:
        daemon = daemons.Daemon(kind="nodemanager", name="ci-1", folder=tmp_path, process=process)
        assert expected in daemon.last_words()


def test_labels_are_off_unless_asked_for_and_core_is_what_they_tell_apart() -> None:
    assert labels.of_cluster({}) == ()
    assert labels.of_node(TASK, ()) is None
    asked = {labels.ENABLED: "true", labels.MASTERS: "CORE"}
    assert [labels.of_node(i, labels.of_cluster(asked)) for i in (CORE, TASK, MASTER)] == [
        "CORE",
        None,
        "CORE",
    ]
    assert (
        labels.queues(("CORE",))["yarn.scheduler.capacity.root.default.accessible-node-labels.CORE.capacity"]
        == "100"
    )
    by_market = labels.of_cluster({labels.ENABLED: "true", labels.MASTERS: "ON_DEMAND"})
    assert labels.of_node(TASK, by_market) == "ON_DEMAND"


def test_every_node_has_a_loopback_address_of_its_own() -> None:
    found = [decommission.address(number) for number in (0, 1, 249, 250, 600)]
    assert found == ["127.0.1.1", "127.0.1.2", "127.0.1.250", "127.0.2.1", "127.0.3.101"]


def test_a_node_may_take_as_long_as_yarn_is_configured_for() -> None:
    assert decommission.seconds({decommission.TIMEOUT: "90"}) == 90
    assert decommission.seconds({}) == decommission.seconds({decommission.TIMEOUT: "soon"}) == 3600


def test_the_largest_executor_is_what_emr_computes_scaled() -> None:
    real = {"m5.xlarge": 9486, "r5.xlarge": 18971}
    found = sizing.executor(["m5.xlarge", "m5.2xlarge"])
    assert found["spark.executor.instances"] == "2"
    assert found["spark.executor.cores"] == "4"
    assert int(found["spark.executor.memory"][:-1]) == pytest.approx(real["m5.xlarge"] / 4, abs=1)
    assert found["spark.default.parallelism"] == "16"


def test_sizes_written_for_a_real_node_come_down_and_those_that_fit_stay() -> None:
    real = {"spark.executor.memory": "8299m", "spark.driver.memory": "2g", "spark.x": "1"}
    here = {"spark.executor.memory": "2048m", "spark.driver.memory": "512m", "spark.x": "1"}
    assert sizing.fitting(real, ["m5.xlarge", "m5.xlarge"]) == here
    beside = {**here, "spark.executor.memory": "1792m"}
    assert sizing.fitting(real, ["m5.xlarge"]) == beside, "with the driver on the only node, as on EMR"
    for small in ({"spark.executor.memory": "2g", "spark.driver.memory": "1g"}, {}, {"spark.x": "1"}):
        assert sizing.fitting(small, ["m5.xlarge", "m5.xlarge"]) == small


def test_the_shuffle_service_is_not_asked_for_where_there_is_none() -> None:
    applied = classifications.apply([entry("spark-defaults", **{"spark.shuffle.service.enabled": "true"})])
    assert applied.properties["spark-defaults"] == {}
    assert applied.not_applied == ["spark-defaults: spark.shuffle.service.enabled is this machine's own"]


def test_what_only_emr_has_is_named_with_what_stands_in() -> None:
    applied = classifications.apply([
        {"Classification": "spark-defaults", "Properties": {"x": "com.amazon.ws.emr.hadoop.fs.X", "y": "1"}},
        {"Classification": "iceberg-defaults", "Properties": {"iceberg.enabled": "TRUE", "other": "1"}},
        {"Classification": "delta-defaults", "Properties": {"delta.enabled": "false"}},
        {"Classification": "spark", "Properties": {"maximizeResourceAllocation": "true"}},
    ])  # fmt: skip
    assert applied.properties["spark-defaults"] == {"y": "1"}
    assert applied.tables == {"iceberg"}
    assert applied.maximize
    assert applied.not_applied == [
        "spark-defaults: x is left out: EMRFS was never published; S3A stands in",
        "iceberg-defaults: other has no counterpart on this machine",
    ]
