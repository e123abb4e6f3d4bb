"""The pack under the real engine: it stops what is bad, lets pass what is good, and judges again what was unknown."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
Engine = Callable[..., "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.xdist_group("engine")

# Types by their names on the wire: a program that imports nothing of AWS starts in a third of the time.
HEAD = """
import json
from pulumi import CustomResource, Output

TAGS = dict.fromkeys(["environment", "owner", "cost-center", "managed-by"], "x") | {"data-classification": "internal"}

OWNER = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
                    "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]})


def make(kind, name, **props):
    return CustomResource(kind, name, props)


"""
BAD = (
    HEAD
    + """
make("aws:kms/key:Key", "data", description="does not rotate", tags=TAGS)
make("aws:s3/bucket:Bucket", "landing", bucket="acme-landing")
make("aws:ec2/vpc:Vpc", "main", cidrBlock="10.0.0.0/16", tags=TAGS)
make("aws:iam/policy:Policy", "admin", tags=TAGS,
     policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
"""
)
GOOD = (
    HEAD
    + """
key = make("aws:kms/key:Key", "data", enableKeyRotation=True, policy=OWNER, tags=TAGS)
bucket = make("aws:s3/bucket:Bucket", "landing", bucket="acme-landing", tags=TAGS)
rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key.id}}
make("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "landing",
     bucket=bucket.id, rules=[rule])
make("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "landing", bucket=bucket.id,
     rules=[{"id": "stale", "status": "Enabled", "filter": {"prefix": ""},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}])
make("aws:s3/bucketVersioning:BucketVersioning", "landing", bucket=bucket.id,
     versioningConfiguration={"status": "Enabled"})
make("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "landing", bucket=bucket.id, blockPublicAcls=True,
     blockPublicPolicy=True, ignorePublicAcls=True, restrictPublicBuckets=True)
