"""What who submits a job may do: on clusters, on applications, and with a job's own cluster."""

from __future__ import annotations

import pytest

from infra.security import eks_policies, job_policies
from infra.security.needs import policy
from jobs.spec import EksTarget, Fallback, ServerlessTarget
from tests.infra.security.test_documents import (
    APPLICATION_ROLE,
    ARNS,
    ETL,
    GRANTS,
    JOB_ROLE,
    NAMES,
    ON_APPLICATION,
    ON_EKS,
    VIRTUAL_CLUSTERS,
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


PLACE = NAMES.arn("emr-containers", "/virtualclusters/4b8sm1x2yqk0")
POD_ROLE = NAMES.role_arn(NAMES.job_role(ON_EKS.name))


def test_a_run_on_eks_starts_on_a_cluster_that_the_stack_names_under_its_jobs_role_and_bears_its_name() -> (
    None
):
    start = named(GRANTS["submitter-of-all"], "StartTaggedRunsOnEks")
    assert (start["Action"], start["Resource"]) == (["emr-containers:StartJobRun"], [PLACE])
    assert start["Condition"] == {
        "StringEquals": {"aws:RequestTag/stack": "dev", "emr-containers:ExecutionRoleArn": [POD_ROLE]}
    }
    follow = named(GRANTS["submitter-of-all"], "FollowAndCancelRunsOnEks")
    assert follow["Resource"] == [f"{PLACE}/jobruns/*"]
    assert follow["Condition"] == {"StringEquals": {"aws:ResourceTag/stack": "dev"}}
    tag = named(GRANTS["submitter-of-all"], "TagRunsOnEksAsTheyStart")
    assert tag["Condition"]["StringEqualsIfExists"] == {"aws:ResourceTag/stack": "dev"}


def test_nothing_of_eks_is_granted_where_there_is_none_and_no_start_without_a_job_there() -> None:
    assert "emr-containers" not in GRANTS["submitter"]
    assert "containers/" not in GRANTS["submitter"]
    nobody_starts = policy(
        job_policies.submitter_needs(NAMES, [ETL], virtual_clusters=VIRTUAL_CLUSTERS), ARNS
    )
    assert "emr-containers:ListJobRuns" in nobody_starts
    assert "emr-containers:StartJobRun" not in nobody_starts
    assert f"{NAMES.bucket_arn('logs')}/containers/*" in nobody_starts


def test_pods_of_one_namespace_take_the_role_of_their_job_and_no_other() -> None:
    (trust,) = statements(job_policies.runtime_trust(ON_EKS, NAMES, VIRTUAL_CLUSTERS))
    provider = f"oidc.eks.us-east-1.amazonaws.com/id/{'AB' * 16}"
    assert trust["Principal"] == {"Federated": f"arn:aws:iam::{NAMES.account_id}:oidc-provider/{provider}"}
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    name = eks_policies.base36(NAMES.role(NAMES.job_role(ON_EKS.name)))
    assert trust["Condition"] == {
        "StringEquals": {f"{provider}:aud": "sts.amazonaws.com"},
        "StringLike": {
            f"{provider}:sub": f"system:serviceaccount:analytics:emr-containers-sa-*-*-{NAMES.account_id}-{name}"
        },
    }
    nobodys = {"team": VIRTUAL_CLUSTERS["team"].model_copy(update={"service_accounts": None})}
    for places in (nobodys, {}):
        (trust,) = statements(job_policies.runtime_trust(ON_EKS, NAMES, places))
        assert trust["Sid"] == "NodesOfThisStack"
    (trust,) = statements(job_policies.runtime_trust(ETL, NAMES, VIRTUAL_CLUSTERS))
    assert trust["Sid"] == "NodesOfThisStack"


def test_a_job_that_falls_back_to_eks_is_trusted_and_started_there_as_well() -> None:
    other = Fallback(runtime=EksTarget(kind="eks", virtual_cluster="team"), when_waiting=2)
    both = ETL.model_copy(update={"fallback": other})
    trusted = statements(job_policies.runtime_trust(both, NAMES, VIRTUAL_CLUSTERS))
    assert [one["Sid"] for one in trusted] == ["NodesOfThisStack", "PodsOfRuns"]
    grants = policy(job_policies.submitter_needs(NAMES, [both], virtual_clusters=VIRTUAL_CLUSTERS), ARNS)
    start = named(grants, "StartTaggedRunsOnEks")
    assert start["Condition"]["StringEquals"]["emr-containers:ExecutionRoleArn"] == [JOB_ROLE]


# What EMR's own tool has for them: the tests of aws-cli's emr-containers update-role-trust-policy.
@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", "0"),
        ("abcdefghijkl", "2x6xx5ubcrus4bplmr0"),
        ("+=,.@-_", "3bu5b0xg4tb"),
        ("abcdefghijkl+=,.@-_", "1ll75jdngh5gbk11wbh7h35ji05wtb"),
    ],
)
def test_a_roles_name_is_written_as_emr_writes_it(name: str, written: str) -> None:
    assert eks_policies.base36(name) == written
