"""What a spec refuses, and how it says so; what an argument becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from facts.errors import UserError
from jobs import spec

GOOD = yaml.safe_load((spec.CATALOG / "nightly-etl.yaml").read_text())


def _write(folder: Path, stem: str, **changes: Any) -> Path:
    file = folder / f"{stem}.yaml"
    file.write_text(yaml.safe_dump({**GOOD, "name": stem, **changes}))
    return file


def test_the_catalog_loads_and_agrees_with_its_file_names() -> None:
    specs = spec.load_catalog()
    assert [job.name for job in specs] == sorted(file.stem for file in spec.CATALOG.glob("*.yaml"))


def test_all_mistakes_of_all_files_are_told_at_once_with_file_line_and_key(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "name: one\nowner: Team A\nretry: {max_attempts: 9}\ninputs:\n  - {name: a, zone: nope, prefix: x/}\nfoo: 1\n"
    )
    _write(tmp_path, "two", timeout_minutes="long")
    (tmp_path / "three.yaml").write_text("name: [\n")
    with pytest.raises(UserError) as caught:
        spec.load_catalog(tmp_path)
    told = str(caught.value)
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    assert f"{one}:2: owner: is 'Team A'" in told
    assert f"{one}:3: retry.max_attempts: is 9" in told
    assert f"{one}:5: inputs[0].zone: is 'nope'" in told
    assert f"{one}:6: foo: is not a key" in told
    assert f"{one}:1: runtime: is missing" in told
    assert "timeout_minutes: is 'long'" in told
    assert f"{two}:" in told
    assert f"{tmp_path / 'three.yaml'}:2: is not YAML" in told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"arguments": ["${inputs.fligths}"]}, r"arguments\[0\]: '\$\{inputs.fligths\}' is unknown; allowed are"),
        ({"arguments": ["costs $5"]}, r"arguments\[0\]: .* a dollar is \$\$"),
        ({"arguments": ["a\nb"]}, "control character"),
        ({"arguments": ["x" * 7000]}, "7000 characters; at most 6000"),
        ({"conf": {"sql.x": "1"}}, "conf.sql.x: is no Spark setting"),
        ({"conf": {"spark.eventLog.enabled": "false"}}, "is set for every run by the platform"),
        ({"conf": {"spark.x": 3}}, "conf.spark.x: is 3"),
        ({"entry_point": "jobs.elsewhere.main"}, "is in none of package"),
        ({"package": ["jobs/../../etc"]}, r"package\[0\]: is 'jobs/\.\./\.\./etc'"),
        ({"inputs": [{"name": "a", "zone": "landing", "prefix": "../x/"}]}, r"inputs\[0\].prefix"),
        ({"inputs": [{"name": "a", "zone": "landing", "prefix": "/x/"}]}, r"inputs\[0\].prefix"),
        ({"inputs": [{"name": "a", "zone": "landing", "prefix": "x"}]}, r"inputs\[0\].prefix"),
        ({"outputs": [{"name": "o", "zone": "landing", "prefix": "nycflights13/"}]}, "overlaps the input 'flights'"),
        (
            {"outputs": [{"name": n, "zone": "curated", "prefix": p} for n, p in (("a", "x/"), ("b", "x/y/"))]},
            "'b' overlaps the output 'a' in curated",
        ),
        ({"outputs": []}, "outputs"),
        ({"inputs": GOOD["inputs"] + GOOD["inputs"][:1]}, "the name 'flights' stands twice"),
        ({"runtime": {"kind": "cloud", "cluster": "main"}}, "runtime.kind: is 'cloud'"),
        ({"runtime": {"kind": "ec2"}}, r"runtime: name either cluster \(a persistent one\) or template"),
        ({"runtime": {"kind": "ec2", "cluster": "a", "template": "b"}}, "runtime: name either"),
        ({"runtime": {"kind": "serverless"}}, "runtime.application: is missing"),
        ({"runtime": {"kind": "eks", "cluster": "main"}}, "runtime.virtual_cluster: is missing"),
        ({"runtime": {"cluster": "main"}}, "runtime.kind: is missing; allowed are: ec2, serverless, eks"),
        ({"tags": {"aws:x": "1"}}, "tags.aws:x"),
        ({"release": "latest"}, "release: is 'latest'"),
        ({"resources": {"driver": {"memory": "1 GB"}}}, "resources.driver.memory: is '1 GB'"),
        ({"schedule": {"expression": "every day"}}, "schedule.expression"),
        ({"name": "bad", "owner": "x" * 50}, "owner"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    file = _write(tmp_path, "bad", **changes)
    with pytest.raises(UserError, match=told) as caught:
        spec.load(file)
    assert str(file) in str(caught.value)


def test_a_name_that_is_not_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"name: is 'other' in a file called 'bad.yaml'"):
        spec.load(_write(tmp_path, "bad", name="other"))


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = _write(tmp_path, "bad")
    file.write_text(file.read_text() + "owner: somebody\n")
    with pytest.raises(UserError, match="owner: stands twice"):
        spec.load(file)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"", "no mapping of keys"),
        (b"- a\n- b\n", "no mapping of keys"),
        (b"a: &x [*x]\n", "contains itself"),
        (b"a: !!python/object:os.system {}\n", "not YAML"),
        (b"a: {b: [}\n", "not YAML"),
    ],
)
def test_what_is_no_spec_at_all_is_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    with pytest.raises(UserError, match=told) as caught:
        spec.load(file)
    assert len(str(caught.value).splitlines()) == 1


def test_no_folder_no_file_no_job() -> None:
    with pytest.raises(UserError, match="is no folder"):
        spec.load_catalog(Path("/nonexistent"))
    with pytest.raises(UserError, match="cannot be read"):
        spec.load(Path("/nonexistent.yaml"))
    with pytest.raises(UserError, match="no job 'nightly'; the catalog has: nightly-etl"):
        spec.find("nightly")


def test_a_spec_does_not_change() -> None:
    job = spec.find("nightly-etl")
    with pytest.raises(ValidationError, match="frozen"):
        job.owner = "me"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["ad-hoc", "a", "x" * 31])
@pytest.mark.parametrize(
    "place",
    [
        {"kind": "ec2", "cluster": ""},
        {"kind": "ec2", "template": ""},
        {"kind": "serverless", "application": ""},
        {"kind": "eks", "virtual_cluster": ""},
    ],
    ids=lambda one: list(one)[-1],
)
def test_a_job_runs_on_any_place_that_a_stack_may_name(
    tmp_path: Path, place: dict[str, str], name: str
) -> None:
    runtime = {key: value or name for key, value in place.items()}
    assert spec.load(_write(tmp_path, "job", runtime=runtime)).runtime.place == name
