"""The platform's own documents, enforced: what its nodes, jobs, submitter and deployer do, and may not do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

import jobs.platform
from facts.errors import UserError
from infra.naming import KEYS, ZONES, Names
from infra.network import endpoint_policies
from infra.security import boundary_policy, cluster_policies, job_policies, key_policies, people_policies
from infra.security.emr_configuration import security_configuration
from infra.security.needs import KeyArns, Need, policy
from infra.storage import bucket_policies
from infra.tags import EMR_SCOPE_KEY, STACK_KEY
from jobs import artifacts, channels, removal
from jobs.clock import Clock
from jobs.lifecycle import Lifecycle
from jobs.platform import Buckets, Roles
from jobs.spec import Breaker, Concurrency, load_catalog
from local.cloud.iam.report import Report
from local.spark.clients import BotoClients, fixed
from local.spark.credentials import Node, RoleError, environment, keep, of_step
from tests.local.cloud.fakes import FAILURE
from tests.local.cloud.iam.conftest import ACCOUNT, REGION, SERVICES, Cloud, User, allow, refused, trust

NAMES = Names(stack="iam", region=REGION, account_id=ACCOUNT)
(JOB,) = (spec for spec in load_catalog() if spec.name == "nightly-etl")
JOB_ARN = NAMES.role_arn(NAMES.job_role(JOB.name))
CERTIFICATES = "certificates/nodes.zip"
PEOPLE = people_policies.people_trust(NAMES, ())
ROLES: dict[str, tuple[str, tuple[Need, ...]]] = {
    "node": (
        cluster_policies.instance_trust(), cluster_policies.instance_needs(NAMES, [JOB.name], CERTIFICATES)
    ),
    "service": (cluster_policies.service_trust(NAMES), cluster_policies.service_needs(NAMES)),
    NAMES.job_role(JOB.name): (
        job_policies.runtime_trust(JOB, NAMES), job_policies.runtime_needs(JOB, NAMES)
    ),
    "submitter": (PEOPLE, job_policies.submitter_needs(NAMES, [JOB])),
    "deployer": (PEOPLE, job_policies.deployer_needs(NAMES, [JOB.name])),
    "analyst": (PEOPLE, people_policies.analyst_needs(NAMES)),
    "engineer": (PEOPLE, people_policies.engineer_needs(NAMES, production=False)),
    "break-glass": (people_policies.break_glass_trust(NAMES, ()), people_policies.break_glass_needs(NAMES)),
}  # fmt: skip


@dataclass(frozen=True)
class Platform:
    """The roles, keys and buckets of a stack, made by the administrator."""

    aws: Cloud
    keys: KeyArns

    def node(self) -> User:
        """A node of a cluster."""
        return self.aws.session(NAMES.role_arn("node"))

    def job(self) -> User:
        """A step of the job: its role taken, and its session tagged, by a node."""
        tags = [{"Key": "LakeFormationAuthorizedCaller", "Value": "Amazon EMR"}]
        return self.aws.session(JOB_ARN, self.node().client("sts"), Tags=tags)

    def person(self, role: str) -> User:
        """The administrator in a role for people."""
        return self.aws.session(NAMES.role_arn(role), self.aws.client("sts"))


@pytest.fixture(scope="module")
def platform(_enforcing: Cloud) -> Platform:
    aws = _enforcing
    kms, iam = aws.client("kms"), aws.client("iam")
    keys = KeyArns(
        **{
            name: kms.create_key(Policy=key_policies.key_policy(NAMES, name))["KeyMetadata"]["Arn"]
            for name in KEYS
        }
    )
    bound = iam.create_policy(
        PolicyName=NAMES.role("boundary"), PolicyDocument=boundary_policy.boundary(NAMES, keys)
    )["Policy"]["Arn"]
    for role, (trusted, needs) in ROLES.items():
        name = NAMES.role(role)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, PermissionsBoundary=bound)
        iam.put_role_policy(RoleName=name, PolicyName=role, PolicyDocument=policy(needs, keys))
    iam.create_instance_profile(InstanceProfileName=NAMES.role("node"))
    iam.add_role_to_instance_profile(InstanceProfileName=NAMES.role("node"), RoleName=NAMES.role("node"))
    for zone in ZONES:
        _bucket(aws.client("s3"), zone, keys.of(zone))
    return Platform(aws, keys)


def _workgroup(platform: Platform, name: str) -> None:
    """A workgroup as the program makes it: enforced, its results under the curated bucket's prefix."""
    location = f"s3://{NAMES.bucket('curated')}/{people_policies.QUERY_RESULTS}"
    platform.aws.client("athena").create_work_group(
        Name=name, Configuration={"ResultConfiguration": {"OutputLocation": location}}
    )


