"""Job runs without a cluster: who may start them under which role, and who they are then."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from local.spark.clients import BotoClients, fixed
from local.spark.credentials import RoleError, assume
from tests.local.cloud.iam.conftest import (
    ACCOUNT,
    REGION,
    SERVICES,
    Cloud,
    allow,
    deny,
    policy,
    refused,
    trust,
)

SERVERLESS = "emr-serverless.amazonaws.com"
JOB = {"sparkSubmit": {"entryPoint": "s3://code/job.py"}}
POD_JOB = {"sparkSubmitJobDriver": {"entryPoint": "s3://code/job.py"}}


def application(aws: Cloud, **more: Any) -> str:
    """An EMR Serverless application of the administrator's."""
    given = {"releaseLabel": "emr-spark-8.0.0", "type": "SPARK", "clientToken": uuid.uuid4().hex, **more}
    return str(aws.client("emr-serverless").create_application(**given)["applicationId"])


def run(application_id: str, role: str) -> dict[str, Any]:
    """What StartJobRun is asked with."""
    return {
        "applicationId": application_id, "executionRoleArn": role, "jobDriver": JOB, "clientToken": uuid.uuid4().hex,
    }  # fmt: skip


def test_a_serverless_run_needs_the_right_to_pass_its_role_to_serverless(aws: Cloud) -> None:
    found = application(aws)
    role, other = (aws.role(trust({"Service": SERVERLESS})) for _ in range(2))
    start = allow(
        "emr-serverless:StartJobRun", on=f"arn:aws:emr-serverless:{REGION}:{ACCOUNT}:/applications/{found}"
    )

    def api(*services: str) -> Any:
        passing = [
            allow("iam:PassRole", on=role, StringEquals={"iam:PassedToService": each}) for each in services
        ]
        return aws.user(start, *passing).client("emr-serverless")

    for who in (api(), api("elasticmapreduce.amazonaws.com")):
        assert f"iam:PassRole on resource: {role}" in refused(who.start_job_run, **run(found, role))[1]
    may = api(SERVERLESS)
    may.start_job_run(**run(found, role))
    assert f"iam:PassRole on resource: {other}" in refused(may.start_job_run, **run(found, other))[1]
    assert "emr-serverless:StartJobRun" in refused(may.start_job_run, **run(application(aws), role))[1]


def test_an_application_is_made_with_the_tags_that_a_policy_asks_for_and_judged_by_them(aws: Cloud) -> None:
    made = allow("emr-serverless:CreateApplication", StringEquals={"aws:RequestTag/team": "a"})
    seen = allow("emr-serverless:GetApplication", StringEquals={"aws:ResourceTag/team": "a"})
    tagged = allow("emr-serverless:TagResource")
    api = aws.user(made, seen, tagged).client("emr-serverless")
    given = {"releaseLabel": "emr-spark-8.0.0", "type": "SPARK", "clientToken": uuid.uuid4().hex}
    assert (
        "emr-serverless:CreateApplication" in refused(api.create_application, **given, tags={"team": "b"})[1]
    )
    mine = api.create_application(**given, tags={"team": "a"})["applicationId"]
    api.get_application(applicationId=mine)
    theirs = application(aws, tags={"team": "b"})
    assert "emr-serverless:GetApplication" in refused(api.get_application, applicationId=theirs)[1]


def test_a_run_on_eks_is_judged_by_its_execution_role(aws: Cloud) -> None:
    eks, containers, namespace = aws.client("eks"), aws.client("emr-containers"), aws.name("team")
    role, other = (aws.role(trust({"Service": "pods.eks.amazonaws.com"})) for _ in range(2))
    eks.create_cluster(name=namespace, roleArn=role, resourcesVpcConfig={})
    provider = {"type": "EKS", "id": namespace, "info": {"eksInfo": {"namespace": namespace}}}
    cluster = containers.create_virtual_cluster(name=namespace, containerProvider=provider)["id"]
    arn = f"arn:aws:emr-containers:{REGION}:{ACCOUNT}:/virtualclusters/{cluster}"
    rule = allow("emr-containers:StartJobRun", on=arn, StringEquals={"emr-containers:ExecutionRoleArn": role})
    api = aws.user(rule).client("emr-containers")
    given = {"virtualClusterId": cluster, "releaseLabel": "emr-spark-8.0.0-latest", "jobDriver": POD_JOB}
    code, message = refused(api.start_job_run, **given, executionRoleArn=other)
    assert (code, f"emr-containers:StartJobRun on resource: {arn}" in message) == (
        "AccessDeniedException",
        True,
    )
    api.start_job_run(**given, executionRoleArn=role)  # the reference asks for no iam:PassRole


