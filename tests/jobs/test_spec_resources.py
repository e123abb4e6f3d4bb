"""Size classes, and what no worker of EMR Serverless can hold."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest

from facts.instances import instance
from facts.workers import WORKER_MEMORY
from infra.compute import sizing
from jobs.spec import SIZES, Resources
from jobs.spec.sizes import Size, mebibytes, unfit_for_serverless
from tests.jobs.specs import job, told

SERVERLESS = {"kind": "serverless", "application": "adhoc"}


def test_a_size_gives_every_number_that_is_not_said() -> None:
    medium = Resources.model_validate({"size": "medium"})
    assert (medium.driver.cores, medium.driver.memory) == (2, "5g")
    assert (medium.executors.cores, medium.executors.memory, medium.executors.count) == (4, "10g", 4)
    more = Resources.model_validate({"size": "medium", "executors": {"count": 7}})
    assert more.executors == medium.executors.model_copy(update={"count": 7})
    assert more.driver == medium.driver
    assert Resources.model_validate({}) == Resources()


@pytest.mark.parametrize("size", get_args(Size))
@pytest.mark.parametrize("family", ["m5", "m6g"])
def test_executors_of_a_size_fill_the_nodes_and_fit_the_workers_that_they_are_for(
    size: Size, family: str
) -> None:
    resources = Resources.model_validate({"size": size})
    assert list(unfit_for_serverless(resources)) == []
    for part in (resources.driver, resources.executors):
        heap = mebibytes(part.memory)
        container = heap + max(sizing.LEAST_OVERHEAD_MB, int(heap * sizing.OVERHEAD))
        node = sizing.node(instance(f"{family}.{'2xlarge' if part.cores > 4 else 'xlarge'}"))
        whole = node.vcores // part.cores
        assert whole * container <= node.memory_mb  # as many as the vCPUs allow
    full = mebibytes(resources.executors.memory) * (1 + sizing.OVERHEAD) * whole
    assert full / node.memory_mb > 0.97


def test_every_size_is_larger_than_the_one_before() -> None:
    vcpus = [SIZES[size]["executors"]["cores"] * SIZES[size]["executors"]["count"] for size in get_args(Size)]
    assert all(4 <= after / before <= 8 for before, after in pairwise(vcpus))


@pytest.mark.parametrize(
    ("resources", "what"),
    [
        (
            {"size": "huge"},
            "resources.size: is 'huge'; input should be 'small', 'medium', 'large' or 'xlarge'",
        ),
        ({"size": ["small"]}, "resources.size: "),
        ({"size": "small", "driver": 3}, "resources.driver: is 3"),
        ({"size": "small", "executors": {"count": 0}}, "resources.executors.count: is 0"),
        ("small", "resources: is 'small'"),
    ],
)
def test_a_size_that_is_none_is_named(tmp_path: Path, resources: Any, what: str) -> None:
    (line,) = told(tmp_path, resources=resources)
    assert line.split(": ", 1)[1].startswith(what)


@pytest.mark.parametrize(
    ("executors", "what"),
    [
        (
            {"cores": 3, "memory": "4g"},
            "executors.cores: is 3; a worker of EMR Serverless has 1, 2, 4, 8, 16 vCPUs",
        ),
        (
            {"cores": 1, "memory": "8g"},
            "is 8g, with Spark's overhead 8.8 GB; a worker of 1 vCPUs of EMR Serverless has 2 to 8",
        ),
        ({"cores": 4, "memory": "28g"}, "resources.executors.memory: is 28g, with Spark's overhead 30.8 GB"),
        ({"cores": 16, "memory": "110g"}, "resources.executors.memory: is 110g"),
    ],
)
def test_what_no_worker_holds_is_refused_where_the_job_may_get_there(
    tmp_path: Path, executors: dict[str, Any], what: str
) -> None:
    (line,) = told(tmp_path, runtime=SERVERLESS, resources={"executors": executors})
    assert what in line
    (line,) = told(tmp_path, fallback={"runtime": SERVERLESS}, resources={"executors": executors})
    assert what in line
    job(resources={"executors": executors})  # a cluster has its own say


@pytest.mark.parametrize("cores", WORKER_MEMORY)
def test_the_largest_heap_of_each_worker_is_taken(cores: int) -> None:
    most = int(WORKER_MEMORY[cores][-1] / 1.1)  # 27 of 30 GB, as AWS' page reckons it
    assert (
        list(
            unfit_for_serverless(Resources.model_validate({"driver": {"cores": cores, "memory": f"{most}g"}}))
        )
        == []
    )


def test_a_fallback_is_another_place(tmp_path: Path) -> None:
    (line,) = told(tmp_path, runtime=SERVERLESS, fallback={"runtime": SERVERLESS})
    assert "fallback.runtime: is the place that the job runs on anyway" in line
    assert job(fallback={"runtime": SERVERLESS}).fallback is not None