def _bucket(s3: Any, zone: str, key: str) -> None:
    bucket = NAMES.bucket(zone)
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policies.data_policy(NAMES, zone))
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def test_a_job_reads_its_inputs_and_writes_its_outputs(platform: Platform) -> None:
    landing, curated = NAMES.bucket("landing"), NAMES.bucket("curated")
    key = f"{JOB.inputs[0].prefix}2013.csv"
    platform.aws.client("s3").put_object(Bucket=landing, Key=key, Body=b"1")
    s3, out = platform.job().client("s3"), f"{JOB.outputs[0].prefix}by_day/part-0"
    assert s3.get_object(Bucket=landing, Key=key)["Body"].read() == b"1"
    s3.list_objects_v2(Bucket=landing, Prefix=JOB.inputs[0].prefix)
    # As S3A writes: a HEAD that finds nothing, parts, a copy for the rename, deletions.
    assert refused(s3.head_object, Bucket=curated, Key=out)[0] == "404"
    upload = s3.create_multipart_upload(Bucket=curated, Key=out)["UploadId"]
    part = s3.upload_part(Bucket=curated, Key=out, UploadId=upload, PartNumber=1, Body=b"x")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(Bucket=curated, Key=out, UploadId=upload, MultipartUpload={"Parts": parts})
    s3.copy_object(Bucket=curated, Key=f"{out}-2", CopySource=f"{curated}/{out}")
    s3.delete_objects(Bucket=curated, Delete={"Objects": [{"Key": out}]})


def test_a_job_reaches_no_other_s_data_and_no_key_directly(platform: Platform) -> None:
    session = platform.job()
    s3 = session.client("s3")
    for bucket, key in ((NAMES.bucket("landing"), "x"), (NAMES.bucket("curated"), "other/x")):
        assert refused(s3.put_object, Bucket=bucket, Key=key, Body=b"")[0] == "AccessDenied"
    assert refused(s3.list_objects_v2, Bucket=NAMES.bucket("curated"), Prefix="other/")[0] == "AccessDenied"
    kms = session.client("kms")
    assert (
        refused(kms.generate_data_key, KeyId=platform.keys.curated, KeySpec="AES_256")[0]
        == "AccessDeniedException"
    )
    assert (
        refused(session.client("sts").assume_role, RoleArn=JOB_ARN, RoleSessionName="test")[0]
        == "AccessDenied"
    )


def told(**clusters: str) -> jobs.platform.Platform:
    """What the stack exports; `clusters` are ids by name."""
    logs = f"s3://{NAMES.bucket('logs')}/"
    described = {
        name: jobs.platform.Cluster(
            id=id_, name=name, release_label="emr-spark-8.0.0", log_uri=f"{logs}elasticmapreduce/"
        )
        for name, id_ in clusters.items()
    }
    return jobs.platform.Platform(
        schema_version=1, stack="iam", environment="iam", region=REGION, account_id=ACCOUNT, clusters=described,
        event_log_uri=f"{logs}{job_policies.EVENT_LOGS}", roles=Roles(jobs={JOB.name: JOB_ARN}),
        buckets=Buckets(**{zone: NAMES.bucket(zone) for zone in ZONES}), coordination_table=NAMES.coordination_table,
    )  # fmt: skip


def test_channels_move_and_are_read_by_the_deployer_the_submitter_and_the_job(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", platform.aws.server.endpoint)
    here = told()
    deployer, submitter = (platform.person(role).boto3() for role in ("deployer", "submitter"))
    with pytest.raises(
        UserError, match="has no version in channel 'canary'"
    ):  # a 404, which needs s3:ListBucket
        artifacts.resolve(submitter, here, JOB.name, "canary")
    made = artifacts.deploy(deployer, here, JOB, "canary")
    assert (made.uploaded, made.moved) == (True, True)
    found = artifacts.resolve(submitter, here, JOB.name, "canary")
    assert found.manifest.digest == made.digest
    bucket, _, key = found.main_uri.removeprefix("s3://").partition("/")
    assert platform.job().client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert refused(submitter.client("s3").delete_object, Bucket=bucket, Key=key)[0] == "AccessDenied"


@pytest.fixture(scope="module")
def table(platform: Platform) -> str:
    """The table of runs under way."""
    platform.aws.client("dynamodb").create_table(
        TableName=NAMES.coordination_table, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "id")],
    )  # fmt: skip
    return NAMES.coordination_table


