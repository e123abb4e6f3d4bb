"""`emrctl demo`, once: what it says, what it left running, what stands in the state."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from contextlib import closing
from ipaddress import ip_address
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Demo
from tests.local.spark.yarn_world import until

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(1500)]


def test_the_run_succeeded_and_its_record_tells_the_truth(demo: Demo) -> None:
    record = demo.result["run"]
    assert record["state"] == "SUCCEEDED"
    assert record["rows_read"] >= 336_776
    assert record["tasks"] > 0
    assert record["failed_tasks"] == 0
    assert record["bytes_read"] > 1_000_000
    assert record["cost_usd"] > 0
    assert record["duration_seconds"] > 0


def test_the_ten_worst_routes_are_shown_worst_first(demo: Demo) -> None:
    delays = [route["mean_arr_delay_minutes"] for route in demo.result["worst_routes"]]
    assert len(delays) == 10
    assert delays == sorted(delays, reverse=True)


def test_the_run_store_shows_the_record(demo: Demo) -> None:
    runs = demo.json("runs", "list")
    assert [run["run_id"] for run in runs] == [demo.result["run"]["run_id"]]
    assert demo.json("runs", "show", runs[0]["run_id"]) == runs[0]


def test_the_state_holds_the_cluster_with_its_fleets_and_the_task_fleet(demo: Demo) -> None:
    by_type = {resource["type"]: resource for resource in demo.resources()}
    cluster = by_type["aws:emr/cluster:Cluster"]["inputs"]
    assert {"masterInstanceFleet", "coreInstanceFleet"} <= set(cluster)
    assert (
        by_type["aws:emr/instanceFleet:InstanceFleet"]["outputs"]["clusterId"]
        == by_type["aws:emr/cluster:Cluster"]["id"]
    )


def test_an_outsider_sees_three_fleets_with_running_capacity(demo: Demo) -> None:
    emr = demo.client("emr")
    (cluster,) = emr.list_clusters(ClusterStates=["RUNNING", "WAITING"])["Clusters"]
    fleets = emr.list_instance_fleets(ClusterId=cluster["Id"])["InstanceFleets"]
    running = {
        fleet["InstanceFleetType"]: fleet["ProvisionedOnDemandCapacity"] + fleet["ProvisionedSpotCapacity"]
        for fleet in fleets
    }
    assert set(running) == {"MASTER", "CORE", "TASK"}
    assert min(running.values()) >= 1


def test_the_step_ran_under_the_jobs_own_role(demo: Demo) -> None:
    emr = demo.client("emr")
    (cluster,) = emr.list_clusters(ClusterStates=["RUNNING", "WAITING"])["Clusters"]
    (step,) = emr.list_steps(ClusterId=cluster["Id"])["Steps"]
    described = emr.describe_step(ClusterId=cluster["Id"], StepId=step["Id"])["Step"]
    assert described["Status"]["State"] == "COMPLETED"
    assert "nightly-etl" in described["ExecutionRoleArn"]


def test_logs_lie_in_the_log_bucket_in_emrs_layout(demo: Demo) -> None:
    platform = demo.json("stack", "outputs")["platform"]
    cluster = platform["clusters"]["main"]["id"]
    listed = demo.client("s3").list_objects_v2(Bucket=platform["buckets"]["logs"])["Contents"]
    keys = [entry["Key"] for entry in listed]
    for log in ("controller", "stdout", "stderr"):
        assert any(f"{cluster}/steps/" in key and key.endswith(f"/{log}.gz") for key in keys), log
    assert any(f"{cluster}/containers/application_" in key for key in keys)


def test_git_sees_nothing_of_a_local_run(demo: Demo) -> None:
    assert (demo.home / "work" / "Pulumi.dev.yaml").is_file(), (
        "the demo has run: what it left would be seen now"
    )
    for file in ROOT.glob("Pulumi.*.yaml"):
        assert "encryptionsalt" not in file.read_text(), file
    # The slash says that they are folders: a fresh clone has not made them yet, and git looks at what is there.
    folders = [".emrctl/", ".venv/"]
    ignored = subprocess.run(
        ["git", "check-ignore", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ignored.stdout.split() == folders


def test_secrets_of_the_local_run_are_for_the_user_alone(demo: Demo) -> None:
    for name in ("local.json", "passphrase"):
        assert (demo.home / name).stat().st_mode & 0o077 == 0, name


def test_no_credential_reached_logs_or_state(demo: Demo) -> None:
    secret = demo.client("s3")._request_signer._credentials.secret_key
    for file in demo.home.rglob("*"):
        if file.is_file() and file.name != "local.json" and file.stat().st_size < 50_000_000:
            assert secret.encode() not in file.read_bytes(), file


def test_sparks_own_pages_show_the_applications(demo: Demo) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with demo.start("local", "history", "--port", str(port), "--json") as server:
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            listed = f"{url}/api/v1/applications"
            until(lambda: len(_got(listed)) == 1, "the application is listed")
            (application,) = _got(listed)
            (attempt,) = application["attempts"]
            assert attempt["completed"]
            jobs = _got(f"{listed}/{application['id']}/{attempt['attemptId']}/jobs")
            assert jobs
            assert {job["status"] for job in jobs} == {"SUCCEEDED"}
            assert _foreign_listeners(server.pid) == []
        finally:
            os.killpg(server.pid, signal.SIGINT)
        assert server.wait(30) == 0


def test_sparks_own_pages_of_one_run_come_from_its_event_log(demo: Demo) -> None:
    run_id = demo.result["run"]["run_id"]
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with demo.start("runs", "ui", run_id, "--port", str(port), "--json") as server:
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            until(lambda: _page(url) is not None, "the page is there")
            assert f"nightly-etl-{run_id}" in str(_page(url))
            assert _foreign_listeners(server.pid) == []
        finally:
            os.killpg(server.pid, signal.SIGTERM)
        assert server.wait(30) == 0


def _page(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError:  # while the log is being read
        return None


def test_the_logs_of_the_run_are_shown_by_name(demo: Demo) -> None:
    logs = demo.json("runs", "logs", demo.result["run"]["run_id"])
    assert {"controller", "stderr", "driver stderr"} <= set(logs)
    assert "DAGScheduler" in logs["driver stderr"]


def _got(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def test_everything_listens_on_loopback_only(demo: Demo) -> None:
    status: dict[str, Any] = demo.json("local", "status")
    assert status["endpoint"].startswith("http://127.0.0.1:")
    assert _foreign_listeners(status["pid"]) == []


def _foreign_listeners(pid: int) -> list[str]:
    import psutil

    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return [
        f"{process.name()} {connection.laddr.ip}:{connection.laddr.port}"
        for process in family
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
        and not ip_address(connection.laddr.ip.removeprefix("::ffff:")).is_loopback
    ]
