"""The provider under the real engine: what a program declares comes, stays, changes, and goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud.server import CloudServer
from local.engine.ensure import ensure

pytestmark = pytest.mark.xdist_group("engine")

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

step = pulumi.Config().get_int("step") or 1
here = pulumi.ResourceOptions(provider=aws.Provider("aws", region="us-east-1", default_tags={"tags":
{"Owner": "me"}})) zones = aws.get_availability_zones_output(state="available",
opts=pulumi.InvokeOptions(provider=here.provider))

vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, opts=here)
subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24", availability_zone=zones.names[0],
opts=here) gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, opts=here) address =
aws.ec2.Eip("address", domain="vpc", opts=here) nat = aws.ec2.NatGateway("nat", subnet_id=subnet.id,
allocation_id=address.id, opts=here) table = aws.ec2.RouteTable("table", vpc_id=vpc.id, opts=here)
aws.ec2.Route("route", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id,
opts=here) aws.ec2.RouteTableAssociation("association", subnet_id=subnet.id, route_table_id=table.id,
opts=here) group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, opts=here) aws.vpc.SecurityGroupIngressRule(
"rule", security_group_id=group.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4="10.0.0.0/16",
opts=here ) key = aws.kms.Key("key", enable_key_rotation=step == 1, deletion_window_in_days=7, opts=here)
bucket = aws.s3.Bucket("bucket", force_destroy=True, tags={"step": str(step)}, opts=here)
aws.s3.BucketServerSideEncryptionConfiguration("encryption", bucket=bucket.id, rules=[{
"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}, }],
opts=here) aws.s3.BucketObjectv2("object", bucket=bucket.id, key="a.txt", content=f"step {step}", opts=here)
role = aws.iam.Role("role", description=pulumi.Output.secret("hush-hush"), assume_role_policy=json.dumps({
"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
"Action": "sts:AssumeRole"}], }), opts=here) policy = aws.iam.Policy("policy", policy=bucket.arn.apply(lambda
arn: json.dumps({ "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
"Resource": f"{arn}/*"}], })), path="/one/" if step == 1 else "/two/", opts=here)
aws.iam.RolePolicyAttachment("attachment", role=role.name, policy_arn=policy.arn, opts=here)
pulumi.export("bucket", bucket.id) pulumi.export("zone", subnet.availability_zone)
"""


class Project:
    """A program in a folder of its own, with a file backend, on the local AWS."""

    def __init__(self, folder: Path, endpoint: str, port: int) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text("name: provider\nruntime: python\n")
        (folder / "__main__.py").write_text(PROGRAM)
        (folder / "backend").mkdir()
        engine = ensure()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))},
            "PATH": f"{engine.bin_dir}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }

    def run(self, *args: str) -> str:
        """A command of the engine; fails the test when it fails."""
        done = subprocess.run(
            ["pulumi", *args, "--non-interactive"],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's resources by their names."""
        state = json.loads(self.run("stack", "export"))
        found: list[dict[str, Any]] = state["deployment"].get("resources", [])
        return {one["urn"].split("::")[-1]: one for one in found}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, cloud: CloudServer, port: int) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("project"), cloud.endpoint, port)
    made.run("stack", "init", "test")
    yield made
    made.run("destroy", "--yes", "--skip-preview")


def test_a_program_comes_stays_changes_and_goes(project: Project, aws: Any) -> None:
    project.run("up", "--yes", "--skip-preview")
    assert "unchanged" in project.run("preview", "--expect-no-changes")
    project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    first = project.resources()
    assert first["subnet"]["outputs"]["availabilityZone"] == "us-east-1a"
    assert first["bucket"]["outputs"]["tagsAll"] == {"Owner": "me", "step": "1"}
    assert "hush-hush" not in (next((project.folder / "backend").rglob("test.json"))).read_text()

    project.run("config", "set", "step", "2")
    shown = project.run("up", "--yes", "--skip-preview")
    assert "replaced" in shown
    second = project.resources()
    assert second["bucket"]["id"] == first["bucket"]["id"]
    assert second["policy"]["id"] != first["policy"]["id"]
    attached = aws("iam").list_attached_role_policies(RoleName=second["role"]["id"])["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [second["policy"]["id"]]
    project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    project.run("destroy", "--yes", "--skip-preview")
    assert not project.resources().keys() - {"provider-test"}
    project.run("destroy", "--yes", "--skip-preview")
