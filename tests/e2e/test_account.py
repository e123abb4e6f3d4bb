"""An account made ready, examined and taken down: on the local AWS, and as a user on AWS does it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Here
from tests.e2e.on_aws import KEYS, OnAws, held, on_aws, project_for, stays, turn

pytestmark = [pytest.mark.timeout(1500), pytest.mark.slow]
# As a program under CI's credentials: the local provider acts as the administrator unless it is told otherwise.
AS_CI = """
import functools, os, runpy
from pathlib import Path
import pulumi_aws as aws
import infra
aws.Provider = functools.partial(
    aws.Provider,
    access_key=os.environ["AWS_ACCESS_KEY_ID"],
    secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    token=os.environ["AWS_SESSION_TOKEN"],
)
runpy.run_path(str(Path(infra.__file__).parent), run_name="__main__")
"""


@pytest.fixture
def enforcing(here: Here) -> Here:
    """A local AWS that judges every call."""
    assert here.run("local", "up", "--enforce-iam").returncode == 0
    return here


def test_made_ready_twice_examined_and_taken_down(enforcing: Here) -> None:
    first = enforcing.json("bootstrap")
    preview = enforcing.json("stack", "preview", "account")
    second = enforcing.json("bootstrap")

    assert set(first["changes"]) == {"create"}
    assert first["moved"] is True
    assert set(preview["changeSummary"]) == {"same"}
    assert set(second["changes"]) == {"same"}
    assert (second["moved"], second["owners"], second["outputs"]) == (False, {}, first["outputs"])
    trails = enforcing.client("cloudtrail").describe_trails()["trailList"]
    (trail,) = trails
    audit = first["outputs"]["audit"]
    assert (trail["TrailARN"], trail["CloudWatchLogsLogGroupArn"].split(":")[6]) == (
        audit["trail_arn"],
        audit["log_group"],
    )

    refused = enforcing.run("doctor", "--json")
    quotas = [one for one in json.loads(refused.stdout)["findings"] if one["level"] == "problem"]
    assert refused.returncode == 1
    assert {one["check"] for one in quotas} == {"quotas"}
    for code in ("L-1216C47A", "L-34B43A08"):
        enforcing.client("service-quotas").request_service_quota_increase(
            ServiceCode="ec2", QuotaCode=code, DesiredValue=12
        )
    assert enforcing.json("doctor")["ready"] is True

    done = enforcing.run("stack", "destroy", "account")
    assert done.returncode == 0, done.stderr
    assert enforcing.client("s3").list_buckets()["Buckets"] == []
    assert enforcing.client("cloudtrail").describe_trails()["trailList"] == []
    assert enforcing.run("stack", "destroy", "account").returncode == 0


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.more) for seed in (2, 3, 4))])
def test_killed_at_any_moment_a_second_bootstrap_goes_on(enforcing: Here, seed: int) -> None:
    # Seeds spread the moment over the whole of it: preview, resources, the move of the state.
    wait = random.Random(seed).uniform(4, 30)
    with enforcing.start("bootstrap") as process:
        try:
            process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=120)
    again = enforcing.run("bootstrap", "--json")
    assert again.returncode == 0, f"killed after {wait:.1f} s: {again.stderr}"
    assert set(enforcing.json("stack", "preview", "account")["changeSummary"]) == {"same"}


def test_on_aws_what_is_there_is_adopted_and_data_goes_with_both_keys_only(
    enforcing: Here, tmp_path: Path
) -> None:
    user = on_aws(enforcing, tmp_path)
    project = project_for(tmp_path, user.state["account_id"])
    file = project / "infra" / "account" / "Pulumi.account.yaml"
    iam = enforcing.client("iam")
    iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")
    before = held(enforcing)

    up = user.run("bootstrap", "--target", "aws", "--json", cwd=project)
    assert up.returncode == 0, up.stderr
    assert json.loads(up.stdout)["owners"] == {'service_linked_roles["spot.amazonaws.com"]': "adopt"}
    assert "spot.amazonaws.com: adopt" in file.read_text()
    assert file.read_text().startswith("# The account beneath")  # comments stay

    state = json.loads(up.stdout)["outputs"]["state"]
    moved = replace(user, extra={**user.extra, "PULUMI_BACKEND_URL": state["backend_url"]})
    _is_clean(user, moved, project)
    for key in (None, *KEYS.values()):
        if key is not None:  # one alone is none
            turn(file, key)
            _bootstrapped(user, project)
        stays(enforcing, moved, "account", project, file.parent)

    turn(file, *KEYS.values())
    _bootstrapped(user, project)
    _is_clean(user, moved, project)
    for _ in range(2):
        done = user.run("stack", "destroy", "account", "--target", "aws", cwd=project)
        assert done.returncode == 0, done.stderr
    role = iam.get_role(RoleName="AWSServiceRoleForEC2Spot")["Role"]
    assert role["Path"].startswith("/aws-service-role/")
    assert held(enforcing) == before

    # What the file still says of the key that is gone is no hindrance.
    assert "encryptedkey" in file.read_text()
    again = user.run("bootstrap", "--target", "aws", "--json", cwd=project)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["moved"] is True


def _bootstrapped(user: OnAws, project: Path) -> None:
    done = user.run("bootstrap", "--target", "aws", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr


def _is_clean(user: OnAws, moved: OnAws, project: Path) -> None:
    """Fail when a preview, or a refresh by the engine itself where the state is, sees any change."""
    seen = user.run("stack", "preview", "account", "--target", "aws", "--json", cwd=project)
    assert seen.returncode == 0, seen.stderr
    assert set(json.loads(seen.stdout)["changeSummary"]) == {"same"}, seen.stderr
    refresh = ("refresh", "--yes", "--expect-no-changes", "--stack", "account")
    done = moved.pulumi(project / "infra" / "account", *refresh)
    assert done.returncode == 0, done.stderr + done.stdout


def test_ci_brings_the_platform_up_and_a_preview_cannot(enforcing: Here, tmp_path: Path) -> None:
    user = on_aws(enforcing, tmp_path)
    project = project_for(tmp_path, user.state["account_id"])
    (project / "ci").mkdir()
    (project / "ci" / "__main__.py").write_text(AS_CI)
    settings = (project / "Pulumi.yaml").read_text()
    (project / "Pulumi.yaml").write_text(settings.replace("main: infra/", "main: ci/"))
    stack = project / "Pulumi.dev.yaml"
    stack.write_text(f"{stack.read_text()}  emr:account: {{stack: organization/emr-account/account}}\n")
    up = user.run("bootstrap", "--target", "aws", "--json", cwd=project)
    assert up.returncode == 0, up.stderr
    state = json.loads(up.stdout)["outputs"]["state"]
    backend = {"PULUMI_BACKEND_URL": state["backend_url"]}
    apply = on_aws(
        enforcing, tmp_path, **backend, **_session(enforcing, "apply", ("read", "write", "operate"))
    )
    preview = on_aws(enforcing, tmp_path, **backend, **_session(enforcing, "preview", ("read",)))

    init = apply.pulumi(project, "stack", "init", "dev", "--secrets-provider", state["secrets_provider"])
    assert init.returncode == 0, init.stderr
    made = apply.run("stack", "up", "dev", "--target", "aws", cwd=project)
    assert made.returncode == 0, made.stdout[-3000:]
    (metric,) = enforcing.client("logs").describe_metric_filters()["metricFilters"]
    assert metric["logGroupName"] == json.loads(up.stdout)["outputs"]["audit"]["log_group"]
    seen = preview.run("stack", "preview", "dev", "--target", "aws", "--json", cwd=project)
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout)["changeSummary"].keys() <= {"same", "update"}  # the provider's credentials
    refused = preview.run("stack", "up", "dev", "--target", "aws", cwd=project)
    assert refused.returncode != 0
    assert "s3:PutObject" in refused.stdout + refused.stderr


def _session(here: Here, name: str, policies: tuple[str, ...]) -> dict[str, str]:
    """Credentials with what a CI role has; its trust is left out: nobody here signs GitHub's tokens."""
    iam, account = here.client("iam"), here.client("sts").get_caller_identity()["Account"]
    arns = {
        policy: f"arn:aws:iam::{account}:policy/emr-account-ci-{policy}" for policy in (*policies, "boundary")
    }
    role, real = f"as-ci-{name}", f"emr-account-ci-{name}"
    assert {
        one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName=real)["AttachedPolicies"]
    } == {arns[policy] for policy in policies}
    assert (
        iam.get_role(RoleName=real)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
        == arns["boundary"]
    )
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(
        RoleName=role, AssumeRolePolicyDocument=document, PermissionsBoundary=arns["boundary"]
    )
    for policy in policies:
        iam.attach_role_policy(RoleName=role, PolicyArn=arns[policy])
    found = here.client("sts").assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName="ci")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }
