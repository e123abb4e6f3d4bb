"""EMR Serverless of one account and region: its operations take a request in botocore's shape and answer in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from local.cloud.emr.releases import sort_key
from local.cloud.emr_serverless import requests, views
from local.cloud.emr_serverless.control import ServerlessControl
from local.cloud.emr_serverless.model import CHANGEABLE, RUN_WORDS, Application
from local.cloud.runs.backend import Json, Request, RunsBackend, Tagged
from local.cloud.runs.errors import AccessDeniedError, ConflictError, NotFoundError, ValidationError
from local.cloud.runs.listing import chosen
from local.cloud.runs.model import Run
from local.cloud.runs.surroundings import check_role, new_id

# What is in none of these answers NotImplemented (local/cloud/gateway.py).
OPERATIONS = (
    "CancelJobRun", "CreateApplication", "DeleteApplication", "GetApplication", "GetJobRun", "ListApplications",
    "ListJobRunAttempts", "ListJobRuns", "ListTagsForResource", "StartApplication", "StartJobRun",
    "StopApplication", "TagResource", "UntagResource", "UpdateApplication",
)  # fmt: skip


class ServerlessBackend(RunsBackend):
    """The operations of EMR Serverless."""

    control: ServerlessControl

    def __init__(self, region_name: str, account_id: str, *, control: ServerlessControl) -> None:
        super().__init__(region_name, account_id, control=control)
        self.applications = control.applications_of(account_id, region_name)

    def create_application(self, request: Request) -> Json:
        return self._once("CreateApplication", request, self._create)

    def get_application(self, request: Request) -> Json:
        return {"application": views.application(self._application(request))}

    def list_applications(self, request: Request) -> Json:
        found = [
            views.application_summary(a)
            for a in chosen(self.applications.values(), request, newest_first=False)
        ]
        return self._page("applications", found, request)

    def update_application(self, request: Request) -> Json:
        application = self._changeable(request)
        application.settings = requests.changed(application, request, self.account_id)
        application.version = sort_key(application.settings["releaseLabel"])
        application.updated = self.control.plane.now()
        return {"application": views.application(application)}

    def delete_application(self, request: Request) -> None:
        self.control.lifecycle.delete(self._changeable(request))

    def start_application(self, request: Request) -> None:
        application = self._application(request)
        if application.state in ("STARTING", "STARTED"):
            return
        self._must_be(application, CHANGEABLE, "STARTED")
        self.control.lifecycle.start(application)

    def stop_application(self, request: Request) -> None:
        application = self._application(request)
        if application.state in ("STOPPING", "STOPPED"):
            return
        self._must_be(application, ("STARTING", "STARTED"), "STOPPED")
        if application.active_runs():
            raise ValidationError(
                f"Application {application.id} cannot be stopped. All scheduled and running jobs must be completed "
                "or cancelled before stopping an application."
            )
        self.control.lifecycle.stop(application)

    def start_job_run(self, request: Request) -> Json:
        return self._once("StartJobRun", request, self._start_run)

    def get_job_run(self, request: Request) -> Json:
        application, run = self._run(request)
        number = request.get("attempt") or len(run.attempts)
        if number > len(run.attempts):
            raise NotFoundError(f"Attempt {number} of JobRun {run.id} does not exist")
        return {
            "jobRun": views.run(run, application, run.attempts[number - 1], self.control.lifecycle.sizes(run))
        }

    def list_job_runs(self, request: Request) -> Json:
        application = self._application(request)
        mode = request.get("mode")
        found = [
            views.run_summary(run, application)
            for run in chosen(application.runs.values(), request)
            if mode is None or run.request.get("mode", "BATCH") == mode
        ]
        return self._page("jobRuns", found, request)

    def list_job_run_attempts(self, request: Request) -> Json:
        application, run = self._run(request)
        found = [views.run_attempt(run, application, attempt) for attempt in run.attempts]
        return self._page("jobRunAttempts", found, request)

    def cancel_job_run(self, request: Request) -> Json:
        application, run = self._run(request)
        if not run.active:
            raise ValidationError(
                f"Job run {run.id} cannot be cancelled: it is {run.state}. It must be in one of the following "
                f"states: {[s for s in RUN_WORDS.all if s not in RUN_WORDS.ended]}"
            )
        grace = request.get("shutdownGracePeriodInSeconds")
        run.grace = run.grace if grace is None else float(grace)
        self.control.conductor.cancel(run, "Job run cancelled by user")
        return {"applicationId": application.id, "jobRunId": run.id}

    def _tagged(self) -> Iterator[Tagged]:
        yield from self.applications.values()
        yield from chain.from_iterable(a.runs.values() for a in self.applications.values())

    def _create(self, request: Request) -> Json:
        now, application_id = self.control.plane.now(), new_id(16, "00f")
        application = Application(
            id=application_id,
            arn=f"arn:{self.partition}:emr-serverless:{self.region_name}:{self.account_id}:"
            f"/applications/{application_id}",
            account_id=self.account_id,
            region=self.region_name,
            version=sort_key(request["releaseLabel"]),
            settings=requests.settings(request, self.account_id, self.region_name),
            tags=dict(request.get("tags") or {}),
            created=now,
            updated=now,
        )
        self.applications[application.id] = application
        self.control.lifecycle.create(application)
        return {"applicationId": application.id, "name": request.get("name"), "arn": application.arn}

    def _start_run(self, request: Request) -> Json:
        application = self._application(request)
        check_role(request["executionRoleArn"])
        if request["executionRoleArn"].split(":")[4] != self.account_id:
            # Seen by moto's authors on AWS.
            raise AccessDeniedError("Cross-account pass role is not allowed.")
        self._must_take_jobs(application)
        requests.check_driver(request, application.settings["type"])
        minutes = requests.timeout_minutes(request, application.version)
        run_id = new_id(16, "00g")
        streaming = request.get("mode") == "STREAMING"
        run = Run(
            id=run_id,
            arn=f"{application.arn}/jobruns/{run_id}",
            parent_id=application.id,
            request=request,
            created_by=self.caller,
            created=self.control.plane.now(),
            tags=dict(request.get("tags") or {}),
            service=self.control.lifecycle,
            retry=requests.retry(request, application.version),
            timeout=60.0 * minutes if minutes else None,
            grace=requests.STREAMING_GRACE_SECONDS if streaming else 0.0,
        )
        application.runs[run.id] = run
        self.control.conductor.submit(run)
        return {"applicationId": application.id, "jobRunId": run.id, "arn": run.arn}

    def _must_take_jobs(self, application: Application) -> None:
        if application.state == "TERMINATED":
            # Seen by moto's authors on AWS.
            raise ValidationError(f"Application {application.id} is terminated. Cannot start job run.")
        if not application.starts_by_itself:
            self._must_be(
                application, ("STARTING", "STARTED"), "used for job runs, for it does not auto-start"
            )

    def _once(self, operation: str, request: Request, do: Any) -> Json:
        tokens = self.control.tokens_of(self.account_id, self.region_name)
        return tokens.once(operation, request, lambda: do(request), ConflictError)

    def _application(self, request: Request) -> Application:
        application_id = request["applicationId"]
        if application_id not in self.applications:
            raise NotFoundError(f"Application {application_id} does not exist")
        return self.applications[application_id]

    def _changeable(self, request: Request) -> Application:
        application = self._application(request)
        if application.state not in CHANGEABLE:
            # Seen by moto's authors on AWS.
            raise ValidationError(
                f"Application {application.id} must be in one of the following statuses "
                f"[{', '.join(CHANGEABLE)}]. Current status: {application.state}"
            )
        return application

    def _must_be(self, application: Application, states: tuple[str, ...], what: str) -> None:
        """The words AWS has for StopApplication: https://github.com/gchq/sleeper/issues/1212."""
        if application.state not in states:
            raise ValidationError(
                f"Application cannot be {what}. Applications must be in one of the following statuses: "
                f"[{', '.join(states)}]"
            )

    def _run(self, request: Request) -> tuple[Application, Run]:
        application, run_id = self._application(request), request["jobRunId"]
        if run_id not in application.runs:
            raise NotFoundError(f"JobRun {run_id} does not exist")
        return application, application.runs[run_id]