def test_the_deployer_promotes_rolls_back_and_removes_versions_and_nothing_for_good(
    platform: Platform, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", platform.aws.server.endpoint)
    monkeypatch.setattr(removal, "GRACE", timedelta(days=-1))  # what is new is old already
    here, deployer, submitter = told(), *(platform.person(role).boto3() for role in ("deployer", "submitter"))
    specs = [JOB.model_copy(update={"timeout_minutes": minutes}) for minutes in range(1, 5)]
    one, two, three, four = (artifacts.deploy(deployer, here, spec, "dev").digest for spec in specs)
    assert channels.promote(deployer, here, JOB.name, one[:12], "prod").digest == one
    assert channels.rollback(deployer, here, JOB.name, "dev").digest == three
    assert {version.digest for version in channels.versions(deployer, here, JOB.name)} >= {
        one,
        two,
        three,
        four,
    }
    assert two in removal.gc(deployer, here, JOB.name, keep=1).versions
    assert refused(submitter.client("s3").put_object, Bucket=NAMES.bucket("artifacts"),
                   Key=f"{JOB.name}/channels/dev.json", Body=b"")[0] == "AccessDenied"  # fmt: skip
    s3, key = deployer.client("s3"), artifacts.manifest_key(JOB.name, two)
    gone = {"Bucket": NAMES.bucket("artifacts"), "Key": key, "VersionId": "any"}
    assert refused(s3.delete_object, **gone)[0] == "AccessDenied"  # of old versions of the bucket
    record = {"Bucket": NAMES.bucket("runs"), "Key": f"records/v1/job={JOB.name}/date=2026-01-01/x.json"}
    assert refused(s3.put_object, **record, Body=b"")[0] == "AccessDenied"
    assert refused(s3.delete_object, **record)[0] == "AccessDenied"
    run = {"TableName": table, "Key": {"kind": {"S": "run"}, "id": {"S": "x"}}}
    assert refused(deployer.client("dynamodb").delete_item, **run)[0] == "AccessDeniedException"


def test_an_analyst_reads_curated_data_and_keeps_results_there(platform: Platform) -> None:
    curated, key = NAMES.bucket("curated"), f"{JOB.outputs[0].prefix}by_day/part-1"
    platform.aws.client("s3").put_object(Bucket=curated, Key=key, Body=b"1")
    s3 = platform.person("analyst").client("s3")
    assert s3.get_object(Bucket=curated, Key=key)["Body"].read() == b"1"
    s3.put_object(Bucket=curated, Key=f"{people_policies.QUERY_RESULTS}q.csv", Body=b"")
    assert refused(s3.put_object, Bucket=curated, Key=key, Body=b"")[0] == "AccessDenied"
    assert refused(s3.list_objects_v2, Bucket=NAMES.bucket("landing"))[0] == "AccessDenied"


def test_an_engineer_puts_data_right_and_runs_nothing(platform: Platform) -> None:
    session = platform.person("engineer")
    session.client("s3").put_object(Bucket=NAMES.bucket("landing"), Key="other/x", Body=b"")
    run = refused(session.client("s3").put_object, Bucket=NAMES.bucket("runs"), Key="records/x", Body=b"")
    assert run[0] == "AccessDenied"


def test_the_glass_is_broken_with_a_second_factor_alone(platform: Platform) -> None:
    take = {"RoleArn": NAMES.role_arn("break-glass"), "RoleSessionName": "test"}
    assert refused(platform.aws.client("sts").assume_role, **take)[0] == "AccessDenied"


def test_only_nodes_take_a_job_s_role(platform: Platform) -> None:
    for client in (platform.aws.client("sts"), platform.person("submitter").client("sts")):
        assert refused(client.assume_role, RoleArn=JOB_ARN, RoleSessionName="test")[0] == "AccessDenied"


def test_a_node_keeps_logs_and_sees_no_data(platform: Platform) -> None:
    s3 = platform.node().client("s3")
    s3.put_object(Bucket=NAMES.bucket("logs"), Key="elasticmapreduce/j-1/steps/s-1/stderr.gz", Body=b"")
    key = f"{JOB.inputs[0].prefix}2013.csv"
    assert refused(s3.get_object, Bucket=NAMES.bucket("landing"), Key=key)[0] == "AccessDenied"


def test_no_policy_that_is_attached_later_reaches_beyond_the_boundary(platform: Platform) -> None:
    iam, name = platform.aws.client("iam"), NAMES.role("deployer")
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_role_policy(
        RoleName=name, PolicyName="late", PolicyDocument=json.dumps({"Version": "2012-10-17", **everything})
    )
    try:
        code, message = refused(platform.person("deployer").client("iam").list_roles)
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="late")
    assert (code, "no permissions boundary allows" in message) == ("AccessDenied", True)


