"""Packed environments: the same lock is the same archive, it runs where it is unpacked, and only pins go in."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from facts.errors import UserError
from jobs import artifacts, attempts, objects, packed
from jobs.fallback import Choice
from jobs.platform import Platform
from jobs.runtimes import ec2, jobruns
from jobs.runtimes.base import Submission
from jobs.spec import JobSpec
from tests.jobs import specs, wheels

LOCK = "jobs/deps.lock"
HASH = "--hash=sha256:" + "0" * 64


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose lock names one package, which an index folder of its own has."""
    index = tmp_path / "index"
    index.mkdir()
    pin = wheels.wheel(index, "greeting", __init__="def main():\n    return 'hello'\n")
    (tmp_path / "jobs/workloads").mkdir(parents=True)
    for init in ("jobs/__init__.py", "jobs/workloads/__init__.py"):
        (tmp_path / init).touch()
    (tmp_path / "jobs/workloads/nightly_etl.py").write_text("def main(argv): ...\n")
    (tmp_path / LOCK).write_text(f"# made by uv\ngreeting==1.0 \\\n    {pin}\n    # via nothing\n")
    for name, value in wheels.of(index).items():
        monkeypatch.setenv(name, value)
    return tmp_path


def _job(**more: object) -> JobSpec:
    return specs.job(dependencies={"lock": LOCK, **more}, package=["jobs.workloads"])


def _recipe(project: Path, **more: object) -> packed.Recipe:
    found = packed.recipe(_job(**more), project)
    assert found is not None
    return found


def _names(archive: bytes) -> list[str]:
    return tarfile.open(fileobj=io.BytesIO(archive)).getnames()


def test_the_same_lock_is_the_same_archive_and_it_runs_where_it_is_unpacked(
    project: Path, tmp_path: Path
) -> None:
    archive = packed.build(_recipe(project))
    assert packed.build(_recipe(project)) == archive
    # What has no machine code is there once; neither scripts nor what the installer says of this machine.
    names = _names(archive)
    assert [name for name in names if "dist-info" not in name] == [
        "bin/python",
        "lib/any/greeting/__init__.py",
    ]
    assert not [name for name in names if name.endswith(("RECORD", "INSTALLER", "REQUESTED"))]
    place = tmp_path / "a folder" / packed.NAME
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(place, filter="data")
    said = subprocess.run(
        [packed.PYTHON, "-c", "import greeting; print(greeting.main())"], cwd=place.parent, text=True,
        capture_output=True, check=False, env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
    )  # fmt: skip
    assert said.stdout == "hello\n", said.stderr


def test_what_has_machine_code_is_there_for_each_machine(project: Path) -> None:
    index = project / "index"
    tags = {machine: f"py3-none-manylinux_2_28_{machine}" for machine in ("x86_64", "aarch64")}
    pins = [wheels.wheel(index, "quick", tag, __init__=f"HERE = '{tag}'\n") for tag in tags.values()]
    (project / LOCK).write_text(f"quick==1.0 {' '.join(pins)}\n")
    names = _names(packed.build(_recipe(project)))
    assert {name.split("/")[1] for name in names if name.startswith("lib/")} == {"x86_64", "aarch64"}
    (index / f"quick-1.0-{tags['aarch64']}.whl").unlink()
    with pytest.raises(
        UserError, match=r"jobs/deps.lock cannot be had as wheels for Python 3.11 on aarch64: "
    ) as caught:
        packed.build(_recipe(project))
    assert "\n" not in str(caught.value)
    names = _names(packed.build(_recipe(project, architectures=["x86_64"])))
    assert (
        "lib/x86_64/quick/__init__.py" in names
    )  # not for any: elsewhere it says so instead of failing in a package


def test_the_address_is_of_the_lock_the_python_and_the_machines(project: Path) -> None:
    first = _recipe(project).digest
    assert _recipe(project, architectures=["aarch64", "x86_64"]).digest == first
    assert _recipe(project, architectures=["x86_64"]).digest != first
    older = packed.recipe(_job().model_copy(update={"release": "emr-7.13.0"}), project)
    assert older is not None
    assert (older.python, older.digest == first) == ("3.9", False)
    (project / LOCK).write_text((project / LOCK).read_text() + "# more\n")
    assert _recipe(project).digest != first


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a==1\n", r"deps.lock:1: 'a==1' has no --hash=sha256"),
        (f"ok==1 {HASH}\n\n# note\nb==2 \\\n  --hash=md5:00\n", r"deps.lock:4: 'b==2' has no --hash=sha256"),
        (f"a>=1 {HASH}\n", "'a>=1' is no package==version"),
        (f"a==1.* {HASH}\n", r"'a==1\.\*' is no package==version"),
        (f"a {HASH}\n", "'a' is no package==version"),
        (f"a==1,<2 {HASH}\n", "is no package==version"),
        (f"a @ https://x.org/a.whl {HASH}\n", "only such packages are packed"),
        (f"../../a==1 {HASH}\n", r"'\.\./\.\./a==1' is no package==version"),
        (f"./a.whl {HASH}\n", "is no package==version"),
        ("-e .\n", "'-e .': options do not belong here"),
        ("-r other.txt\n", "options do not belong here"),
        ("--extra-index-url=https://x.org\n", "options do not belong here"),
        (f"PySpark==4.0.1 {HASH}\n", "PySpark comes with the EMR release"),
        ("a==1 --hash=sha256:xyz\n", "has no --hash=sha256"),
        ("\x00\udcff", "is no text"),
    ],
)
def test_what_is_not_pinned_is_refused_before_anything_is_sent(
    session: boto3.Session, platform: Platform, project: Path, text: str, told: str
) -> None:
    (project / LOCK).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=told):
        artifacts.deploy(session, platform, _job(), "dev", root=project)
    assert list(objects.keys(session.client("s3"), "dev-artifacts", "")) == []


