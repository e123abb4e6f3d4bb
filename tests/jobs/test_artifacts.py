"""Versions of a job: the same content is the same version, whoever makes it, however many do at once."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest

from facts.errors import UserError
from jobs import artifacts, objects, pointers, spec, wheel
from jobs.platform import Platform

JOB = spec.find("nightly-etl")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a small job of its own."""
    for name, text in {
        "jobs/__init__.py": "",
        "jobs/workloads/__init__.py": "",
        "jobs/workloads/nightly_etl.py": "from jobs.transforms.add import add\ndef main(argv): add(1, 2)\n",
        "jobs/transforms/__init__.py": "",
        "jobs/transforms/add.py": "def add(a, b): return a + b\n",
        "jobs/secret.py": "not for the wheel",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _keys(session: boto3.Session) -> list[str]:
    return list(objects.keys(session.client("s3"), "dev-artifacts", ""))


def test_the_wheel_is_the_same_whatever_the_time_the_order_and_the_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = wheel.sources(JOB, root)
    one = wheel.build(JOB, files)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for file in root.rglob("*.py"):
        os.utime(file, (1, 1))
    (root / "jobs/transforms/__pycache__").mkdir()
    (root / "jobs/transforms/__pycache__/add.cpython-311.pyc").write_bytes(b"x")
    (root / "jobs/transforms/.hidden").write_text("x")
    files = dict(reversed(wheel.sources(JOB, root).items()))
    assert wheel.build(JOB, files) == one


def test_the_wheel_holds_the_packages_and_nothing_else(root: Path) -> None:
    built = wheel.build(JOB, wheel.sources(JOB, root))
    names = zipfile.ZipFile(io.BytesIO(built)).namelist()
    assert [name for name in names if "dist-info" not in name] == [
        "jobs/__init__.py",
        "jobs/transforms/__init__.py",
        "jobs/transforms/add.py",
        "jobs/workloads/__init__.py",
        "jobs/workloads/nightly_etl.py",
    ]


def test_an_installer_takes_the_wheel(root: Path, tmp_path: Path) -> None:
    (root / "jobs/transforms/a, b.txt").write_text("a file whose name RECORD must quote")
    (root / "jobs/transforms/größe.txt").write_text("and one that is not ASCII")
    built = tmp_path / wheel.name(JOB)
    built.write_bytes(wheel.build(JOB, wheel.sources(JOB, root)))
    install = ["uv", "pip", "install", "--offline", "--no-deps", "--python", sys.executable, "--target"]
    done = subprocess.run(
        [sys.executable, "-m", *install, tmp_path / "there", built],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    (found,) = importlib.metadata.distributions(name="nightly-etl", path=[str(tmp_path / "there")])
    assert (found.version, found.metadata["Requires-Python"]) == ("0", ">=3.11")
    listed = {str(file): file for file in found.files or ()}
    for name, content in wheel.sources(JOB, root).items():
        kept, noted = (tmp_path / "there" / name).read_bytes(), listed[name].hash
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        assert kept == content
        assert noted is not None
        assert (noted.mode, noted.value) == ("sha256", digest)


def test_the_real_job_imports_only_what_its_wheel_holds() -> None:
    for job in spec.load_catalog():
        assert "jobs/spec.py" not in wheel.sources(job)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        (
            "add.py",
            "from jobs.secret import x\n",
            r"add.py:1: imports jobs.secret, which is not in the wheel",
        ),
        ("add.py", "from jobs import secret\n", "imports jobs.secret, which is not"),
        ("add.py", "import os, jobs.secret\n", "imports jobs.secret, which is not"),
        ("add.py", "def f(:\n", r"add.py:1: is not Python"),
    ],
)
def test_a_source_that_cannot_run_on_the_cluster_is_refused_here(
    root: Path, file: str, text: str, told: str
) -> None:
    (root / "jobs/transforms" / file).write_text(text)
    with pytest.raises(UserError, match=told):
        wheel.sources(JOB, root)


def test_a_link_out_of_the_package_is_refused(root: Path) -> None:
    (root / "jobs/transforms/passwd.py").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="is a link out of package"):
        wheel.sources(JOB, root)