@pytest.fixture(scope="module")
def cluster(platform: Platform) -> str:
    """A cluster of the stack, in its own subnet."""
    aws = platform.aws
    ec2, emr = aws.client("ec2"), aws.client("emr")
    tags = [{"Key": EMR_SCOPE_KEY, "Value": "true"}]
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[subnet, group], Tags=tags)
    uri = f"s3://{NAMES.bucket('artifacts')}/{CERTIFICATES}"
    emr.create_security_configuration(
        Name="scoped", SecurityConfiguration=security_configuration(NAMES, platform.keys, uri)
    )
    cluster_id: str = emr.run_job_flow(**launch(subnet, group))["JobFlowId"]
    return cluster_id


def launch(subnet: str, group: str, **changes: Any) -> dict[str, Any]:
    """A RunJobFlow of the stack's."""
    fleet = {
        "InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1,
        "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
    }  # fmt: skip
    instances = {
        "InstanceFleets": [fleet], "KeepJobFlowAliveWhenNoSteps": True, "Ec2SubnetIds": [subnet],
        "EmrManagedMasterSecurityGroup": group, "EmrManagedSlaveSecurityGroup": group,
    }  # fmt: skip
    return {
        "Name": "main", "ReleaseLabel": "emr-spark-8.0.0", "ServiceRole": NAMES.role("service"),
        "JobFlowRole": NAMES.role("node"), "SecurityConfiguration": "scoped", "Instances": instances,
        "Tags": [{"Key": EMR_SCOPE_KEY, "Value": "true"}, {"Key": STACK_KEY, "Value": NAMES.stack}], **changes,
    }  # fmt: skip


STEP = {"Name": "s", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "command-runner.jar"}}


def test_a_run_needs_nothing_beyond_the_submitter_s_and_the_deployer_s_roles(
    platform: Platform, cluster: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deployed, started, refused while one is under way, cancelled when its time is up, recorded; the breaker open."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", platform.aws.server.endpoint)
    aws, here = platform.aws, told(main=cluster)
    spec = JOB.model_copy(
        update={"breaker": Breaker(failures=1), "concurrency": Concurrency(when_full="fail")}
    )
    artifacts.deploy(platform.person("deployer").boto3(), here, spec, "prod")
    server, clock = aws.server, aws.clock

    def sleep(seconds: float) -> None:
        clock.advance(seconds)
        server.plane.settle()
        for step in aws.client("emr").list_steps(ClusterId=cluster, StepStates=["CANCEL_PENDING"])["Steps"]:
            server.sink.finished(cluster, step["Id"], FAILURE)
        server.plane.settle()

    sleep(10)
    lifecycle = Lifecycle(platform.person("submitter").boto3(), here, clock=Clock(sleep=sleep))
    started = lifecycle.start(JOB.name, "prod")
    sleep(1)
    with pytest.raises(UserError, match=f"are under way: {started.run_id}"):
        lifecycle.run(JOB.name, "prod")
    # The local EMR's clock stands in the past, so that the step has run for longer than it may.
    record = lifecycle.follow(started)
    assert (record.state, record.attempts[0].id) == ("TIMED_OUT", record.attempts[0].id)
    assert lifecycle.logs(record) == {}
    with pytest.raises(UserError, match="circuit breaker of 'nightly-etl' is open"):
        lifecycle.start(JOB.name, "prod")
    lifecycle.shared.reset(JOB.name)
    assert lifecycle.store.list_runs() == [record]
    for role in ("analyst", "engineer"):
        read = platform.person(role).client("dynamodb").get_item
        key = {"kind": {"S": "breaker"}, "id": {"S": JOB.name}}
        assert refused(read, TableName=table, Key=key)[0] == "AccessDeniedException"