def test_a_lock_is_a_file_of_the_project(project: Path, tmp_path: Path) -> None:
    (project / LOCK).unlink()
    with pytest.raises(UserError, match=r"dependencies.lock 'jobs/deps.lock' is no file at"):
        packed.recipe(_job(), project)
    (project / LOCK).symlink_to("/etc/hostname")
    with pytest.raises(UserError, match="is a link out of the project"):
        packed.recipe(_job(), project)


@pytest.mark.parametrize(
    "lock", ["/etc/x.lock", "../x.lock", "a/../../x.lock", "a b.lock", "x.yaml", ".hidden.lock", "a\n.lock"]
)
def test_a_path_out_of_the_project_is_no_lock(tmp_path: Path, lock: str) -> None:
    (told,) = specs.told(tmp_path, dependencies={"lock": lock})
    assert "dependencies.lock" in told


def test_a_driver_outside_of_containers_is_refused(tmp_path: Path) -> None:
    runtime = {"kind": "ec2", "cluster": "main", "deploy_mode": "client"}
    (told,) = specs.told(tmp_path, dependencies={"lock": LOCK}, runtime=runtime)
    assert "deploy_mode client does not go with dependencies" in told


def test_a_deploy_brings_back_an_environment_for_all_that_share_it(
    session: boto3.Session, platform: Platform, project: Path
) -> None:
    s3 = session.client("s3")
    first = artifacts.deploy(session, platform, _job(), "prod", root=project)
    (project / "jobs/workloads/nightly_etl.py").write_text("def main(argv): return 1\n")
    artifacts.deploy(session, platform, _job(), "dev", root=project)
    archive = artifacts.resolve(session, platform, "nightly-etl", "dev").archive_uri
    assert archive is not None
    bucket, key = objects.split(archive)
    s3.delete_object(Bucket=bucket, Key=key)
    for channel in ("dev", "prod"):
        with pytest.raises(
            UserError, match=r"environment\.tar\.gz is gone; 'emrctl jobs deploy nightly-etl'"
        ):
            artifacts.resolve(session, platform, "nightly-etl", channel)
    assert artifacts.deploy(session, platform, _job(), "dev", root=project).uploaded
    for channel in ("dev", "prod"):
        assert artifacts.resolve(session, platform, "nightly-etl", channel).archive_uri == archive
    assert artifacts.resolve(session, platform, "nightly-etl", "prod").manifest.digest == first.digest


def test_an_environment_is_made_once_and_every_runtime_is_given_it(
    session: boto3.Session, platform: Platform, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts.deploy(session, platform, _job(), "dev", root=project)
    monkeypatch.setattr(packed, "build", lambda _: pytest.fail("the environment was made again"))
    (project / "jobs/workloads/nightly_etl.py").write_text("def main(argv): return 1\n")
    assert artifacts.deploy(session, platform, _job(), "dev", root=project).uploaded
    artifact = artifacts.resolve(session, platform, "nightly-etl", "dev")
    assert artifact.archive_uri is not None
    assert objects.exists(session.client("s3"), *objects.split(artifact.archive_uri))
    (archive,) = [
        key for key in objects.keys(session.client("s3"), "dev-artifacts", "") if key.endswith(".tar.gz")
    ]
    assert artifact.archive_uri == f"s3://dev-artifacts/{archive}"
    sent = _submission(platform, artifact)
    command = ec2.spark_submit(sent)
    assert command[command.index("--archives") + 1] == f"{artifact.archive_uri}#environment"
    assert "spark.yarn.appMasterEnv.PYSPARK_PYTHON=./environment/bin/python" in command
    (defaults,) = jobruns.defaults(sent, "spark.kubernetes.driverEnv")
    told = {
        key: value
        for key, value in defaults["properties"].items()
        if "PYSPARK" in key or key == "spark.archives"
    }
    assert told == {
        "spark.archives": f"{artifact.archive_uri}#environment",
        "spark.executorEnv.PYSPARK_PYTHON": "./environment/bin/python",
        "spark.kubernetes.driverEnv.PYSPARK_PYTHON": "./environment/bin/python",
        "spark.kubernetes.driverEnv.PYSPARK_DRIVER_PYTHON": "./environment/bin/python",
    }


def _submission(platform: Platform, artifact: artifacts.Artifact) -> Submission:
    spec = artifact.manifest.spec
    choice = Choice(target=spec.runtime, why=None)
    now = datetime(2026, 1, 2, tzinfo=UTC)
    attempt = attempts.first(platform, artifact, "dev", now, choice, 0, attempts.Asked())
    return attempts.submission(platform, artifact, attempt)
