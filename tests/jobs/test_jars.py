"""Jars that go with a job: they are part of its version, and every runtime is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from facts.errors import UserError
from jobs import artifacts, jars, objects, validation
from jobs.platform import Platform
from jobs.runtimes import ec2, jobruns
from jobs.runtimes.base import Submission
from jobs.spec import JobSpec
from tests.jobs import emr, specs
from tests.jobs.jars import jar

JARS = ["jobs/jars/zebra-1.0.jar", "lib/driver.jar"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "jobs/workloads").mkdir(parents=True)
    for init in ("jobs/__init__.py", "jobs/workloads/__init__.py"):
        (tmp_path / init).touch()
    (tmp_path / "jobs/workloads/nightly_etl.py").write_text("def main(argv): ...\n")
    for name in JARS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(jar(name))
    return tmp_path


def _job(**changes: Any) -> JobSpec:
    return specs.job(**{"dependencies": {"jars": JARS}, "package": ["jobs.workloads"], **changes})


def test_they_are_of_the_version_and_every_runtime_is_told_in_order(
    session: boto3.Session, platform: Platform, project: Path
) -> None:
    first = artifacts.deploy(session, platform, _job(), "dev", root=project)
    found = artifacts.resolve(session, platform, "nightly-etl", "dev")
    assert [uri.rpartition("/")[2] for uri in found.jar_uris] == ["zebra-1.0.jar", "driver.jar"]
    s3 = session.client("s3")
    assert objects.read(s3, *objects.split(found.jar_uris[1]))[0] == jar("lib/driver.jar")  # type: ignore[index]
    assert not artifacts.deploy(session, platform, _job(), "dev", root=project).uploaded
    sent = emr.submission(jar_uris=found.jar_uris)
    command = ec2.spark_submit(sent)
    assert command[command.index("--jars") + 1] == ",".join(found.jar_uris)
    words = jobruns.parameters(sent).split(" ")
    assert words[words.index("--jars") + 1] == ",".join(found.jar_uris)
    assert "--jars" not in ec2.spark_submit(emr.submission())

    (project / "lib/driver.jar").write_bytes(jar("another"))
    assert artifacts.deploy(session, platform, _job(), "dev", root=project).digest != first.digest
    turned = _job(dependencies={"jars": JARS[::-1]})
    assert artifacts.deploy(session, platform, turned, "dev", root=project).uploaded


def test_one_that_is_gone_is_told_and_brought_back(
    session: boto3.Session, platform: Platform, project: Path
) -> None:
    artifacts.deploy(session, platform, _job(), "dev", root=project)
    found = artifacts.resolve(session, platform, "nightly-etl", "dev")
    bucket, key = objects.split(found.jar_uris[0])
    session.client("s3").delete_object(Bucket=bucket, Key=key)
    with pytest.raises(UserError, match=r"zebra-1\.0\.jar is gone"):
        artifacts.resolve(session, platform, "nightly-etl", "dev")
    assert artifacts.deploy(session, platform, _job(), "dev", root=project).uploaded
    artifacts.resolve(session, platform, "nightly-etl", "dev")


def test_what_is_no_jar_of_the_project_is_refused(project: Path) -> None:
    (project / "pointer.jar").write_text("version https://git-lfs.github.com/spec/v1\n")
    (project / "link.jar").symlink_to("/bin/sh")
    for name, told in (
        ("gone.jar", "dependencies.jars 'gone.jar' is no file at "),
        ("link.jar", "dependencies.jars 'link.jar' is a link out of the project"),
        ("pointer.jar", "dependencies.jars 'pointer.jar' is no jar"),
    ):
        with pytest.raises(UserError, match=told):
            jars.read(_job(dependencies={"jars": [name]}), project)


def test_validate_tells_it_with_its_line(project: Path) -> None:
    file = specs.write(
        project, "nightly-etl", dependencies={"jars": ["gone.jar"]}, package=["jobs.workloads"]
    )
    (mistake,) = validation.check([str(file)], root=project).mistakes
    assert mistake.key == "dependencies"
    assert file.read_text().splitlines()[mistake.line - 1].startswith("dependencies:")


@pytest.mark.parametrize(
    ("dependencies", "told"),
    [
        ({}, "dependencies: is empty; name a lock, jars, or both, or leave it out"),
        ({"jars": []}, "dependencies: is empty"),
        ({"jars": ["a/x.jar", "b/x.jar"]}, "dependencies.jars[1]: a second jar is called 'x.jar'"),
        ({"jars": ["../x.jar"]}, "dependencies.jars[0]"),
        ({"jars": ["/opt/x.jar"]}, "dependencies.jars[0]"),
        ({"jars": ["s3://bucket/x.jar"]}, "dependencies.jars[0]"),
        ({"jars": ["x.zip"]}, "dependencies.jars[0]"),
        ({"jars": ["a,b.jar"]}, "dependencies.jars[0]"),
        ({"jars": "x.jar"}, "dependencies.jars"),
        ({"jars": [f"{n}.jar" for n in range(51)]}, "dependencies.jars"),
    ],
)
def test_what_a_spec_may_not_say_of_them(tmp_path: Path, dependencies: object, told: str) -> None:
    (said,) = specs.told(tmp_path, dependencies=dependencies)
    assert told in said


def test_they_go_with_a_driver_outside_of_containers(tmp_path: Path) -> None:
    runtime = {"kind": "ec2", "cluster": "main", "deploy_mode": "client"}
    assert _job(runtime=runtime).dependencies is not None
    (told,) = specs.told(tmp_path, dependencies={"lock": "x.lock", "jars": JARS}, runtime=runtime)
    assert "deploy_mode client does not go with dependencies.lock" in told


def test_very_many_are_too_long_a_command(platform: Platform) -> None:
    from jobs import attempts

    sent: Submission = emr.submission(jar_uris=[f"s3://bucket/{'x' * 200}/{n}.jar" for n in range(50)])
    with pytest.raises(UserError, match="settings and jars"):
        attempts._require_sendable(sent)
