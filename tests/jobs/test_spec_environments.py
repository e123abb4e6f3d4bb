"""What differs by environment: how it is laid over, what is refused, and where it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from jobs.spec import MAY_DIFFER, JobSpec, load
from jobs.spec.environments import laid_over
from tests.jobs.specs import GOOD, job, told, write

PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
NAMES = st.sampled_from(["a", "b", "kind", "size"])
TREES = st.dictionaries(
    NAMES,
    st.recursive(PLAIN, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6),
    max_size=4,
)


def _plain_leaves(tree: Any) -> bool:
    return not isinstance(tree, dict) or all(v is not None and _plain_leaves(v) for v in tree.values())


@given(base=TREES, over=TREES)
def test_laying_over_twice_is_laying_over_once_and_changes_neither(base: Any, over: Any) -> None:
    before = (repr(base), repr(over))
    once = laid_over(base, over)
    assert laid_over(once, over) == once
    assert laid_over(base, {}) == base
    assert (repr(base), repr(over)) == before
    for key, value in over.items():
        if value is None:
            assert key not in once
        elif not isinstance(value, dict):
            assert once[key] == value
    assert {key: once[key] for key in base.keys() - over.keys()} == {
        k: base[k] for k in base.keys() - over.keys()
    }


@given(over=TREES)
def test_no_null_of_an_environment_is_left(over: Any) -> None:
    assert _plain_leaves(laid_over({}, over))


@pytest.mark.parametrize(
    ("base", "over", "found"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": {"b": None}}, {"a": {}}),
        ({"r": {"kind": "ec2", "cluster": "m"}}, {"r": {"kind": "eks", "x": "y"}}, {"r": {"kind": "eks", "x": "y"}}),
        ({"r": {"kind": "ec2", "cluster": "m"}}, {"r": {"cluster": "n"}}, {"r": {"kind": "ec2", "cluster": "n"}}),
        ({"r": {"size": "small", "driver": {"cores": 9}}}, {"r": {"size": "large"}}, {"r": {"size": "large"}}),
    ],
)  # fmt: skip
def test_how_an_environment_is_laid_over(base: Any, over: Any, found: Any) -> None:
    assert laid_over(base, over) == found


OVER: dict[str, Any] = {
    "resources": {"size": "medium", "executors": {"count": 9}},
    "runtime": {"kind": "serverless", "application": "adhoc"},
    "conf": {"spark.sql.shuffle.partitions": "200", "spark.dynamicAllocation.enabled": None},
    "retry": {"max_attempts": 4},
    "schedule": None,
    "tags": {"tier": "gold"},
}


def test_an_environment_has_its_own_and_the_rest_is_the_jobs() -> None:
    found = job(environments={"prod": OVER})
    prod, other = found.for_environment("prod"), found.for_environment("staging")
    assert prod.resources.executors.count == 9
    assert prod.resources.driver.memory == "5g"
    assert prod.runtime.kind == "serverless"
    assert prod.conf["spark.sql.shuffle.partitions"] == "200"
    assert "spark.dynamicAllocation.enabled" not in prod.conf
    assert prod.retry.max_attempts == 4
    assert prod.schedule is None
    assert prod.tags == {**found.tags, "tier": "gold"}
    assert prod.arguments == found.arguments
    assert other == found.model_copy(update={"environments": {}})
    assert prod.environments == {}


def test_the_manifest_gives_the_same_as_the_file(tmp_path: Path) -> None:
    """A dump has every default in it; what is laid over it comes out as over the file."""
    small = {"size": "small", "executors": {"count": 3}}
    read = load(
        write(
            tmp_path,
            "job",
            resources=small,
            environments={"prod": OVER, "big": {"resources": {"size": "xlarge"}}},
        )
    )
    again = JobSpec.model_validate_json(read.model_dump_json())
    assert again == read
    for name in ("prod", "big", "dev"):
        assert again.for_environment(name) == read.for_environment(name)
    assert read.for_environment("big").resources.executors.count == 32
    assert read.for_environment("dev").resources.executors.count == 3


@pytest.mark.parametrize(
    ("over", "what"),
    [
        ({"resources": {"executors": {"count": 0}}}, "environments.prod.resources.executors.count: is 0; "),
        ({"resources": {"executors": {"cout": 1}}}, "environments.prod.resources.executors.cout: is not a key"),
        ({"inputs": []}, "environments.prod.inputs: cannot differ by environment; allowed are: resources, "),
        ({"environments": {}}, "environments.prod.environments: cannot differ"),
        ({"runtime": {"cluster": None}}, "environments.prod.runtime: name either cluster"),
        ({"runtime": {"kind": "cloud"}}, "environments.prod.runtime.kind: is 'cloud'; allowed are: ec2"),
        ({"fallback": {"when_waiting": 2}}, "environments.prod.fallback.runtime: is missing"),
        ({"conf": {"sql.x": "1"}}, "environments.prod.conf.sql.x: is no Spark setting"),
        ({"retry": {"max_attempts": "often"}}, "environments.prod.retry.max_attempts: is 'often'"),
        ({"schedule": {"timezone": "Mars/Base"}}, "environments.prod.schedule.timezone: is 'Mars/Base'; "),
        ({"secrets": {"db": "hunter2"}}, "environments.prod.secrets.db: is no ARN of a secret"),
        ({"conf": {"spark.driver.memory": "9g"}}, "environments.prod.conf.spark.driver.memory: changes nothing, for "),
        (["a"], "environments.prod: "),
        (None, "environments.prod: is None"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_environment_is_told_with_its_path(tmp_path: Path, over: Any, what: str) -> None:
    (line,) = told(tmp_path, environments={"prod": over})
    assert line.split(": ", 1)[1].startswith(what)
    assert "hunter2" not in line


def test_a_mistake_has_the_line_of_its_environment_and_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    write(tmp_path, "bad", timeout_minutes=0)
    start = len(file.read_text().splitlines())
    file.write_text(
        file.read_text()
        + "environments:\n  prod:\n    resources:\n      executors: {count: 0}\n  Dev!: {}\n  test:\n    slo: {}\n"
    )
    with pytest.raises(UserError) as caught:
        load(file)
    lines = str(caught.value).splitlines()[1:]
    assert sum("timeout_minutes" in line for line in lines) == 1
    assert any(
        line.startswith(f"{file}:{start + 4}: environments.prod.resources.executors.count") for line in lines
    )
    assert any(line.startswith(f"{file}:{start + 5}: environments.Dev!: is 'Dev!'") for line in lines)
    # `slo: {}` is laid over the job's own, which has all it needs.
    assert len(lines) == 3


def test_everything_that_may_differ_is_a_key_of_a_job() -> None:
    assert set(MAY_DIFFER) < set(JobSpec.model_fields)
    assert not {"name", "inputs", "outputs", "arguments", "package", "entry_point", "release"} & set(
        MAY_DIFFER
    )


def test_what_does_not_go_together_is_one_line_where_no_file_was_read() -> None:
    wrong = JobSpec.model_validate({**GOOD, "environments": {"prod": {"retry": {"max_attempts": 99}}}})
    with pytest.raises(UserError, match=r"job 'nightly-etl' is wrong in environment 'prod': .*jobs validate"):
        wrong.for_environment("prod")