def test_the_submitter_starts_steps_under_job_roles_alone(platform: Platform, cluster: str) -> None:
    emr = platform.person("submitter").client("emr")
    given: dict[str, Any] = {"JobFlowId": cluster, "Steps": [STEP]}
    step = emr.add_job_flow_steps(**given, ExecutionRoleArn=JOB_ARN)["StepIds"][0]
    emr.describe_step(ClusterId=cluster, StepId=step)
    assert refused(emr.add_job_flow_steps, **given)[0] == "AccessDeniedException"
    other = NAMES.role_arn("node")
    assert refused(emr.add_job_flow_steps, **given, ExecutionRoleArn=other)[0] == "AccessDeniedException"
    assert refused(emr.terminate_job_flows, JobFlowIds=[cluster])[0] == "AccessDeniedException"
    platform.aws.client("emr").add_tags(ResourceId=cluster, Tags=[{"Key": STACK_KEY, "Value": "another"}])
    assert refused(emr.describe_cluster, ClusterId=cluster)[0] == "AccessDeniedException"


def test_a_cluster_and_a_step_need_the_right_to_pass_their_roles(platform: Platform, cluster: str) -> None:
    aws = platform.aws
    service, node = NAMES.role_arn("service"), NAMES.role_arn("node")

    def api(**passed: str) -> Any:
        passing = [
            allow("iam:PassRole", on=role, StringEquals={"iam:PassedToService": f"{to}.amazonaws.com"})
            for to, role in passed.items()
        ]
        return aws.user(allow("elasticmapreduce:*"), *passing).client("emr")

    _, subnet, group = network(platform)
    request = launch(subnet, group)
    assert f"iam:PassRole on resource: {service}" in refused(api(ec2=node).run_job_flow, **request)[1]
    assert (
        f"iam:PassRole on resource: {node}"
        in refused(api(elasticmapreduce=service).run_job_flow, **request)[1]
    )
    api(elasticmapreduce=service, ec2=node).run_job_flow(**request)
    step: dict[str, Any] = {"JobFlowId": cluster, "Steps": [STEP], "ExecutionRoleArn": JOB_ARN}
    assert f"iam:PassRole on resource: {JOB_ARN}" in refused(api(ec2=JOB_ARN).add_job_flow_steps, **step)[1]
    api(elasticmapreduce=JOB_ARN).add_job_flow_steps(**step)
    request = launch(subnet, group, SecurityConfiguration=None)
    given = {key: value for key, value in request.items() if value is not None}
    bare = aws.client("emr").run_job_flow(**given)["JobFlowId"]
    step["JobFlowId"] = bare
    code, message = refused(aws.client("emr").add_job_flow_steps, **step)
    assert (code, "EnableApplicationScopedIAMRole" in message) == ("ValidationException", True)


def network(platform: Platform, *, tagged: bool = True) -> tuple[str, str, str]:
    """VPC, subnet and group, with EMR's tag or without."""
    ec2 = platform.aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    if tagged:
        ec2.create_tags(Resources=[subnet, group], Tags=[{"Key": EMR_SCOPE_KEY, "Value": "true"}])
    return vpc, subnet, group


def provisioned(platform: Platform, request: dict[str, Any]) -> dict[str, Any]:
    """A cluster when provisioning is over."""
    emr = platform.aws.client("emr")
    cluster_id = emr.run_job_flow(**request)["JobFlowId"]
    platform.aws.clock.advance(10)
    platform.aws.server.plane.settle()
    found: dict[str, Any] = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]
    return found


def test_a_cluster_comes_up_where_its_service_role_may_launch_it(platform: Platform, cluster: str) -> None:
    _, subnet, group = network(platform)
    status = provisioned(platform, launch(subnet, group))["Status"]
    assert status["State"] == "WAITING", status
    _, subnet, group = network(platform, tagged=False)
    status = provisioned(platform, launch(subnet, group))["Status"]
    assert status["StateChangeReason"]["Code"] == "VALIDATION_ERROR"
    assert "has insufficient EC2 permissions" in status["StateChangeReason"]["Message"]
    assert (
        f"ec2:CreateFleet on resource: arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{subnet}"
        in status["StateChangeReason"]["Message"]
    )


