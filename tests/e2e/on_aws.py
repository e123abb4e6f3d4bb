"""`emrctl --target aws` as a user has it, whose AWS is the local one: the committed files count, no overlay is laid."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.engine import ensure
from stacks.backend import search_path
from tests.e2e.conftest import ROOT, Here

KEYS = {"emr:protection": "allow_data_deletion", "emr:storage": "deletable"}  # both must be turned


@dataclass(frozen=True, kw_only=True)
class OnAws(Here):
    """`emrctl --target aws` in a home of its own, whose AWS is the local one of another home."""

    state: dict[str, Any]
    extra: dict[str, str]

    @property
    def env(self) -> dict[str, str]:
        """A user's environment with credentials and, since this AWS is none, an endpoint and a provider."""
        return super().env | {
            "AWS_ENDPOINT_URL": self.state["endpoint"],
            "AWS_ACCESS_KEY_ID": self.state["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self.state["secret_access_key"],
            "AWS_REGION": self.state["region"],
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{self.state['provider_port']}",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            **self.extra,
        }

    def pulumi(self, project: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """The engine itself, without `emrctl`, in a project."""
        engine = ensure()
        return subprocess.run(
            [engine.bin_dir / "pulumi", *args, "--non-interactive"],
            cwd=project,
            env=self.env | {"PATH": search_path(engine.bin_dir)},
            capture_output=True,
            text=True,
            check=False,
        )


def on_aws(here: Here, folder: Path, **extra: str) -> OnAws:
    """A user of `here`'s AWS whose home lies in `folder`; `extra` goes over the environment."""
    state = json.loads((here.home / "local.json").read_text())
    return OnAws(
        home=folder / "other-home", state=state, extra={"PULUMI_HOME": str(folder / "pulumi"), **extra}
    )


def project_for(folder: Path, account_id: str) -> Path:
    """The project as a user has it, with stack files of its own that name the account."""
    project = folder / "project"
    shutil.copytree(ROOT / "infra", project / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("policies", "jobs", "facts"):
        (project / name).symlink_to(ROOT / name)
    for file in (*ROOT.glob("Pulumi*.yaml"), ROOT / "infra/account/Pulumi.account.yaml"):
        copy = project / file.relative_to(ROOT)
        copy.write_text(re.sub(r"\b(\d)\1{11}\b", account_id, file.read_text()))
    return project


def held(here: Here) -> dict[str, Any]:
    """What an AWS holds, but for what AWS lets nobody remove at once: keys, and clusters that have ended."""
    emr, kms, ec2 = here.client("emr"), here.client("kms"), here.client("ec2")
    applications = here.client("emr-serverless").list_applications()["applications"]
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    live = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]
    return {
        "clusters": [one["Id"] for one in emr.list_clusters(ClusterStates=live)["Clusters"]],
        "applications": [(one["id"], one["state"]) for one in applications if one["state"] != "TERMINATED"],
        "security configurations": emr.list_security_configurations()["SecurityConfigurations"],
        "buckets": here.client("s3").list_buckets()["Buckets"],
        "keys": [key["KeyId"] for key in keys if key["KeyState"] == "Enabled"],
        "roles": here.client("iam").list_roles()["Roles"],
        "policies": here.client("iam").list_policies(Scope="Local")["Policies"],
        "profiles": here.client("iam").list_instance_profiles()["InstanceProfiles"],
        "metric filters": here.client("logs").describe_metric_filters()["metricFilters"],
        "workgroups": [one["Name"] for one in here.client("athena").list_work_groups()["WorkGroups"]],
        "databases": [one["Name"] for one in here.client("glue").get_databases()["DatabaseList"]],
        "log groups": here.client("logs").describe_log_groups()["logGroups"],
        "trails": here.client("cloudtrail").describe_trails()["trailList"],
        "networks": [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]],
        "subnets": [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]],
        "groups": [one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]],
        "endpoints": [
            one for one in ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["State"] != "deleted"
        ],
    }


def stays(here: Here, user: OnAws, stack: str, project: Path, folder: Path | None = None) -> None:
    """Fail unless the stack that protects its data refuses to go: `emrctl` in one line, the engine too, all untouched.

    `folder` is that of the stack's program, where it is not the project's own.
    """
    folder = folder or project

    def there() -> tuple[Any, Any]:
        exported = user.pulumi(folder, "stack", "export", "--stack", stack)
        return json.loads(exported.stdout)["deployment"]["resources"], held(here)

    before = there()
    refused = user.run("stack", "destroy", stack, "--target", "aws", cwd=project)
    assert refused.returncode == 2, refused.stderr + refused.stdout
    (line,) = refused.stderr.splitlines()
    assert f"stack '{stack}' protects" in line
    assert "nothing was touched" in line
    assert all(f"{group}.{key}" in line for group, key in KEYS.items())
    plain = user.pulumi(folder, "destroy", "--yes", "--stack", stack)
    assert plain.returncode != 0, plain.stdout
    assert "protect" in plain.stdout + plain.stderr
    assert there() == before


def turn(file: Path, *keys: str) -> None:
    """Have a stack's file turn these of the deletion keys, and leave out the others."""
    document = yaml.safe_load(file.read_text())
    for group, key in KEYS.items():
        settings = document["config"].setdefault(group, {})
        settings.pop(key, None)
        if key in keys:
            settings[key] = True
    file.write_text(yaml.safe_dump(document, sort_keys=False))