make("aws:s3/bucketPolicy:BucketPolicy", "landing", bucket=bucket.id, policy=json.dumps({"Statement": [{
    "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    "Resource": ["arn:aws:s3:::acme-landing", "arn:aws:s3:::acme-landing/*"]}]}))
"""
)
LATE = (
    HEAD
    + """
key = make("aws:kms/key:Key", "data", enableKeyRotation=True, policy=OWNER, tags=TAGS)
document = key.id.apply(lambda id: json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "kms:*", "Resource": f"arn:aws:kms:us-east-1:123456789012:key/{id}"}]}))
make("aws:iam/policy:Policy", "use", policy=document, tags=TAGS)
"""
)


NEEDY = (
    HEAD
    + """
from pulumi import ComponentResource, ResourceOptions

class Role(ComponentResource):
    def __init__(self, name, needs, statements):
        super().__init__("emr:security:Role", name, {"needs": needs})
        own = ResourceOptions(parent=self)
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        CustomResource("aws:iam/rolePolicy:RolePolicy", name, {"role": name, "policy": document}, own)
        self.register_outputs({"needs": needs})

ON = ["arn:aws:s3:::acme-runs/*"]
NEED = {"name": "Read", "why": "it reads", "actions": ["s3:GetObject"], "resources": ON, "keys": [], "condition": {}}
def grant(*actions):
    return [{"Sid": "Read", "Effect": "Allow", "Action": list(actions), "Resource": ON}]
Role("right", [NEED], grant("s3:GetObject"))
Role("wide", [NEED], grant("s3:GetObject", "s3:PutObject"))
Role("narrow", [NEED], [])
"""
)


def test_grants_are_held_against_what_the_component_declares(pulumi: Engine) -> None:
    told = pulumi(NEEDY, "preview")
    assert told.returncode != 0
    assert "Role 'wide': RolePolicy 'wide' policy.Statement[0] (Read) allows s3:PutObject" in told.stdout
    assert "Role 'narrow': is not granted what its need 'Read' declares" in told.stdout
    assert "'right'" not in told.stdout


def test_bad_resources_stop_the_preview_and_each_rule_is_named(pulumi: Engine) -> None:
    told = pulumi(BAD, "preview")
    assert told.returncode != 0
    assert "[mandatory]" in told.stdout
    for rule, finding in {
        "kms-rotation": "Key 'data': does not rotate",
        "required-tags": "Bucket 'landing': lacks environment",
        "s3-bucket-has-public-access-block": "Bucket 'landing': has no BucketPublicAccessBlock",
        "s3-bucket-has-policy": "Bucket 'landing': has no BucketPolicy",
        "vpc-flow-log": "Vpc 'main': has no flow log",
        "vpc-default-group-closed": "Vpc 'main': leaves its default security group",
        "iam-no-wildcard-action": "Policy 'admin': policy.Statement[0] allows the action '*'",
    }.items():
        assert "[mandatory]  [severity" in told.stdout or "[mandatory]" in told.stdout
        assert rule in told.stdout
        assert finding in told.stdout


@pytest.mark.slow
def test_a_rule_that_is_a_choice_is_off_until_it_is_named(pulumi: Engine, tmp_path: Path) -> None:
    assert "s3-replication" not in pulumi(BAD, "preview").stdout
    config = tmp_path / "policies.json"
    config.write_text(json.dumps({"s3-replication": "mandatory"}))
    told = pulumi(BAD, "preview", "--policy-pack-config", str(config))
    assert "Bucket 'landing': has no BucketReplicationConfig" in told.stdout


def test_good_resources_pass_before_their_ids_are_known_and_after(pulumi: Engine, tmp_path: Path) -> None:
    config = tmp_path / "policies.json"
    config.write_text(json.dumps({"s3-access-logging": "disabled"}))  # no bucket for them here
    told = pulumi(GOOD, "up", "--yes", "--policy-pack-config", str(config))  # a preview, then the update
    assert told.returncode == 0, told.stdout
    assert told.stdout.count("emr-policies@") == 2
    assert "[mandatory]" not in told.stdout
    assert "[advisory]" not in told.stdout


def test_what_a_preview_cannot_know_is_named_there_and_stopped_by_the_update(pulumi: Engine) -> None:
    told = pulumi(LATE, "preview")
    assert told.returncode == 0, told.stdout
    assert "not-yet-judged" in told.stdout
    assert "iam-no-wildcard-action" in told.stdout
    assert "not yet known: Policy 'use' policy" in told.stdout

    told = pulumi(LATE, "up", "--yes", "--skip-preview")
    assert told.returncode != 0
    assert "[mandatory]" in told.stdout
    assert "allows the action 'kms:*', every action of kms" in told.stdout
    assert "aws:iam:Policy use created" not in told.stdout


@pytest.mark.slow
def test_configuration_sets_levels_and_options_and_remediation_mends(pulumi: Engine, tmp_path: Path) -> None:
    config = tmp_path / "policies.json"
    config.write_text(
        json.dumps(
            {
                "required-tags": {"enforcementLevel": "mandatory", "required": ["team"]},
                "kms-rotation": "remediate",
            }
        )
    )
    program = HEAD + 'make("aws:kms/key:Key", "data", description="d", policy=OWNER, tags={"team": "data"})\n'
    told = pulumi(program, "preview", "--diff", "--policy-pack-config", str(config))
    assert told.returncode == 0, told.stdout
    assert "[remediate]" in told.stdout
    assert "kms-rotation" in told.stdout
    assert "enableKeyRotation" in told.stdout


@pytest.mark.slow
def test_profiles_set_levels_and_an_exemption_ends_on_its_day(pulumi: Engine, tmp_path: Path) -> None:
    program = (
        HEAD + 'make("aws:kms/key:Key", "data", description="does not rotate", policy=OWNER, tags=TAGS)\n'
    )
    for profile, refused in (("dev", False), ("prod", True)):
        file = ROOT / "policies" / "profiles" / f"{profile}.json"
        told = pulumi(program, "preview", "--policy-pack-config", str(file))
        assert (told.returncode != 0) is refused, told.stdout
        assert ("[mandatory]" if refused else "[advisory]") in told.stdout

    for days, refused in ((30, False), (-1, True)):
        until = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
        exemption = {"resource": "data", "reason": "rotated by hand", "until": until}
        config = tmp_path / "policies.json"
        config.write_text(json.dumps({"kms-rotation": {"exemptions": [exemption]}}))
        told = pulumi(program, "preview", "--policy-pack-config", str(config))
        assert (told.returncode != 0) is refused, told.stdout
        assert ("its exemption ended on" in told.stdout) is refused
        assert ("exempted" in told.stdout) is not refused

    config.write_text(json.dumps({"kms-rotation": {"exemptions": [{"resource": "data", "until": until}]}}))
    told = pulumi(program, "preview", "--policy-pack-config", str(config))
    assert told.returncode != 0
    assert "reason is required" in told.stdout


@pytest.mark.slow
def test_remediation_adds_the_tags_that_can_be_derived(pulumi: Engine, tmp_path: Path) -> None:
    config = tmp_path / "policies.json"
    required = ["environment", "managed-by", "owner", "team"]
    level = {"enforcementLevel": "remediate", "required": required, "derived": {"team": "data"}}
    config.write_text(json.dumps({"required-tags": level}))
    program = HEAD + 'make("aws:s3/bucket:Bucket", "landing", bucket="acme-x", tags={"Owner": "ann"})\n'
    told = pulumi(program, "preview", "--diff", "--policy-pack-config", str(config))
    assert "[remediate]" in told.stdout
    for line in ('environment: "test"', 'managed-by : "pulumi"', 'owner      : "ann"', 'team       : "data"'):
        assert line.replace(" ", "") in told.stdout.replace(" ", ""), told.stdout


def test_a_rule_that_raises_is_an_error_of_the_pack_and_hides_no_other(
    pulumi_in: Engine, tmp_path: Path
) -> None:
    """A pack whose first rule is broken, under the engine itself."""
    project, pack = tmp_path / "project", tmp_path / "pack"
    project.mkdir()
    pack.mkdir()
    (project / "Pulumi.yaml").write_text("name: guarded\nruntime: python\n")
    (project / "Pulumi.test.yaml").write_text("config: {aws:region: us-east-1}\n")
    (project / "__main__.py").write_text(BAD)
    (pack / "PulumiPolicy.yaml").write_text("name: broken\nversion: 0.0.1\nruntime: python\n")
    (pack / "__main__.py").write_text(BROKEN_PACK.format(root=str(ROOT)))
    assert pulumi_in(project, "stack", "init", "test").returncode == 0
    told = pulumi_in(project, "preview", "--policy-pack", str(pack))
    assert told.returncode != 0
    assert "Key 'data': the rule 'broken-rule' itself failed: KeyError: 'oops'" in told.stdout
    assert "defect of the policy pack" in told.stdout
    assert "Key 'data': does not rotate" in told.stdout
    assert "Traceback" not in told.stdout


BROKEN_PACK = """
import sys
sys.path.insert(0, {root!r})
from policies.serving import serve
from policies.rule import ResourceRule
from policies.rules import ALL

def check(resource, config):
    raise KeyError("oops")

broken = ResourceRule(
    id="broken-rule", title="T", protects="P", remedy="R", types=frozenset({{"aws:kms/key:Key"}}), check=check
)
serve((broken, *ALL))
"""


@pytest.mark.slow
@pytest.mark.parametrize("stack", ["dev", "prod", "research"])
def test_the_platform_itself_passes(pulumi_in: Engine, tmp_path: Path, stack: str) -> None:
    project = tmp_path / "platform"
    project.mkdir()
    for part in ("infra", "jobs", "facts", "Pulumi.yaml"):
        (project / part).symlink_to(ROOT / part)
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    config["config"]["aws:allowedAccountIds"] = [ACCOUNT]
    if "emr:account" in config["config"]:  # here is no account's stack to read
        config["config"]["emr:account"] = {"adopt": {"trail_log_group": "audit-trail"}}
    (project / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(config))
    assert pulumi_in(project, "stack", "init", stack).returncode == 0
    told = pulumi_in(project, "preview", "--policy-pack", str(ROOT / "policies"))
    assert told.returncode == 0, told.stdout
    assert "[mandatory]" not in told.stdout
    assert "emr-policies@" in told.stdout
