"""How applications live and how their runs come to run: by timers, under the plane's lock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from local.cloud.emr_serverless import usage
from local.cloud.emr_serverless.model import RUN_WORDS, Application
from local.cloud.plane import Timer
from local.cloud.runs import workers
from local.cloud.runs.conductor import Conductor
from local.cloud.runs.events import Emit, stamp
from local.cloud.runs.model import Run
from local.cloud.runs.surroundings import trust_policy, trusts
from local.contracts import JobRun, Sizes

log = logging.getLogger(__name__)
SOURCE, PRINCIPAL = "aws.emr-serverless", "emr-serverless.amazonaws.com"
SECONDS = {
    "CREATING": 0.1,
    "STARTING": 0.2,
    "STOPPING": 0.1,
}  # in a state that passes by itself; minutes on AWS
_LAST_LETTERS = 120


class Lifecycle:
    """Changes the states of applications; for their runs it is the conductor's `Service`."""

    words = RUN_WORDS

    def __init__(
        self, conductor: Conductor, find: Callable[[str], Application], partition: str, emit: Emit
    ) -> None:
        self._conductor, self._find, self._partition, self._emit = conductor, find, partition, emit
        self._plane = conductor.plane

    def create(self, application: Application) -> None:
        """Begin: the application is CREATING."""
        self._tell(application)
        self._then(application, "CREATED")

    def start(self, application: Application) -> None:
        """Start an application that is CREATED or STOPPED."""
        self._become(application, "STARTING")
        self._then(application, "STARTED")

    def stop(self, application: Application) -> None:
        """Stop an application that has no run."""
        self._become(application, "STOPPING")
        self._then(application, "STOPPED")

    def delete(self, application: Application) -> None:
        """Delete an application that does not run."""
        self._become(application, "TERMINATED")

    def resume(self, application: Application) -> None:
        """Go on with an application of a snapshot and its runs; its idle time counts from now."""
        arrival = {"CREATING": "CREATED", "STARTING": "STARTED", "STOPPING": "STOPPED"}.get(application.state)
        if arrival is not None:
            self._then(application, arrival)
        for run in application.runs.values():
            self._conductor.resume(run)
            if run.state == "QUEUED":
                waited = self._plane.now() - run.current.updated
                self._set_queue_timeout(application, run, waited.total_seconds())
        self.rearm(application)

    def rearm(self, application: Application) -> None:
        """Count the idle time from now, when the application idles and is to stop by itself."""
        if application.idle_timer is not None:
            application.idle_timer.cancel()
            application.idle_timer = None
        seconds = application.idle_seconds
        if application.state == "STARTED" and seconds is not None and not application.active_runs():
            application.idle_timer = self._plane.after(seconds, lambda: self._idled(application))

    def next_state(self, run: Run) -> str | None:
        """From SUBMITTED over QUEUED, where others are before it, and PENDING, until the application runs."""
        application = self._find(run.parent_id)
        if run.state in ("SUBMITTED", "QUEUED"):
            return "PENDING" if self._has_room(application) else self._queue(application, run)
        if run.state == "SCHEDULED":
            return "RUNNING"
        if application.state == "STARTED":
            return "SCHEDULED" if self._has_capacity(application, run) else None
        if application.state in ("CREATED", "STOPPED") and application.starts_by_itself:
            self.start(application)
        return None

    def obstacle(self, run: Run) -> str | None:
        role = run.request["executionRoleArn"]
        policy = trust_policy(role, self._partition)
        if policy is not None and trusts(policy, PRINCIPAL):
            settings = self._find(run.parent_id).settings
            return usage.too_large(self.sizes(run), usage.limits(settings), settings)
        return (
            f"Could not assume runtime role {role} because it does not exist or isn't set up with the required "
            "trust relationship."
        )

    def sizes(self, run: Run) -> Sizes:
        """The workers that a run asks for."""
        application = self._find(run.parent_id)
        parameters = (run.request["jobDriver"].get("sparkSubmit") or {}).get("sparkSubmitParameters", "")
        return workers.sizes(parameters, _configurations(application, run), usage.DEFAULTS)

    def contract(self, run: Run) -> JobRun:
        application = self._find(run.parent_id)
        driver, sizes = run.request["jobDriver"], self.sizes(run)
        job = driver.get("sparkSubmit") or driver["hive"]
        return JobRun(
            run_id=run.id,
            attempt=run.current.number,
            service="emr-serverless",
            parent_id=application.id,
            region=application.region,
            release_label=application.settings["releaseLabel"],
            execution_role_arn=run.request["executionRoleArn"],
            session_policies=_session_policies(run.request.get("executionIamPolicy") or {}),
            driver="spark-submit" if "sparkSubmit" in driver else "hive",
            entry_point=job.get("entryPoint") or job["query"],
            arguments=tuple(job.get("entryPointArguments", ())),
            parameters=job.get("sparkSubmitParameters", ""),
            configurations=_configurations(application, run),
            sizes=replace(sizes, executors=run.executors or sizes.executors),
            driver_logs=_driver_logs(application, run),
        )

    def tell_failure(self, error: str) -> str:
        return (
            "Job failed, please check complete logs in configured logging destination. "
            f"Last few exceptions: {error[:_LAST_LETTERS]}"
        )

    def changed(self, run: Run, previous: str | None) -> None:
        application = self._find(run.parent_id)
        detail = {
            "jobRunId": run.id, "jobRunName": run.request.get("name", ""), "applicationId": application.id,
            "arn": run.arn, "releaseLabel": application.settings["releaseLabel"], "state": run.state,
            "createdBy": run.created_by, "createdAt": stamp(run.created), "updatedAt": stamp(run.current.updated),
        }  # fmt: skip
        if previous is not None:
            detail["previousState"] = previous
        self._send(application, "EMR Serverless Job Run State Change", detail)
        if not run.active:
            self._conductor.nudge(application.active_runs())
        self.rearm(application)

    def retried(self, run: Run) -> None:
        application = self._find(run.parent_id)
        detail = {
            "jobRunId": run.id, "applicationId": application.id, "arn": run.arn,
            "releaseLabel": application.settings["releaseLabel"], "attempt": run.current.number,
            "retryCount": run.current.number - 1, "createdBy": run.created_by, "createdAt": stamp(run.created),
            "updatedAt": stamp(run.current.updated),
        }  # fmt: skip
        self._send(application, "EMR Serverless Job Run Retry", detail)

    def _has_room(self, application: Application) -> bool:
        if application.scheduler is None:
            return True
        taken = [r for r in application.active_runs() if r.state not in ("SUBMITTED", "QUEUED")]
        return len(taken) < application.scheduler[0]

    def _has_capacity(self, application: Application, run: Run) -> bool:
        """Whether the maximum capacity has room for the run beside those that have theirs; then it is the run's."""
        most, sizes = usage.limits(application.settings), self.sizes(run)
        if usage.too_large(sizes, most, application.settings) is not None:
            return True  # it is told so when it is to start
        others = [
            usage.taken(self.sizes(other), other.executors or 0)
            for other in application.active_runs()
            if other is not run and other.state in ("SCHEDULED", "RUNNING", "CANCELLING")
        ]
        run.executors = usage.granted(sizes, most, others)
        return run.executors is not None

    def _queue(self, application: Application, run: Run) -> str | None:
        if run.state == "QUEUED" or application.scheduler is None:
            return None
        self._set_queue_timeout(application, run)
        return "QUEUED"

    def _set_queue_timeout(self, application: Application, run: Run, waited: float = 0.0) -> None:
        attempt = run.current

        def late() -> None:
            if attempt.state == "QUEUED":
                self._conductor.cancel(run, "The job run waited longer than the queue timeout")

        if application.scheduler is not None:
            self._plane.after(max(0.0, application.scheduler[1] - waited), late)

    def _idled(self, application: Application) -> None:
        log.info("application %s has idled and stops", application.id)
        self.stop(application)

    def _then(self, application: Application, state: str) -> Timer:
        passing = application.state

        def arrive() -> None:
            if application.state == passing:
                self._become(application, state)

        return self._plane.after(SECONDS[passing], arrive)

    def _become(self, application: Application, state: str) -> None:
        """The one place where an application's state changes."""
        application.state, application.updated = state, self._plane.now()
        log.info("application %s is %s", application.id, state)
        self._tell(application)
        self.rearm(application)
        self._conductor.nudge(application.active_runs())

    def _tell(self, application: Application) -> None:
        settings = application.settings
        detail = {
            "applicationId": application.id,
            "applicationName": settings.get("name", ""),
            "arn": application.arn,
            "releaseLabel": settings["releaseLabel"],
            "type": settings["type"],
            "state": application.state,
            "autoStartConfig": settings["autoStartConfiguration"],
            "autoStopConfig": {
                "enabled": settings["autoStopConfiguration"]["enabled"],
                "idleTimeout": settings["autoStopConfiguration"]["idleTimeoutMinutes"],
            },
            "createdAt": stamp(application.created),
            "updatedAt": stamp(application.updated),
        }
        self._send(application, "EMR Serverless Application State Change", detail)

    def _send(self, application: Application, kind: str, detail: dict[str, object]) -> None:
        self._emit(application.account_id, application.region, SOURCE, kind, detail, [])