def clients(aws: Cloud, service: str) -> BotoClients:
    """The runner's own: with the key of the service that takes the roles of runs."""
    return BotoClients(aws.server.endpoint, REGION, fixed(SERVICES[service]))


def test_a_run_is_a_session_of_its_role_if_that_trusts_serverless_and_may_what_the_role_may(
    aws: Cloud,
) -> None:
    bucket = aws.bucket(a="1", b="2")
    reads = allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/a")
    role = aws.role(trust({"Service": SERVERLESS}), reads)
    session = assume(clients(aws, "emr-serverless"), role, "00r1")
    s3 = aws.client("s3", session.access_key_id, session.secret_access_key, session.session_token)
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
    message = refused(s3.get_object, Bucket=bucket, Key="b")[1]
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/00r1 is not authorized" in message
    of_nodes = aws.role(trust({"Service": "ec2.amazonaws.com"}), reads)
    with pytest.raises(
        RoleError, match=r"emr-serverless.amazonaws.com is not authorized to perform: sts:AssumeRole"
    ):
        assume(clients(aws, "emr-serverless"), of_nodes, "00r1")


def test_a_run_s_own_policies_narrow_its_role(aws: Cloud) -> None:
    bucket = aws.bucket(a="1")
    role = aws.role(trust({"Service": SERVERLESS}), allow("s3:*"))
    arn = aws.client("iam").create_policy(
        PolicyName=aws.name("own"), PolicyDocument=policy(allow("s3:ListBucket"))
    )["Policy"]["Arn"]
    for own in ({"policy": policy(allow("s3:ListBucket"))}, {"policyArns": [arn]}):
        given = run(application(aws), role)
        job = aws.client("emr-serverless").start_job_run(**given, executionIamPolicy=own)["jobRunId"]
        made = aws.server.serverless.of_run(job)
        assert made is not None
        with aws.server.plane.lock:
            contract = aws.server.serverless.lifecycle.contract(made.runs[job])
        session = assume(clients(aws, "emr-serverless"), role, job, **contract.session_policies)
        s3 = aws.client("s3", session.access_key_id, session.secret_access_key, session.session_token)
        s3.list_objects_v2(Bucket=bucket)
        assert "no session policy allows" in refused(s3.get_object, Bucket=bucket, Key="a")[1]


def test_a_role_s_trust_may_name_the_application_that_its_runs_are_of(aws: Cloud) -> None:
    mine, other = application(aws), application(aws)
    arn = f"arn:aws:emr-serverless:{REGION}:{ACCOUNT}:/applications/{mine}"
    asks = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": arn}}
    role = aws.role(trust({"Service": SERVERLESS}, **asks))
    api = aws.client("emr-serverless")
    inside, outside = (api.start_job_run(**run(each, role))["jobRunId"] for each in (mine, other))
    assume(clients(aws, "emr-serverless"), role, inside)
    with pytest.raises(RoleError, match="not authorized to perform: sts:AssumeRole"):
        assume(clients(aws, "emr-serverless"), role, outside)


def test_a_run_on_eks_is_a_session_of_its_role(aws: Cloud) -> None:
    role = aws.role(
        trust({"Federated": "arn:aws:iam::123456789012:oidc-provider/oidc.eks"}), allow("sqs:ListQueues")
    )
    session = assume(clients(aws, "emr-containers"), role, "r1")
    keys = (session.access_key_id, session.secret_access_key, session.session_token)
    aws.client("sqs", *keys).list_queues()
    assert "sqs:CreateQueue" in refused(aws.client("sqs", *keys).create_queue, QueueName="q")[1]


def test_a_run_in_a_vpc_passes_its_endpoint(aws: Cloud) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    bucket = aws.bucket(a="1")
    everything = {**allow("s3:*"), "Principal": "*"}
    closed = policy(everything, {**deny("s3:GetObject"), "Principal": "*"})
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway", PolicyDocument=closed
    )
    role = aws.role(trust({"Service": SERVERLESS}), allow("s3:*"))
    api = aws.client("emr-serverless")
    inside = application(aws, networkConfiguration={"subnetIds": [subnet], "securityGroupIds": ["sg-1"]})
    for found, told in ((inside, "AccessDenied"), (application(aws), None)):
        job = api.start_job_run(**run(found, role))["jobRunId"]
        session = assume(clients(aws, "emr-serverless"), role, job)
        s3 = aws.client("s3", session.access_key_id, session.secret_access_key, session.session_token)
        if told is None:
            assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
        else:
            code, message = refused(s3.get_object, Bucket=bucket, Key="a")
            assert (code, "explicit deny in a VPC endpoint policy" in message) == (told, True)