def test_a_package_or_entry_point_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(UserError, match=r"package 'jobs\.nowhere' is no Python package"):
        wheel.sources(JOB.model_copy(update={"package": ("jobs.nowhere",)}), root)
    with pytest.raises(UserError, match=r"entry_point 'jobs\.workloads\.gone' is no module"):
        wheel.sources(JOB.model_copy(update={"entry_point": "jobs.workloads.gone"}), root)


def test_an_unchanged_job_uploads_nothing(session: boto3.Session, platform: Platform, root: Path) -> None:
    first = artifacts.deploy(session, platform, JOB, "dev", root=root)
    assert (first.uploaded, first.moved) == (True, True)
    puts: list[str] = []
    session.events.register("before-call.s3.PutObject", lambda params, **_: puts.append(params["url_path"]))
    again = artifacts.deploy(session, platform, JOB, "dev", root=root)
    assert (again.uploaded, again.moved, again.digest) == (False, False, first.digest)
    assert puts == []


@pytest.mark.parametrize("what", ["source", "spec"])
def test_a_change_is_another_version_and_the_old_one_stays(
    session: boto3.Session, platform: Platform, root: Path, what: str
) -> None:
    first = artifacts.deploy(session, platform, JOB, "dev", root=root)
    job = JOB
    if what == "source":
        (root / "jobs/transforms/add.py").write_text("def add(a, b): return b + a\n")
    else:
        job = JOB.model_copy(update={"timeout_minutes": 31})
    second = artifacts.deploy(session, platform, job, "dev", root=root)
    assert second.digest != first.digest
    assert artifacts.resolve(session, platform, JOB.name, "dev").manifest.digest == second.digest
    old = artifacts.load(session.client("s3"), "dev-artifacts", JOB.name, first.digest)
    assert old.manifest.spec == JOB
    back = artifacts.deploy(session, platform, JOB, "prod", root=root)
    assert not back.uploaded
    assert back.digest == (second.digest if what == "source" else first.digest)
    pointer = pointers.read(session.client("s3"), "dev-artifacts", JOB.name, "dev")
    assert pointer is not None
    assert [move.digest for move in pointer[0].before] == [first.digest]


def test_the_manifest_tells_what_lies_beside_it(
    session: boto3.Session, platform: Platform, root: Path
) -> None:
    artifacts.deploy(session, platform, JOB, "dev", root=root)
    artifact = artifacts.resolve(session, platform, JOB.name, "dev")
    s3 = session.client("s3")
    for name, digest in artifact.manifest.files.items():
        found = objects.read(s3, "dev-artifacts", f"{JOB.name}/{artifact.manifest.digest}/{name}")
        assert found is not None
        assert objects.sha256(found[0]) == digest
    main = objects.read(s3, *objects.split(artifact.main_uri))
    assert main is not None
    assert b"from jobs.workloads.nightly_etl import main" in main[0]
    packed = objects.read(s3, *objects.split(artifact.wheel_uri))
    assert packed is not None
    assert zipfile.ZipFile(io.BytesIO(packed[0])).testzip() is None


def test_deploys_at_once_all_count_and_none_is_lost(
    session: boto3.Session, platform: Platform, root: Path
) -> None:
    jobs = [JOB.model_copy(update={"timeout_minutes": minutes}) for minutes in range(1, 7)]
    clients = [boto3.Session(region_name="us-east-1") for _ in jobs]
    with ThreadPoolExecutor(len(jobs)) as pool:
        deployed = list(
            pool.map(
                lambda at: artifacts.deploy(at[0], platform, at[1], "dev", root=root),
                zip(clients, jobs, strict=True),
            )
        )
    found = objects.read(session.client("s3"), "dev-artifacts", f"{JOB.name}/channels/dev.json")
    assert found is not None
    pointer = pointers.Pointer.model_validate_json(found[0])
    assert sorted([pointer.digest, *(move.digest for move in pointer.before)]) == sorted(
        each.digest for each in deployed
    )


