"""What runs of EMR Serverless take of their application, wait for, and are billed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.emr_serverless import usage
from local.cloud.runs import workers
from local.contracts import Sizes
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.serverless import Serverless

SMALL = "--conf spark.driver.cores=1 --conf spark.driver.memory=1g --conf spark.executor.cores=1 " \
        "--conf spark.executor.memory=1g --conf spark.executor.instances=3"  # fmt: skip
SIZES = Sizes(driver_cores=1, driver_memory_mb=1024, executors=3, executor_cores=2, executor_memory_mb=2048)


@pytest.fixture
def serverless(cloud: Cloud) -> Serverless:
    return Serverless(cloud)


def driver(parameters: str) -> dict[str, Any]:
    said = {"sparkSubmitParameters": parameters} if parameters else {}
    return {"sparkSubmit": {"entryPoint": "s3://code/a.py", **said}}


def show(serverless: Serverless, application: str, run: str) -> Any:
    return serverless.api.get_job_run(applicationId=application, jobRunId=run)["jobRun"]


def submit(serverless: Serverless, application: str, parameters: str = SMALL) -> str:
    return serverless.submit(application, jobDriver=driver(parameters))[1]


def test_a_run_waits_until_the_maximum_capacity_has_room(serverless: Serverless) -> None:
    application = serverless.create(maximumCapacity={"cpu": "5 vCPU", "memory": "50 GB"})
    first = submit(serverless, application)
    serverless.cloud.pass_time(2)
    second = submit(serverless, application)
    serverless.cloud.pass_time(10)
    assert show(serverless, application, first)["state"] == "RUNNING"
    assert show(serverless, application, second)["state"] == "PENDING"
    assert serverless.cloud.jobs.started[first].sizes.executors == 3

    serverless.cloud.jobs.end(first)
    serverless.cloud.pass_time(1)
    assert show(serverless, application, second)["state"] == "RUNNING"


def test_a_run_gets_as_many_executors_as_there_is_room_for(serverless: Serverless) -> None:
    application = serverless.create(maximumCapacity={"cpu": "3 vCPU", "memory": "50 GB"})
    run = submit(serverless, application)
    serverless.cloud.pass_time(2)
    assert serverless.cloud.jobs.started[run].sizes.executors == 2


def test_a_run_that_can_never_fit_fails_in_the_services_words(serverless: Serverless) -> None:
    application = serverless.create(maximumCapacity={"cpu": "4 vCPU", "memory": "50 GB"})
    run = submit(serverless, application, "")  # a driver and executors of four vCPU each
    serverless.cloud.pass_time(2)
    told = show(serverless, application, run)
    assert told["state"] == "FAILED"
    assert "has exceeded maximumCapacity settings: [cpu: 4 vCPU]" in told["stateDetails"]


def test_what_a_run_used_and_is_billed_is_shown_when_it_has_ended(serverless: Serverless) -> None:
    application = serverless.create()
    run = submit(serverless, application)
    serverless.cloud.pass_time(2)
    assert "billedResourceUtilization" not in show(serverless, application, run)
    serverless.cloud.pass_time(1800)
    serverless.cloud.jobs.end(run)
    told = show(serverless, application, run)
    # Four workers of 1 vCPU and 2 GB for half an hour; the first 20 GB of a disk are free.
    assert told["totalResourceUtilization"]["vCPUHour"] == pytest.approx(2.0, abs=0.01)
    assert told["totalResourceUtilization"]["memoryGBHour"] == pytest.approx(4.0, abs=0.02)
    assert told["totalResourceUtilization"]["storageGBHour"] == pytest.approx(40.0, abs=0.2)
    assert told["billedResourceUtilization"]["storageGBHour"] == 0


def test_a_minute_is_billed_at_least() -> None:
    assert usage.billed(SIZES, 1, 3.0)["vCPUHour"] == usage.billed(SIZES, 1, 60.0)["vCPUHour"]
    assert usage.utilization(SIZES, 1, 3.0)["vCPUHour"] < usage.billed(SIZES, 1, 3.0)["vCPUHour"]


@pytest.mark.parametrize(
    ("parameters", "sizes"),
    [
        ("", usage.DEFAULTS),
        ("--executor-memory 2g --num-executors=7", {"executor_memory_mb": 2048, "executors": 7}),
        (
            "--conf spark.driver.memory=512m -c spark.driver.cores=2",
            {"driver_memory_mb": 512, "driver_cores": 2},
        ),
        ("--conf=spark.executor.cores=8", {"executor_cores": 8}),
        ("--conf spark.executor.memory=lots --executor-cores two", {}),
        ("--conf 'never closed", {}),
    ],
)
def test_sizes_are_read_as_spark_submit_takes_them(parameters: str, sizes: Any) -> None:
    wanted = sizes if isinstance(sizes, Sizes) else Sizes(**{**vars(usage.DEFAULTS), **sizes})
    assert workers.sizes(parameters, [], usage.DEFAULTS) == wanted


def test_the_runs_own_words_win_over_configurations() -> None:
    entries = [
        {
            "classification": "spark-defaults",
            "properties": {"spark.executor.cores": "2", "spark.driver.cores": "1"},
        }
    ]
    found = workers.sizes("--conf spark.executor.cores=16", entries, usage.DEFAULTS)
    assert (found.executor_cores, found.driver_cores) == (16, 1)


def test_a_worker_is_its_heap_and_what_is_beside_it() -> None:
    assert workers.driver(usage.DEFAULTS) == workers.Worker(vcpu=4, memory_gb=16)
    assert workers.executor(SIZES).memory_gb == 3  # 2 GB and 384 MB


@given(st.integers(1, 400), st.integers(1, 20), st.lists(st.integers(0, 50), max_size=5))
def test_what_is_granted_always_fits_and_no_more_could_be(most: int, wanted: int, others: list[int]) -> None:
    sizes = Sizes(**{**vars(SIZES), "executors": wanted})
    used = [{"cpu": units, "memory": 0} for units in others]
    got = usage.granted(sizes, {"cpu": most}, used)
    free = most - sum(others)
    if got is None:
        assert usage.taken(sizes, 1)["cpu"] > free
    else:
        assert 1 <= got <= wanted
        assert usage.taken(sizes, got)["cpu"] <= free
        assert got == wanted or usage.taken(sizes, got + 1)["cpu"] > free
