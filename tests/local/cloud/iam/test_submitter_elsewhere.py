"""The submitter, enforced, on Serverless, on EKS and with a cluster of a run's own: what it does, and may not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emrctl import pages
from facts.errors import UserError
from infra.naming import KEYS, ZONES, Names
from infra.security import boundary_policy, cluster_policies, job_policies, key_policies, people_policies
from infra.security.emr_configuration import security_configuration
from infra.security.needs import KeyArns, Need, policy
from infra.settings.virtual_cluster import VirtualClusterSettings
from infra.storage import bucket_policies
from infra.tags import EMR_SCOPE, OF_A_JOB, STACK_KEY
from jobs import artifacts
from jobs.clock import Clock
from jobs.lifecycle import Lifecycle
from jobs.platform import Application, Buckets, Platform, Roles, VirtualCluster
from jobs.querying.asking import ask
from jobs.querying.copies import Copy
from jobs.runtimes.base import Phase
from jobs.spec import Ec2Target, EksTarget, JobSpec, ServerlessTarget, find
from local.cloud.clock import ManualClock
from local.cloud.iam.authority import Authority
from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeRunner
from tests.local.cloud.iam.conftest import ACCOUNT, ADMINISTRATOR, REGION, SERVICES, Cloud, User, refused

NAMES = Names(stack="elsewhere", region=REGION, account_id=ACCOUNT)
ETL = find("nightly-etl")
JOBS: dict[str, JobSpec] = {
    "serverless": ETL.model_copy(
        update={"name": "adhoc-etl", "runtime": ServerlessTarget(kind="serverless", application="adhoc")}
    ),
    "ec2": ETL.model_copy(update={"name": "once-etl", "runtime": Ec2Target(kind="ec2", template="once")}),
    "eks": ETL.model_copy(
        update={"name": "pod-etl", "runtime": EksTarget(kind="eks", virtual_cluster="team")}
    ),
}
RELEASE = "emr-spark-8.0.0"


class Stack:
    """A stack with an application and a virtual cluster, made by the administrator."""

    def __init__(self, aws: Cloud) -> None:
        self.aws = aws
        kms, iam = aws.client("kms"), aws.client("iam")
        made = {
            name: kms.create_key(Policy=key_policies.key_policy(NAMES, name))["KeyMetadata"]["Arn"]
            for name in KEYS
        }
        keys = KeyArns(**made)
        eks, containers = aws.client("eks"), aws.client("emr-containers")
        pods = iam.create_role(RoleName=NAMES.role("eks"), AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        eks.create_cluster(name="elsewhere", roleArn=pods, resourcesVpcConfig={})
        provider = {"type": "EKS", "id": "elsewhere", "info": {"eksInfo": {"namespace": "team"}}}
        virtual = containers.create_virtual_cluster(name="team", containerProvider=provider)["id"]
        application = aws.client("emr-serverless").create_application(
            name="adhoc",
            releaseLabel=RELEASE,
            type="SPARK",
            clientToken="adhoc-1",
            tags={STACK_KEY: NAMES.stack},
        )["applicationId"]
        bound = iam.create_policy(
            PolicyName=NAMES.role("boundary"), PolicyDocument=boundary_policy.boundary(NAMES, keys)
        )["Policy"]["Arn"]
        adopted = {"team": VirtualClusterSettings(adopt=virtual)}
        for role, (trusted, needs) in self._roles(adopted).items():
            iam.create_role(
                RoleName=NAMES.role(role), AssumeRolePolicyDocument=trusted, PermissionsBoundary=bound
            )
            iam.put_role_policy(
                RoleName=NAMES.role(role), PolicyName="own", PolicyDocument=policy(needs, keys)
            )
        for zone in ZONES:
            self._bucket(zone, keys)
        aws.client("dynamodb").create_table(
            TableName=NAMES.coordination_table, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "id")],
        )  # fmt: skip
        logs = f"s3://{NAMES.bucket('logs')}/"
        once = self._launch_template(keys)
        self.platform = Platform(
            schema_version=1, stack=NAMES.stack, environment="dev", region=REGION, account_id=ACCOUNT, clusters={},
            applications={"adhoc": Application(id=application, release_label=RELEASE, log_uri=f"{logs}serverless/")},
            virtual_clusters={"team": VirtualCluster(id=virtual, release_label=RELEASE, log_uri=f"{logs}containers/")},
            launch_templates={"once": {**once, "LogUri": f"{logs}elasticmapreduce/"}},
            event_log_uri=f"{logs}{job_policies.EVENT_LOGS}", coordination_table=NAMES.coordination_table,
            roles=Roles(jobs={job.name: NAMES.role_arn(NAMES.job_role(job.name)) for job in JOBS.values()}),
            buckets=Buckets(**{zone: NAMES.bucket(zone) for zone in ZONES}),
        )  # fmt: skip

    def _roles(self, adopted: dict[str, VirtualClusterSettings]) -> dict[str, tuple[str, tuple[Need, ...]]]:
        people, jobs = people_policies.people_trust(NAMES, ()), list(JOBS.values())
        nobody = json.dumps({"Version": "2012-10-17", "Statement": []})
        return {
            "service": (cluster_policies.service_trust(NAMES), cluster_policies.service_needs(NAMES)),
            "node": (
                cluster_policies.instance_trust(),
                cluster_policies.instance_needs(NAMES, [JOBS["ec2"].name], "certificates/nodes.zip"),
            ),
            "submitter": (
                people,
                job_policies.submitter_needs(
                    NAMES, jobs, applications=True, ephemeral=True, virtual_clusters=adopted
                ),
            ),
            "deployer": (people, job_policies.deployer_needs(NAMES, [job.name for job in jobs])),
            **{NAMES.job_role(job.name): (nobody, job_policies.runtime_needs(job, NAMES)) for job in jobs},
        }

    def _launch_template(self, keys: KeyArns) -> dict[str, Any]:
        """As the stack exports one, in a network of its own."""
        ec2, node = self.aws.client("ec2"), NAMES.role("node")
        self.aws.client("iam").create_instance_profile(InstanceProfileName=node)
        self.aws.client("iam").add_role_to_instance_profile(InstanceProfileName=node, RoleName=node)
        vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.0.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
        scope = [{"Key": key, "Value": value} for key, value in EMR_SCOPE.items()]
        ec2.create_tags(Resources=[subnet, group], Tags=scope)
        uri = f"s3://{NAMES.bucket('artifacts')}/certificates/nodes.zip"
        self.aws.client("emr").create_security_configuration(
            Name="scoped", SecurityConfiguration=security_configuration(NAMES, keys, uri)
        )
        fleet = {
            "InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1,
            "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
        }  # fmt: skip
        tags = {STACK_KEY: NAMES.stack, **OF_A_JOB, **EMR_SCOPE}
        return {
            "Name": "once", "ReleaseLabel": RELEASE, "ServiceRole": NAMES.role("service"), "JobFlowRole": node,
            "Applications": [{"Name": "Spark"}], "SecurityConfiguration": "scoped",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "Instances": {
                "InstanceFleets": [fleet], "Ec2SubnetIds": [subnet],
                "EmrManagedMasterSecurityGroup": group, "EmrManagedSlaveSecurityGroup": group,
            },
        }  # fmt: skip

    def _bucket(self, zone: str, keys: KeyArns) -> None:
        s3, bucket = self.aws.client("s3"), NAMES.bucket(zone)
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policies.data_policy(NAMES, zone))
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys.of(zone)}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def person(self, role: str) -> User:
        return self.aws.session(NAMES.role_arn(role), self.aws.client("sts"))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    # A server of its own, at today's time: a run is listed since the moment that the table had when it was kept.
    authority, clock = Authority(ACCOUNT, ADMINISTRATOR, SERVICES), ManualClock(datetime.now(UTC))
    with CloudServer(FakeRunner(), clock=clock, authority=authority) as server:
        yield Stack(Cloud(server, authority, itertools.count(1), clock))


@pytest.mark.parametrize("kind", JOBS)
def test_all_that_a_submitter_does_with_a_run_needs_no_other_right(
    stack: Stack, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Sent, listed, watched, its logs read, cancelled, explained, its pages asked for, and found by SQL."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws.server.endpoint)
    job, here = JOBS[kind], stack.platform
    artifacts.deploy(stack.person("deployer").boto3(), here, job, "prod")

    def sleep(seconds: float) -> None:
        stack.aws.clock.advance(seconds)
        stack.aws.server.plane.settle()

    submitter = stack.person("submitter").boto3()
    lifecycle = Lifecycle(submitter, here, clock=Clock(sleep=sleep))
    sent = lifecycle.start(job.name, "prod")
    (status,) = lifecycle.states([sent]).values()
    assert status is not None
    assert not status.phase.over
    assert [each.run_id for each in lifecycle.sweep(lifecycle.shared.open_attempts(job.name))] == [
        sent.run_id
    ]
    assert lifecycle.get(sent.run_id) == sent
    assert lifecycle.logs(sent) == {}
    assert lifecycle.watch(sent).look() is not None
    record = lifecycle.cancel(sent)
    assert record.state == "CANCELLED"
    status, there = lifecycle.there(sent)
    assert (status and status.phase, there) == (Phase.CANCELLED, True)
    assert lifecycle.logs(record) == {}
    assert lifecycle.explain(record)[0] is None
    with pytest.raises(UserError, match="left no event log"):
        pages.fetch(submitter, record, tmp_path)
    stack.aws.client("s3").put_object(Bucket=NAMES.bucket("logs"), Key=f"spark-events/app-{kind}", Body=b"{}")
    ended = {"application_id": f"app-{kind}", "event_log_uri": f"{here.event_log_uri}app-{kind}"}
    assert pages.fetch(submitter, record.model_copy(update=ended), tmp_path).endswith(f"/app-{kind}/jobs/")
    copy = Copy(s3=submitter.client("s3"), bucket=here.buckets.runs, folder=tmp_path)
    asked = ask(copy, f"SELECT run_id, state FROM runs WHERE runtime = '{kind}'")
    assert asked.rows == [(record.run_id, "CANCELLED")]


def _run_on_eks(stack: Stack, **changes: Any) -> dict[str, Any]:
    return {
        "virtualClusterId": stack.platform.virtual_clusters["team"].id, "releaseLabel": f"{RELEASE}-latest",
        "executionRoleArn": stack.platform.roles.jobs["pod-etl"], "tags": {STACK_KEY: NAMES.stack},
        "jobDriver": {"sparkSubmitJobDriver": {"entryPoint": "s3://code/a.py"}}, **changes,
    }  # fmt: skip


def test_on_eks_only_this_stacks_runs_under_its_jobs_roles(stack: Stack) -> None:
    api, mighty = (each.client("emr-containers") for each in (stack.person("submitter"), stack.aws))
    api.start_job_run(**_run_on_eks(stack))
    changes: tuple[dict[str, Any], ...] = (
        {"executionRoleArn": stack.platform.roles.jobs["adhoc-etl"]},  # a job that runs elsewhere
        {"tags": {STACK_KEY: "other"}},
        {"tags": {}},
    )
    for change in changes:
        assert refused(api.start_job_run, **_run_on_eks(stack, **change))[0] == "AccessDeniedException"
    place = stack.platform.virtual_clusters["team"].id
    theirs = mighty.start_job_run(**_run_on_eks(stack, tags={STACK_KEY: "other"}))["id"]
    for call in (api.cancel_job_run, api.describe_job_run):
        assert refused(call, virtualClusterId=place, id=theirs)[0] == "AccessDeniedException"
    assert refused(api.delete_virtual_cluster, id=place)[0] == "AccessDeniedException"
    provider = {"type": "EKS", "id": "elsewhere", "info": {"eksInfo": {"namespace": "other"}}}
    other = mighty.create_virtual_cluster(name="other", containerProvider=provider)["id"]
    for call, given in (
        (api.list_job_runs, {"virtualClusterId": other}),
        (api.start_job_run, _run_on_eks(stack, virtualClusterId=other)),
    ):
        assert refused(call, **given)[0] == "AccessDeniedException"
