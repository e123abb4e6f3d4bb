"""What who submits a job needs to start a cluster for it from a launch template, and to end that cluster. Pure."""

from __future__ import annotations

from infra.naming import Names
from infra.security import needs
from infra.security import statements as iam
from infra.security.needs import Need
from infra.tags import EMR_SCOPE, OF_A_JOB, STACK_KEY

# Neither knows resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_emr.html
ANYWHERE = ("elasticmapreduce:ListClusters", "elasticmapreduce:RunJobFlow")
OF_CLUSTERS = ("elasticmapreduce:AddTags", "elasticmapreduce:TerminateJobFlows")


def launch_needs(names: Names) -> tuple[Need, ...]:
    """Start clusters with the tags of a launch template, hand them the stack's two roles, and end just those.

    RunJobFlow asks for AddTags and for PassRole of both roles, each to its own service.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_emr.html
    """
    clusters = (names.arn("elasticmapreduce", "cluster/*"),)
    here = {"aws:RequestedRegion": names.region}
    of_a_job = {STACK_KEY: names.stack, **OF_A_JOB}
    owned = {f"elasticmapreduce:ResourceTag/{key}": value for key, value in of_a_job.items()}
    asked = {f"aws:RequestTag/{key}": value for key, value in {**of_a_job, **EMR_SCOPE}.items()}
    find, start = ANYWHERE
    tag, end = OF_CLUSTERS
    return (
        Need(
            name="StartTaggedClusters",
            why="A job starts its own cluster, which bears the tags of the launch template",
            actions=(start,),
            resources=("*",),
            condition={"StringEquals": {**here, **asked}},
        ),
        Need(
            name="TagClustersAsTheyStart",
            why="A job's cluster bears the tags of the launch template",
            actions=(tag,),
            resources=clusters,
            # IfExists: a cluster that is only being made has no tags yet; one that is there keeps those it has.
            condition={"StringEquals": asked, "StringEqualsIfExists": owned},
        ),
        Need(
            name="FindClusters",
            why="A cluster whose answer was lost is found again, not started twice",
            actions=(find,),
            resources=("*",),
            condition={"StringEquals": here},
        ),
        Need(
            name="EndClustersOfJobs",
            why="A job's cluster ends with the job, also when that is cancelled",
            actions=(end,),
            resources=clusters,
            condition={"StringEquals": owned},
        ),
        needs.pass_role(
            "PassServiceRole", "EMR runs the job's cluster", [names.role_arn("service")], iam.EMR
        ),
        needs.pass_role("PassNodeRole", "The nodes of the job's cluster", [names.role_arn("node")], iam.EC2),
    )