def _configurations(application: Application, run: Run) -> tuple[Mapping[str, Any], ...]:
    """The application's own, then the run's, which win."""
    overrides = run.request.get("configurationOverrides") or {}
    return (
        *application.settings.get("runtimeConfiguration", ()),
        *overrides.get("applicationConfiguration", ()),
    )


def _driver_logs(application: Application, run: Run) -> str | None:
    """`<log URI>/applications/<application>/jobs/<run>/SPARK_DRIVER`; later attempts below `attempts/<number>`."""
    overrides = run.request.get("configurationOverrides") or {}
    monitoring = (
        overrides.get("monitoringConfiguration") or application.settings.get("monitoringConfiguration") or {}
    )
    uri = (monitoring.get("s3MonitoringConfiguration") or {}).get("logUri")
    if not uri:
        return None
    number = run.current.number
    attempt = f"/attempts/{number}" if number > 1 else ""
    return f"{uri.rstrip('/')}/applications/{application.id}/jobs/{run.id}{attempt}/SPARK_DRIVER"


def _session_policies(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A run may do what both its role and its policies allow: they are those of the session.

    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/jobs-cli-execution.html
    """
    found: dict[str, Any] = {"Policy": asked["policy"]} if asked.get("policy") else {}
    arns = asked.get("policyArns") or ()
    return {**found, "PolicyArns": [{"arn": arn} for arn in arns]} if arns else found
