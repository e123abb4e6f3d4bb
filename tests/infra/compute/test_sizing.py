"""Sizes: what EMR documents, and that nothing is ever larger than the node it runs on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts import instances
from facts.instances import InstanceType
from infra.compute import engines, sizing
from infra.compute.engines import Engine, Ground
from infra.compute.sizing import MASTER_MB, OVERHEAD, STEP_MB, Node

NAMES = st.lists(st.sampled_from(instances.names()), min_size=1, max_size=30, unique=True)


def a_type(name: str, vcpu: int, gib: float) -> InstanceType:
    return InstanceType(
        name=name, vcpu=vcpu, memory_gib=gib, architecture="x86_64", family="m4", local_storage_gb=0
    )


# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html, and the table of BP 5.1.6 in
# https://github.com/aws/aws-emr-best-practices
@pytest.mark.parametrize(
    ("gib", "documented"),
    [
        pytest.param(8, 6144, id="m4.large"),
        pytest.param(16, 12288, id="m4.xlarge"),
        pytest.param(30.5, 23424, id="r4.xlarge"),
        pytest.param(32, 24576, id="m4.2xlarge, c5.4xlarge"),
        pytest.param(61, 54272, id="r4.2xlarge"),
        pytest.param(64, 57344, id="m4.4xlarge, m5.4xlarge"),
        pytest.param(96, 90112, id="c5.12xlarge"),
        pytest.param(128, 122880, id="r5.4xlarge"),
        pytest.param(160, 155648, id="m4.10xlarge"),
        pytest.param(192, 188416, id="m5.12xlarge"),
        pytest.param(244, 241664, id="r4.8xlarge"),
        pytest.param(384, 385024, id="r5.12xlarge"),
    ],
)
def test_yarns_memory_is_what_emr_documents(gib: float, documented: int) -> None:
    assert sizing.node(a_type("m4.any", 4, gib)).memory_mb == documented


@given(names=NAMES, cores=st.integers(1, 16))
def test_on_every_node_the_executors_and_a_master_fit(names: list[str], cores: int) -> None:
    nodes = sizing.nodes(names)
    one = sizing.container(nodes, cores)
    assert 1 <= one.cores <= cores
    assert one.memory_mb % STEP_MB == 0
    for node in nodes:
        many = node.vcores // one.cores
        assert many >= 1
        assert many * one.cores <= node.vcores
        assert many * one.memory_mb + MASTER_MB <= node.memory_mb


@given(names=NAMES)
def test_heap_and_overhead_fit_the_container(names: list[str]) -> None:
    one = sizing.container(sizing.nodes(names))
    assert one.heap_mb + max(384, int(one.heap_mb * OVERHEAD)) <= one.memory_mb


@given(names=NAMES)
def test_the_order_of_the_types_changes_nothing(names: list[str]) -> None:
    assert sizing.container(sizing.nodes(names)) == sizing.container(sizing.nodes(reversed(names)))
    assert sizing.container(sizing.nodes(names)) == sizing.container(sizing.nodes(names + names))


def test_an_executor_on_a_2xlarge() -> None:
    one = sizing.container(sizing.nodes(["m5.2xlarge", "m6i.2xlarge"]))
    assert (one.cores, one.memory_mb, one.heap_mb) == (4, 11072, 9323)
    assert 2 * one.memory_mb + MASTER_MB == 24576  # nothing of the node is left over


@given(names=NAMES, percent=st.integers(10, 100))
def test_a_share_of_a_node_is_never_more_than_it(names: list[str], percent: int) -> None:
    for whole, part in zip(sizing.nodes(names), sizing.shared(sizing.nodes(names), percent), strict=True):
        assert part.memory_mb <= whole.memory_mb * percent / 100
        assert part.vcores == whole.vcores


ENGINES = st.sampled_from(list(engines.PROFILES))


@given(engine=ENGINES, names=NAMES, spot=st.booleans())
def test_an_engine_asks_for_no_more_than_the_smallest_node(
    engine: Engine, names: list[str], spot: bool
) -> None:
    nodes = sizing.nodes(names)
    if engines.cramped(engine, nodes):
        return
    ground = Ground(nodes=nodes, spot=spot, speculative=False)
    classes = engines.PROFILES[engine].classes(ground)
    assert classes == engines.PROFILES[engine].classes(ground)  # the same, whenever it is asked
    given_to_yarn = int(classes.get("yarn-site", {}).get("yarn.nodemanager.resource.memory-mb", 0)) or min(
        node.memory_mb for node in nodes
    )
    if spark := classes.get("spark-defaults"):
        heap, factor = (
            int(spark["spark.executor.memory"][:-1]),
            float(spark["spark.executor.memoryOverheadFactor"]),
        )
        assert heap + max(384, int(heap * factor)) + MASTER_MB <= given_to_yarn
        assert int(spark["spark.executor.cores"]) <= min(node.vcores for node in nodes)
        assert heap >= engines.LEAST_HEAP_MB
    if flink := classes.get("flink-conf"):
        assert int(flink["taskmanager.memory.process.size"][:-1]) + MASTER_MB <= given_to_yarn
    if hive := classes.get("hive-site"):
        size = int(hive["hive.tez.container.size"])
        assert int(hive["hive.tez.java.opts"][4:-1]) <= size
        least = min(node.vcores for node in nodes)
        assert size * least + MASTER_MB <= given_to_yarn
        for node in nodes if engine == "hive" else ():
            assert size * node.vcores + MASTER_MB <= node.memory_mb
    if engine == "multi":
        trino = int(classes["trino-config"]["query.max-memory-per-node"][:-2])
        assert given_to_yarn + trino <= min(node.memory_mb for node in nodes)


def test_trino_runs_tasks_again_where_nodes_can_be_taken_away() -> None:
    nodes = [Node(memory_mb=24576, vcores=8)]
    steady = engines.PROFILES["trino"].classes(Ground(nodes=nodes, spot=False, speculative=False))
    shaky = engines.PROFILES["trino"].classes(Ground(nodes=nodes, spot=True, speculative=False))
    assert "trino-config" not in steady
    assert shaky["trino-config"] == {"retry-policy": "TASK"}
    assert shaky["trino-exchange-manager"] == {}


def test_speculation_is_off_unless_asked_for() -> None:
    for asked in (False, True):
        classes = engines.PROFILES["spark"].classes(
            Ground(nodes=sizing.nodes(["m5.xlarge"]), spot=True, speculative=asked)
        )
        assert classes["spark-defaults"]["spark.speculation"] == str(asked).lower()


def test_glue_is_the_catalog_of_every_engine_that_has_tables() -> None:
    ground = Ground(nodes=sizing.nodes(["m5.4xlarge"]), spot=False, speculative=False)
    for name, profile in engines.PROFILES.items():
        said = str(profile.classes(ground))
        assert ("AWSGlueDataCatalogHiveClientFactory" in said or "'glue'" in said) == profile.glue, name


def test_a_release_without_the_engine_is_refused_with_those_that_have_it() -> None:
    assert engines.refusal("spark", "emr-spark-8.0.0") is None
    assert engines.refusal("multi", "emr-7.13.0") is None
    assert engines.refusal("multi", "emr-spark-8.0.0") == (
        "engine: is 'multi', but emr-spark-8.0.0 has no Hive, Tez, Flink, Trino; releases that have it: emr-7.13.0"
    )


def test_nodes_too_small_for_every_engine_at_once_are_refused() -> None:
    assert engines.cramped("spark", sizing.nodes(["c5.xlarge"])) is None
    said = engines.cramped("multi", sizing.nodes(["c5.xlarge", "m5.4xlarge"]))
    assert said is not None
    assert "'multi' would have executors of 256 MB" in said