def test_a_service_role_that_does_not_trust_emr_brings_nothing_up(platform: Platform, cluster: str) -> None:
    _, subnet, group = network(platform)
    wrong = platform.aws.role(cluster_policies.instance_trust()).rpartition("/")[2]
    reason = provisioned(platform, launch(subnet, group, ServiceRole=wrong))["Status"]["StateChangeReason"]
    assert "elasticmapreduce.amazonaws.com cannot assume the role" in reason["Message"]


def test_a_node_s_requests_pass_the_endpoint_of_its_vpc(platform: Platform, cluster: str) -> None:
    vpc, subnet, group = network(platform)
    found = provisioned(platform, launch(subnet, group))
    instances = platform.aws.client("emr").list_instances(ClusterId=found["Id"])["Instances"]
    narrow = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:*",
        "Resource": f"{NAMES.bucket_arn('logs')}/elasticmapreduce/j-1/*",
    }  # fmt: skip
    endpoint = platform.aws.client("ec2").create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{REGION}.s3",
        PolicyDocument=json.dumps({"Statement": narrow}),
    )["VpcEndpoint"]["VpcEndpointId"]
    told = platform.aws.machine("sts").assume_role(
        RoleArn=NAMES.role_arn("node"), RoleSessionName=instances[0]["Ec2InstanceId"]
    )["Credentials"]
    s3 = platform.aws.client("s3", told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"])
    logs = NAMES.bucket("logs")
    s3.put_object(Bucket=logs, Key="elasticmapreduce/j-1/x", Body=b"")
    code, message = refused(s3.put_object, Bucket=logs, Key="elasticmapreduce/j-2/x", Body=b"")
    assert (code, "because no VPC endpoint policy allows" in message) == ("AccessDenied", True)
    platform.aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    s3.put_object(Bucket=logs, Key="elasticmapreduce/j-2/x", Body=b"")


def test_the_platform_s_endpoint_lets_nodes_reach_this_stack_s_buckets_alone(
    platform: Platform, cluster: str
) -> None:
    vpc, subnet, group = network(platform)
    found = provisioned(platform, launch(subnet, group))
    instances = platform.aws.client("emr").list_instances(ClusterId=found["Id"])["Instances"]
    endpoint = platform.aws.client("ec2").create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{REGION}.s3",
        PolicyDocument=endpoint_policies.s3_policy(NAMES),
    )["VpcEndpoint"]["VpcEndpointId"]
    told = platform.aws.machine("sts").assume_role(
        RoleArn=NAMES.role_arn("node"), RoleSessionName=instances[0]["Ec2InstanceId"]
    )["Credentials"]
    s3 = platform.aws.client("s3", told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"])
    platform.aws.client("s3").create_bucket(Bucket="someone-elses")
    s3.put_object(Bucket=NAMES.bucket("logs"), Key="elasticmapreduce/j-1/x", Body=b"")
    message = refused(s3.put_object, Bucket="someone-elses", Key="x", Body=b"")[1]
    platform.aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert "because no VPC endpoint policy allows" in message


def test_the_disks_key_is_granted_to_ec2_alone(platform: Platform, cluster: str) -> None:
    iam, name = platform.aws.client("iam"), NAMES.role("service")
    own = iam.get_role_policy(RoleName=name, PolicyName="service")["PolicyDocument"]
    without = [each for each in own["Statement"] if each["Sid"] != "GrantDiskKeyToEc2"]
    iam.put_role_policy(
        RoleName=name, PolicyName="service", PolicyDocument=json.dumps({**own, "Statement": without})
    )
    _, subnet, group = network(platform)
    try:
        reason = provisioned(platform, launch(subnet, group))["Status"]["StateChangeReason"]
    finally:
        iam.put_role_policy(RoleName=name, PolicyName="service", PolicyDocument=json.dumps(own))
    assert f"kms:CreateGrant on resource: {platform.keys.volumes}" in reason["Message"]
    key = {
        "KeyId": platform.keys.volumes,
        "GranteePrincipal": NAMES.role_arn("node"),
        "Operations": ["Decrypt"],
    }
    assert "kms:CreateGrant" in refused(platform.aws.client("kms").create_grant, **key)[1]


def test_the_logs_key_serves_this_stack_s_log_groups_alone(platform: Platform) -> None:
    logs = platform.aws.client("logs")
    logs.create_log_group(logGroupName=NAMES.log_group("flows"), kmsKeyId=platform.keys.logs)
    assert (
        "logs.us-east-1.amazonaws.com"
        in refused(logs.create_log_group, logGroupName="/emr/other/flows", kmsKeyId=platform.keys.logs)[1]
    )


def test_the_spark_runner_s_own_chain_of_sessions(
    platform: Platform, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = platform.aws.server.endpoint
    machine = BotoClients(endpoint, REGION, fixed(SERVICES["ec2"]))
    node = Node(machine, NAMES.role("node"), "i-1")
    clients = node.clients(endpoint, REGION)
    clients("s3").put_object(Bucket=NAMES.bucket("logs"), Key="elasticmapreduce/j-1/a", Body=b"")
    keep(tmp_path / "credentials", of_step(node, clients, JOB_ARN, "s-1"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment(tmp_path / "credentials", endpoint, REGION).items():
        monkeypatch.setenv(name, value)
    who = boto3.Session().client("sts").get_caller_identity()["Arn"]
    assert who == f"arn:aws:sts::{ACCOUNT}:assumed-role/{NAMES.role(NAMES.job_role(JOB.name))}/s-1"
    with pytest.raises(RoleError, match=r"not authorized to perform: sts:AssumeRole"):
        of_step(node, clients, NAMES.role_arn("submitter"), "s-1")


def test_a_step_s_role_must_let_the_nodes_tag_its_session(platform: Platform) -> None:
    iam, role = platform.aws.client("iam"), JOB_ARN.rpartition("/")[2]
    node = Node(
        BotoClients(platform.aws.server.endpoint, REGION, fixed(SERVICES["ec2"])), NAMES.role("node"), "i-1"
    )
    clients, own = node.clients(platform.aws.server.endpoint, REGION), trust({"AWS": NAMES.role_arn("node")})
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=own)
    try:
        with pytest.raises(RoleError, match=r"not authorized to perform: sts:TagSession"):
            of_step(node, clients, JOB_ARN, "s-1")
    finally:
        own = job_policies.runtime_trust(JOB, NAMES)
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=own)
    of_step(node, clients, JOB_ARN, "s-1")


def test_the_platform_s_documents_ask_for_nothing_that_is_not_evaluated(platform: Platform) -> None:
    documents = [
        *(policy(needs, platform.keys) for _, needs in ROLES.values()),
        *(trusted for trusted, _ in ROLES.values()),
        *(key_policies.key_policy(NAMES, key) for key in KEYS),
        *(bucket_policies.data_policy(NAMES, zone) for zone in ZONES),
        endpoint_policies.s3_policy(NAMES),
        endpoint_policies.interface_policy(NAMES, "kms"),
    ]
    report = Report()
    for document in documents:
        report.policy(document, "platform")
    assert report.lines == []


def test_the_analyst_asks_in_the_stack_s_workgroup_only_and_sees_the_curated_database(
    platform: Platform,
) -> None:
    glue = platform.aws.client("glue")
    for zone in ("curated", "landing"):
        glue.create_database(DatabaseInput={"Name": NAMES.database(zone)})
        glue.create_table(DatabaseName=NAMES.database(zone), TableInput={"Name": "t"})
    for name in (NAMES.workgroup, "of-others"):
        _workgroup(platform, name)
    analyst = platform.person("analyst")
    athena, catalog = analyst.client("athena"), analyst.client("glue")
    asked = athena.start_query_execution(QueryString="SELECT 1", WorkGroup=NAMES.workgroup)
    assert athena.get_work_group(WorkGroup=NAMES.workgroup)["WorkGroup"]["State"] == "ENABLED"
    assert (
        asked["QueryExecutionId"]
        in athena.list_query_executions(WorkGroup=NAMES.workgroup)["QueryExecutionIds"]
    )
    assert catalog.get_table(DatabaseName=NAMES.database("curated"), Name="t")["Table"]["Name"] == "t"
    for call, given in (
        (athena.start_query_execution, {"QueryString": "SELECT 1", "WorkGroup": "of-others"}),
        (athena.start_query_execution, {"QueryString": "SELECT 1"}),  # in the primary one
        (athena.update_work_group, {"WorkGroup": NAMES.workgroup, "State": "DISABLED"}),
        (athena.delete_work_group, {"WorkGroup": NAMES.workgroup, "RecursiveDeleteOption": True}),
        (catalog.get_database, {"Name": NAMES.database("landing")}),
        (catalog.delete_table, {"DatabaseName": NAMES.database("curated"), "Name": "t"}),
        (catalog.delete_database, {"Name": NAMES.database("curated")}),
    ):
        assert refused(call, **given)[0] == "AccessDeniedException"
