"""Spark through EMR's API against the same script by hand on the same YARN: what a step costs beside the job."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import psutil

from bench.home import emrctl, up
from local import state
from local.processes import MARK
from local.spark import classifications, credentials, daemons, submit, toolchain
from local.state import LocalState
from local.submission import read

# Joins, ranks and writes; says when its first task ran, and when it was done.
JOB = """
import sys, time
import boto3
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

name = sys.argv[1]  # a worker has arguments of its own

def note(what):
    boto3.client("s3").put_object(Bucket="bench", Key=f"{name}/{what}", Body=str(time.time()).encode())

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize([0], 1).foreach(lambda _: note("first-task"))
if len(sys.argv) > 2:
    rows = spark.range(int(sys.argv[2])).selectExpr("id", "id % 365 as day", "id % 13 as k", "rand(7) as x")
    ranked = rows.withColumn("rank", F.row_number().over(Window.partitionBy("day").orderBy(F.desc("x"))))
    out = f"s3://bench/{name}/out/"
    ranked.where("rank <= 1000").repartition("k").write.mode("overwrite").partitionBy("k").parquet(out)
    spark.read.parquet(out).groupBy("day").agg(F.avg("x"), F.max("rank")).write.parquet(out + "days/")
note("end")
spark.stop()
"""
ROWS = "2000000"
CONF = {"spark.executor.instances": "2", "spark.executor.memory": "1g", "spark.driver.memory": "512m",
        "spark.dynamicAllocation.enabled": "false"}  # fmt: skip


@dataclass(kw_only=True)
class _Cluster:
    """A cluster of 1 + 2 and what talks to it."""

    home: Path
    state: LocalState
    id: str = ""

    def client(self, service: Any) -> Any:
        return boto3.client(
            service, endpoint_url=self.state.endpoint, region_name=self.state.region,
            aws_access_key_id=self.state.access_key_id, aws_secret_access_key=self.state.secret_access_key,
        )  # fmt: skip

    @cached_property
    def emr(self) -> Any:
        """The client of EMR, made once: to make one takes longer than what is measured with it."""
        return self.client("emr")

    def start(self) -> None:
        iam, s3 = self.client("iam"), self.client("s3")
        s3.create_bucket(Bucket="bench")
        s3.put_object(Bucket="bench", Key="job.py", Body=JOB.encode())
        for role in ("service", "nodes"):
            iam.create_role(
                RoleName=role, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
            )
        iam.create_instance_profile(InstanceProfileName="nodes")
        iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")
        group = {"InstanceType": "m5.xlarge", "Market": "ON_DEMAND"}
        groups = [
            {**group, "InstanceRole": role, "InstanceCount": n} for role, n in (("MASTER", 1), ("CORE", 2))
        ]
        self.id = self.emr.run_job_flow(
            Name="bench", ReleaseLabel="emr-spark-8.0.0", Applications=[{"Name": "Spark"}], ServiceRole="service",
            JobFlowRole="nodes", LogUri="s3://bench/logs/",
            Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceGroups": groups},
        )["JobFlowId"]  # fmt: skip
        self.emr.get_waiter("cluster_running").wait(ClusterId=self.id, WaiterConfig={"Delay": 1})

    def spark(self) -> Mapping[str, Any]:
        told = json.loads(emrctl(self.home, "local", "status", "--json"))
        return next((one for one in told["spark"] if one["cluster_id"] == self.id), {})

    def noted(self, name: str, what: str) -> float:
        return float(self.client("s3").get_object(Bucket="bench", Key=f"{name}/{what}")["Body"].read())

    def step(self, name: str, *more: str) -> float:
        """Run the job as a step; when it was asked for."""
        began = time.time()
        self.wait(self.add(name, *more))
        return began

    def add(self, name: str, *more: str) -> str:
        """Add the job as a step; its id."""
        jar = {"Jar": "command-runner.jar", "Args": ["spark-submit", *_words(name, *more)]}
        steps = [{"Name": name, "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar}]
        return str(self.emr.add_job_flow_steps(JobFlowId=self.id, Steps=steps)["StepIds"][0])

    def wait(self, step: str) -> None:
        """Return when a step has succeeded."""
        waiter = self.emr.get_waiter("step_complete")
        waiter.wait(ClusterId=self.id, StepId=step, WaiterConfig={"Delay": 1})

    def by_hand(self, name: str, *more: str) -> float:
        """Run the same with spark-submit, as one would on the primary node; when it was started."""
        folder, tools = self.home / "clusters" / self.id, toolchain.ensure()
        kept, file = self.state, self.home / "bench-credentials"
        credentials.keep(
            file,
            credentials.Session(
                access_key_id=kept.access_key_id, secret_access_key=kept.secret_access_key,
                session_token="", ends="",
            ),
        )  # fmt: skip
        own = {
            **credentials.environment(file, kept.endpoint, kept.region),
            **submit.LOCAL_ONLY,
        }
        environment = {
            **daemons.environment(tools, self.id, folder),
            **submit.environment(tools, folder, classifications.Applied()),
            **own,
            MARK: kept.instance,
        }
        given = submit.for_step(read(_words(name, *more)), name, own, folder / "tmp")
        began = time.time()
        subprocess.run(
            submit.command(given, tools, folder), check=True, capture_output=True, env=environment,
            stdin=subprocess.DEVNULL, cwd=self.home,
        )  # fmt: skip
        return began


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`: seconds, megabytes, and a job's time through a step against that by hand."""
    os.environ.pop(MARK, None)
    with tempfile.TemporaryDirectory(prefix="bench-spark-") as home, up(Path(home)):
        current = state.read(Path(home))
        assert current is not None, "it was just brought up"
        cluster = _Cluster(home=Path(home), state=current)
        cluster.start()
        ready = _ready(cluster)
        cluster.by_hand("warm")
        first: dict[str, list[float]] = {"step": [], "hand": []}
        whole: dict[str, list[float]] = {"step": [], "hand": []}
        ways: Mapping[str, Callable[..., float]] = {"step": cluster.step, "hand": cluster.by_hand}
        for run in range(runs):
            for way, start in ways.items():
                name = f"{way}-{run}"
                first[way].append(_first(cluster, start, name))
                began = start(f"{name}-whole", ROWS)
                whole[way].append(cluster.noted(f"{name}-whole", "end") - began)
        idle = _idle_megabytes(cluster)
    step, hand = (statistics.median(first[way]) for way in ("step", "hand"))
    return {
        "YARN ready after the first step arrives, s (aim 12)": round(ready, 1),
        "spark-submit by hand to its first task, s": round(hand, 2),
        "  a step beyond that, s (aim 1)": round(step - hand, 2),
        "the job through a step / by hand (aim 1.1)": round(
            statistics.median(whole["step"]) / statistics.median(whole["hand"]), 3
        ),
        "idle cluster of 1 + 2, MB (aim 1000)": idle,
    }


def _first(cluster: _Cluster, start: Callable[..., float], name: str) -> float:
    began = start(name)
    return cluster.noted(name, "first-task") - began


def _ready(cluster: _Cluster) -> float:
    """Seconds from a first step to a YARN that takes containers."""
    began = time.monotonic()
    step = cluster.add("ready")
    while not cluster.spark().get("ready"):
        pass
    seconds = time.monotonic() - began
    cluster.wait(step)
    return seconds


def _idle_megabytes(cluster: _Cluster) -> int:
    found = [psutil.Process(one["pid"]) for one in cluster.spark()["processes"]]
    return round(sum(process.memory_info().rss for process in found) / 1e6)


def _words(name: str, *more: str) -> list[str]:
    conf = [word for key, value in CONF.items() for word in ("--conf", f"{key}={value}")]
    return ["--deploy-mode", "cluster", *conf, "s3://bench/job.py", name, *more]
