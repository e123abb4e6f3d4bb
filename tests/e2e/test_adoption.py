"""A stack in a VPC, with a key and a bucket, that were there before it: up under enforcement, unchanged, gone again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from infra.tags import EMR_SCOPE_KEY
from tests.e2e.conftest import ROOT, Here

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """What others own."""

    vpc: str
    subnet: str
    key: str
    bucket: str
    log_group: str
    topic: str


@pytest.fixture
def theirs(here: Here) -> Theirs:
    assert here.run("local", "up", "--enforce-iam").returncode == 0
    ec2 = here.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": EMR_SCOPE_KEY, "Value": "true"}])
    here.client("s3").create_bucket(Bucket="acme-landing")
    here.client("logs").create_log_group(logGroupName="/account/trail")
    return Theirs(
        vpc=vpc,
        subnet=subnet,
        key=here.client("kms").create_key()["KeyMetadata"]["Arn"],
        bucket="acme-landing",
        log_group="/account/trail",
        topic=here.client("sns").create_topic(Name="page")["TopicArn"],
    )


def project(folder: Path, theirs: Theirs) -> Path:
    """The committed project, with what is theirs adopted by dev."""
    made = folder / "project"
    made.mkdir()
    for name in ("infra", "policies", "jobs", "facts"):
        (made / name).symlink_to(ROOT / name)
    (made / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    config = document["config"]
    config["emr:network"] = {"adopt": {"vpc_id": theirs.vpc, "private_subnet_ids": [theirs.subnet]}}
    config["emr:encryption"] = {"adopt": {"landing": theirs.key}}
    config["emr:storage"]["zones"] = {"landing": {"adopt": theirs.bucket}}
    config["emr:account"] = {"adopt": {"trail_log_group": theirs.log_group}}
    config["emr:identity"] = {"break_glass_alarm": {"topic_arns": [theirs.topic]}}
    (made / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document))
    trusted = {"emr-private-subnet": {"trustedSubnets": [theirs.subnet]}}
    (made / "policies.dev.json").write_text(json.dumps(trusted))
    return made


def test_a_stack_lives_in_what_others_own_and_leaves_it_as_it_was(
    here: Here, theirs: Theirs, tmp_path: Path
) -> None:
    where = project(tmp_path, theirs)
    up = here.run("stack", "up", "dev", cwd=where)
    assert up.returncode == 0, up.stderr + up.stdout
    preview = here.run("stack", "preview", "dev", "--json", cwd=where)
    assert set(json.loads(preview.stdout)["changeSummary"]) == {"same"}
    (cluster,) = here.client("emr").list_clusters()["Clusters"]
    assert cluster["Status"]["State"] == "WAITING", cluster["Status"]
    alarms = here.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (alarm,) = [one for one in alarms if "break-glass" in one["AlarmName"]]
    assert alarm["AlarmActions"] == [theirs.topic]

    down = here.run("stack", "destroy", "dev", cwd=where)
    assert down.returncode == 0, down.stderr
    assert [bucket["Name"] for bucket in here.client("s3").list_buckets()["Buckets"]] == [theirs.bucket]
    assert here.client("kms").describe_key(KeyId=theirs.key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert here.client("ec2").describe_subnets(SubnetIds=[theirs.subnet])["Subnets"]
