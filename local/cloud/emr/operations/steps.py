"""Steps: added, shown, cancelled."""

from __future__ import annotations

from local.cloud.emr import launch, policies, views
from local.cloud.emr.operations.lookup import Json, Lookup, Request
from local.cloud.emr.paging import page


class StepOperations(Lookup):
    """The operations on steps."""

    def add_job_flow_steps(self, request: Request) -> Json:
        cluster = self._changeable(request["JobFlowId"])
        now = self.control.plane.now()
        steps = launch.add_steps(
            cluster, request["Steps"], request.get("ExecutionRoleArn"), self.account, now
        )
        for step in steps:
            self.control.lifecycle.tell.step(cluster, step)
        self.control.scheduler.schedule(cluster)
        return {"StepIds": [step.id for step in steps]}

    def describe_step(self, request: Request) -> Json:
        return {"Step": views.step(self._step(self._cluster(request["ClusterId"]), request["StepId"]))}

    def list_steps(self, request: Request) -> Json:
        cluster = self._cluster(request["ClusterId"])
        ids, states = request.get("StepIds"), request.get("StepStates")
        if ids:
            steps = [self._step(cluster, step_id) for step_id in ids]
        else:
            steps = [s for s in reversed(cluster.steps) if not states or s.status.state in states]
        return page("Steps", [views.step_summary(s) for s in steps], request, 50)

    def cancel_steps(self, request: Request) -> Json:
        cluster = self._changeable(request["ClusterId"])
        policies.check_cancelled_count(len(request["StepIds"]))
        outcomes: list[Json] = []
        for step in [self._step(cluster, i) for i in request["StepIds"]]:
            refusal = self.control.scheduler.cancel(cluster, step)
            outcome = {"StepId": step.id, "Status": "FAILED" if refusal else "SUBMITTED", "Reason": refusal}
            outcomes.append(outcome)
        return {"CancelStepsInfoList": outcomes}
