"""What who submits a job may do: on clusters, on applications, and with a job's own cluster."""

from __future__ import annotations

from infra.security import job_policies
from infra.security.needs import policy
from jobs.spec import Fallback, ServerlessTarget
from tests.infra.security.test_documents import (
    APPLICATION_ROLE,
    ARNS,
    ETL,
    GRANTS,
    JOB_ROLE,
    NAMES,
    ON_APPLICATION,
    Statement,
    allows,
    statements,
)


def test_a_step_starts_only_under_a_jobs_own_role() -> None:
    start = next(
        s for s in statements(GRANTS["submitter"]) if "elasticmapreduce:AddJobFlowSteps" in s["Action"]
    )
    assert start["Condition"]["StringEquals"]["elasticmapreduce:ExecutionRoleArn"] == [JOB_ROLE]
    without = policy(job_policies.submitter_needs(NAMES, []), ARNS)
    assert not allows(
        without, "elasticmapreduce:AddJobFlowSteps", NAMES.arn("elasticmapreduce", "cluster/j-1")
    )


def named(document: str, sid: str) -> Statement:
    return next(statement for statement in statements(document) if statement["Sid"] == sid)


def test_a_role_is_passed_only_to_the_service_that_its_job_runs_on() -> None:
    document = GRANTS["submitter-of-all"]
    passed = {
        (arn, statement["Condition"]["StringEquals"]["iam:PassedToService"])
        for statement in statements(document)
        if statement["Action"] == ["iam:PassRole"]
        for arn in statement["Resource"]
    }
    assert passed == {
        (JOB_ROLE, "elasticmapreduce.amazonaws.com"),
        (APPLICATION_ROLE, "emr-serverless.amazonaws.com"),
        (NAMES.role_arn("service"), "elasticmapreduce.amazonaws.com"),
        (NAMES.role_arn("node"), "ec2.amazonaws.com"),
    }
    start = named(document, "StartStepsUnderJobRoles")
    assert start["Condition"]["StringEquals"]["elasticmapreduce:ExecutionRoleArn"] == [JOB_ROLE]


def test_a_run_is_started_on_an_application_of_the_stack_and_bears_its_name() -> None:
    start = named(GRANTS["submitter-of-all"], "StartTaggedRuns")
    assert start["Action"] == ["emr-serverless:StartJobRun"]
    assert start["Condition"] == {
        "StringEquals": {"aws:ResourceTag/stack": "dev", "aws:RequestTag/stack": "dev"}
    }
    tag = named(GRANTS["submitter-of-all"], "TagRunsAsTheyStart")
    assert tag["Resource"] == [NAMES.arn("emr-serverless", "/applications/*/jobruns/*")]
    assert tag["Condition"]["StringEqualsIfExists"] == {"aws:ResourceTag/stack": "dev"}
    nobody_starts = policy(job_policies.submitter_needs(NAMES, [ETL], applications=True), ARNS)
    assert "emr-serverless:GetJobRun" in nobody_starts
    assert "emr-serverless:StartJobRun" not in nobody_starts


def test_a_job_of_an_application_is_trusted_to_the_service_of_this_account_alone() -> None:
    (trust,) = statements(job_policies.runtime_trust(ON_APPLICATION, NAMES))
    assert trust["Principal"] == {"Service": "emr-serverless.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": NAMES.account_id},
        "ArnLike": {"aws:SourceArn": NAMES.arn("emr-serverless", "/applications/*")},
    }
    assert job_policies.cluster_jobs([ETL, ON_APPLICATION]) == [ETL.name]


def test_a_job_that_may_fall_back_is_trusted_and_passed_to_both() -> None:
    fallback = Fallback(runtime=ServerlessTarget(kind="serverless", application="adhoc"))
    both = ETL.model_copy(update={"fallback": fallback})
    assert [one["Sid"] for one in statements(job_policies.runtime_trust(both, NAMES))] == [
        "NodesOfThisStack", "ServiceOfThisAccount",
    ]  # fmt: skip
    grants = statements(policy(job_policies.submitter_needs(NAMES, [both], applications=True), ARNS))
    passed = {
        one["Condition"]["StringEquals"]["iam:PassedToService"]
        for one in grants
        if "iam:PassRole" in one["Action"]
    }
    assert passed == {"elasticmapreduce.amazonaws.com", "emr-serverless.amazonaws.com"}
