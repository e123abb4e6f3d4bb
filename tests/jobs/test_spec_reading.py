"""Files as people and attackers write them: all mistakes at once, hostile content in a line, quickly."""

from __future__ import annotations

import os
import time
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.errors import UserError
from jobs import spec
from jobs.spec import MAY_DIFFER, reading
from jobs.spec.schema import schema
from tests.jobs.specs import GOOD, told, write


def test_keys_that_contradict_each_other_are_told_beside_keys_that_are_wrong(tmp_path: Path) -> None:
    lines = told(
        tmp_path,
        timeout_minutes=0,
        arguments=["${inputs.fligths}"],
        conf={"sql.x": "1"},
        entry_point="jobs.elsewhere.main",
        tags={"aws:x": "1"},
    )
    keys = {line.split(": ")[1] for line in lines}
    assert keys == {"timeout_minutes", "arguments[0]", "conf.sql.x", "entry_point", "tags.aws:x"}


def test_what_depends_on_a_wrong_key_is_not_told(tmp_path: Path) -> None:
    (line,) = told(tmp_path, inputs=[{"name": "flights", "zone": "nowhere", "prefix": "x/"}])
    assert "inputs[0].zone" in line  # and not that ${inputs.weather} is unknown


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"x" * 10_000_000, "is larger than 1,000,000 bytes: it holds data, not settings"),
        (b"arguments: [" + b'"x", ' * 2_000_000 + b"]", "is larger than 1,000,000 bytes"),
        (b"a: &a [1,1,1,1,1,1,1,1,1,1]\n" + b"".join(
            b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(9)),
         "more than 20,000 values"),
        (b"[" * 3000, "is not YAML"),
        (b"a: " + b"{b: " * 3000, "is not YAML"),
        (b"? [a, b]\n: 1\n", "is not YAML"),
        (b"1: 2\n", "1: "),
        (b"name: \x00\n", "is not YAML"),
        (b"--- a\n--- b\n", "is not YAML"),
        (b"null\n", "is no mapping of keys"),
    ],
)  # fmt: skip
def test_hostile_content_is_refused_quickly_and_in_short_lines(
    tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    began = time.process_time()
    found, mistakes = reading.parse(file)
    assert time.process_time() - began < 2
    assert found is None
    assert any(told in str(mistake) for mistake in mistakes)
    assert all(len(str(mistake)) < 500 for mistake in mistakes)


def test_no_file_that_never_ends_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for file in (Path("/dev/zero"), tmp_path, tmp_path / "pipe.yaml"):
        with pytest.raises(UserError, match="is no file"):
            spec.load(file)
    with pytest.raises(UserError, match=r"is no file name|cannot be read"):
        spec.load(Path("a\0b.yaml"))
    with pytest.raises(UserError, match="cannot be read: File name too long"):
        spec.load(Path("x" * 5000 + ".yaml"))


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("name", "x" * 41, "string should have at most 40 characters"),
        (
            "name",
            "../../etc/passwd",
            "must be lower-case letters and digits, in words joined by hyphens, as ",
        ),
        ("entry_point", "a." + "b" * 300, "at most 200 characters"),
        (
            "package",
            ["jobs..workloads"],
            "must be a module in a package, in lower case, as jobs.workloads.nightly_etl",
        ),
        ("package", ["/etc"], "must be a module in a package"),
        ("arguments", ["x" * 10_000], "10000 characters; at most 6000"),
        ("arguments", {"a": 1}, "valid tuple"),
        ("arguments", [1], "is 1; input should be a valid string"),
        ("timeout_minutes", 2.5, "is 2.5; "),
        ("timeout_minutes", float("inf"), "is inf; "),
        ("slo", {"p95_minutes": float("nan"), "freshness_hours": 1}, "slo.p95_minutes: is nan; "),
        ("parameters", {"a": "x" * 2000}, "at most 1024 characters"),
        ("parameters", {"a": "x\ny"}, "must be one line without control characters"),
        (
            "conf",
            {"spark.executor.cores": "2"},
            "changes nothing, for resources.executors.cores outdoes it",
        ),
        ("schedule", {"expression": "rate(1 day)", "timezone": "../../etc/passwd"}, "is no time zone"),
        ("schedule", {"expression": "rate(1 day)", "timezone": ""}, "is no time zone"),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path: Path, key: str, value: object, what: str) -> None:
    lines = told(tmp_path, **{key: value})
    assert any(what in line and key in line for line in lines)
    assert all(len(line) < 400 for line in lines)


SOME_KEYS = st.sampled_from([*GOOD, "kind", "x"])
YAMLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SOME_KEYS, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from([*GOOD, *MAY_DIFFER]), YAMLS, min_size=1, max_size=3),
    below=st.booleans(),
)
def test_whatever_stands_in_a_file_is_a_spec_or_mistakes(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, object], below: bool
) -> None:
    folder = tmp_path_factory.mktemp("specs")
    file = write(folder, "job", **({"environments": {"prod": changes}} if below else changes))
    found, mistakes = reading.parse(file)
    assert (found is None) == bool(mistakes)
    assert all(mistake.line >= 1 and mistake.what for mistake in mistakes)
    if found is not None:
        found.for_environment("prod")
        found.model_validate_json(found.model_dump_json())


def test_the_schema_takes_the_catalog_and_what_an_environment_may_say() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    prod = {
        "resources": {"size": "large", "executors": {"count": 3}},
        "runtime": {"cluster": "other"},
        "schedule": None,
        "conf": {"spark.x": None},
        "fallback": {"runtime": {"kind": "serverless", "application": "a"}},
        "slo": {"p95_minutes": 5},
    }
    validator.validate({**GOOD, "environments": {"prod": prod}})


@pytest.mark.parametrize(
    "changes",
    [
        {"retires": 3},
        {"resources": {"size": "huge"}},
        {"runtime": {"kind": "ec2", "application": "x"}},
        {"environments": {"prod": {"inputs": []}}},
        {"environments": {"prod": {"resources": {"executors": {"cout": 1}}}}},
        {"environments": {"prod": {"retry": {"max_attempts": 9}}}},
        {"environments": {"Prod!": {}}},
        {"environments": {"prod": {"runtime": {"virtual": "x"}}}},
    ],
)
def test_the_schema_marks_what_validate_refuses(tmp_path: Path, changes: dict[str, object]) -> None:
    assert told(tmp_path, **changes)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate({**GOOD, **changes})
