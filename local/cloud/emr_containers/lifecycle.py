"""How the job runs of virtual clusters come to run, and how virtual clusters end; under the plane's lock."""

from __future__ import annotations

import logging
from collections.abc import Callable

from local.cloud.emr_containers.model import MAX_CONCURRENT_RUNS, RUN_WORDS, VirtualCluster
from local.cloud.runs import workers
from local.cloud.runs.conductor import Conductor
from local.cloud.runs.events import Emit, stamp
from local.cloud.runs.model import Run
from local.cloud.runs.surroundings import trust_policy
from local.contracts import JobRun, Sizes

log = logging.getLogger(__name__)
SOURCE = "aws.emr-containers"
TERMINATING_SECONDS = 0.1
_LAST_LETTERS = 120
# Spark's own on Kubernetes: https://spark.apache.org/docs/latest/configuration.html
DEFAULTS = Sizes(
    driver_cores=1, driver_memory_mb=1024, executors=2, executor_cores=1, executor_memory_mb=1024
)


class Lifecycle:
    """Ends virtual clusters; for their job runs it is the conductor's `Service`."""

    words = RUN_WORDS

    def __init__(
        self, conductor: Conductor, find: Callable[[str], VirtualCluster], partition: str, emit: Emit
    ) -> None:
        self._conductor, self._find, self._partition, self._emit = conductor, find, partition, emit

    def delete(self, cluster: VirtualCluster) -> None:
        """Begin to end a virtual cluster: its runs are cancelled; when they have ended, so has it."""
        cluster.state = "TERMINATING"
        for run in cluster.active_runs():
            self._conductor.cancel(run, "JobRun CANCELLED successfully.")
        self._end_when_empty(cluster)

    def resume(self, cluster: VirtualCluster) -> None:
        """Go on with a virtual cluster of a snapshot and its runs."""
        for run in cluster.runs.values():
            self._conductor.resume(run)
        self._end_when_empty(cluster)

    def next_state(self, run: Run) -> str | None:
        if run.state == "PENDING":
            return "SUBMITTED"
        cluster = self._find(run.parent_id)
        most = cluster.scheduler.get("maxConcurrentJobRuns", MAX_CONCURRENT_RUNS)
        return RUN_WORDS.running if cluster.taken() < most else None

    def obstacle(self, run: Run) -> str | None:
        role = run.request["executionRoleArn"]
        # Its trust in the cluster's service accounts is not judged: there is no Kubernetes to hold them.
        return None if trust_policy(role, self._partition) is not None else f"Role {role} does not exist."

    def contract(self, run: Run) -> JobRun:
        cluster, request = self._find(run.parent_id), run.request
        driver, overrides = request["jobDriver"], request.get("configurationOverrides") or {}
        spark, sql = driver.get("sparkSubmitJobDriver") or {}, driver.get("sparkSqlJobDriver") or {}
        parameters = spark.get("sparkSubmitParameters") or sql.get("sparkSqlParameters") or ""
        configurations = tuple(overrides.get("applicationConfiguration", ()))
        return JobRun(
            run_id=run.id,
            attempt=run.current.number,
            service="emr-containers",
            parent_id=cluster.id,
            region=cluster.region,
            release_label=request["releaseLabel"],
            execution_role_arn=request["executionRoleArn"],
            session_policies={},
            driver="spark-submit" if spark else "spark-sql",
            entry_point=spark.get("entryPoint") or sql.get("entryPoint", ""),
            arguments=tuple(spark.get("entryPointArguments", ())),
            parameters=parameters,
            configurations=configurations,
            sizes=workers.sizes(parameters, configurations, DEFAULTS),
            driver_logs=_driver_logs(cluster, run),
        )

    def tell_failure(self, error: str) -> str:
        return (
            f"JobRun failed. Last error seen in logs - {error[:_LAST_LETTERS]} - Please refer logs uploaded to "
            "S3/CloudWatch based on your monitoring configuration."
        )

    def changed(self, run: Run, previous: str | None) -> None:
        log.debug("job run %s was %s", run.id, previous)
        cluster = self._find(run.parent_id)
        detail = {
            "virtualClusterId": cluster.id, "id": run.id, "arn": run.arn, "name": run.request.get("name", ""),
            "state": run.state, "stateDetails": run.current.details, "releaseLabel": run.request["releaseLabel"],
            "executionRoleArn": run.request["executionRoleArn"], "createdBy": run.created_by,
            "createdAt": stamp(run.created), "updatedAt": stamp(run.current.updated),
        }  # fmt: skip
        self._emit(cluster.account_id, cluster.region, SOURCE, "EMR Job Run State Change", detail, [])
        if not run.active:
            self._conductor.nudge(cluster.active_runs())
            self._end_when_empty(cluster)

    def retried(self, run: Run) -> None:
        cluster = self._find(run.parent_id)
        detail = {
            "virtualClusterId": cluster.id, "id": run.id, "arn": run.arn, "name": run.request.get("name", ""),
            "currentAttemptCount": len(run.attempts),
        }  # fmt: skip
        self._emit(cluster.account_id, cluster.region, SOURCE, "EMR Job Run New Driver Attempt", detail, [])

    def _end_when_empty(self, cluster: VirtualCluster) -> None:
        def end() -> None:
            cluster.state = "TERMINATED"

        if cluster.state == "TERMINATING" and not cluster.active_runs():
            self._conductor.plane.after(TERMINATING_SECONDS, end)


def _driver_logs(cluster: VirtualCluster, run: Run) -> str | None:
    """`<log URI>/<virtual cluster>/jobs/<run>/containers/<Spark application>/<driver>`.

    https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/emr-eks-jobs-s3.html
    """
    overrides = run.request.get("configurationOverrides") or {}
    monitoring = overrides.get("monitoringConfiguration") or {}
    uri = (monitoring.get("s3MonitoringConfiguration") or {}).get("logUri")
    if not uri:
        return None
    return f"{uri.rstrip('/')}/{cluster.id}/jobs/{run.id}/containers/spark-{run.id}/spark-{run.id}-driver"