def test_the_same_deploy_at_once_is_one_version(
    session: boto3.Session, platform: Platform, root: Path
) -> None:
    clients = [boto3.Session(region_name="us-east-1") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        deployed = list(pool.map(lambda at: artifacts.deploy(at, platform, JOB, "dev", root=root), clients))
    assert len({each.digest for each in deployed}) == 1
    assert sum(each.moved for each in deployed) == 1
    keys = _keys(session)
    assert [key.rpartition("/")[2] for key in keys if key.endswith(".json")] == ["manifest.json", "dev.json"]
    whole = artifacts.resolve(session, platform, JOB.name, "dev").manifest
    assert {f"{JOB.name}/{whole.digest}/{name}" for name in whole.files} < set(keys)


def test_an_upload_that_was_cut_off_is_completed(
    session: boto3.Session, platform: Platform, root: Path
) -> None:
    first = artifacts.deploy(session, platform, JOB, "dev", root=root)
    s3 = session.client("s3")
    s3.delete_object(Bucket="dev-artifacts", Key=f"{JOB.name}/{first.digest}/manifest.json")
    with pytest.raises(UserError, match=f"has no version {first.digest}"):
        artifacts.resolve(session, platform, JOB.name, "dev")
    assert artifacts.deploy(session, platform, JOB, "dev", root=root).uploaded
    assert artifacts.resolve(session, platform, JOB.name, "dev").manifest.digest == first.digest


@pytest.mark.parametrize("channel", ["", "Dev", "../dev", "a/b", "x" * 33])
def test_a_channel_has_a_name(session: boto3.Session, platform: Platform, channel: str) -> None:
    with pytest.raises(UserError, match="is no name"):
        artifacts.deploy(session, platform, JOB, channel)


@pytest.mark.parametrize("name", ["a\nb.py", "a\\b.py", "\udcff.py", "c:d.txt", "\x1b[31m.txt"])
def test_a_hostile_file_name_is_refused_and_not_printed(root: Path, name: str) -> None:
    (root / "jobs/transforms" / name).write_bytes(b"")
    with pytest.raises(UserError, match=r"a file is called 'jobs/transforms/.*; rename it") as refused:
        wheel.sources(JOB, root)
    assert str(refused.value).isprintable()


def test_a_version_that_is_not_whole_is_refused_before_anything_is_sent(
    session: boto3.Session, platform: Platform, root: Path
) -> None:
    s3, made = session.client("s3"), artifacts.deploy(session, platform, JOB, "dev", root=root)
    found = artifacts.resolve(session, platform, JOB.name, "dev")
    for uri, told in (
        (found.wheel_uri, r"is not whole: s3://.*\.whl is gone; 'emrctl jobs deploy"),
        (found.main_uri, r"is not whole: s3://.*main\.py is gone"),
        (f"{made.uri}manifest.json", rf"has no version {made.digest}"),
    ):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        s3.delete_object(Bucket=bucket, Key=key)
        with pytest.raises(UserError, match=told):
            artifacts.resolve(session, platform, JOB.name, "dev")


@pytest.mark.parametrize("file", ["wheel_uri", "main_uri"])
def test_a_deploy_brings_back_what_is_gone_of_its_version(
    session: boto3.Session, platform: Platform, root: Path, file: str
) -> None:
    s3, made = session.client("s3"), artifacts.deploy(session, platform, JOB, "dev", root=root)
    bucket, key = objects.split(getattr(artifacts.resolve(session, platform, JOB.name, "dev"), file))
    s3.delete_object(Bucket=bucket, Key=key)
    again = artifacts.deploy(session, platform, JOB, "dev", root=root)
    assert (again.digest, again.uploaded, again.moved) == (made.digest, True, False)
    artifacts.resolve(session, platform, JOB.name, "dev")
    assert not artifacts.deploy(session, platform, JOB, "dev", root=root).uploaded


@pytest.mark.parametrize("body", [b"{cut off", b"[]", b'{"digest": 7}', b"\xff"])
def test_a_damaged_manifest_or_channel_is_one_line(
    session: boto3.Session, platform: Platform, root: Path, body: bytes
) -> None:
    s3, made = session.client("s3"), artifacts.deploy(session, platform, JOB, "dev", root=root)
    for key in (f"{JOB.name}/{made.digest}/manifest.json", f"{JOB.name}/channels/dev.json"):
        s3.put_object(Bucket="dev-artifacts", Key=key, Body=body)
        with pytest.raises(UserError, match=f"s3://dev-artifacts/{key} is not what this version reads"):
            artifacts.resolve(session, platform, JOB.name, "dev")
