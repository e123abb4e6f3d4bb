"""The mirror of a project: what is generated, what is linked, what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from stacks.workspace import load, merge, mirror

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(st.text(max_size=3), values, max_size=4)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one stack, a program and a git folder."""
    folder = tmp_path / "project"
    (folder / "infra").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "Pulumi.yaml").write_text("name: emr\n")
    (folder / "Pulumi.dev.yaml").write_text(
        "config:\n  aws:region: eu-west-1\n  emr:storage: {log_days: 3}\n"
    )
    (folder / "Pulumi.prod.yaml").write_text("config: {}\n")
    return folder


def generated(folder: Path, stack: str = "dev") -> dict[str, object]:
    """The stack's generated file."""
    content: dict[str, object] = yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text())
    return content


def test_the_overlay_is_laid_over_the_committed_configuration(project: Path, tmp_path: Path) -> None:
    made = mirror(project, tmp_path / "work", "dev", {"config": {"emr:storage": {"deletable": True}}})
    assert generated(made) == {
        "config": {"aws:region": "eu-west-1", "emr:storage": {"log_days": 3, "deletable": True}}
    }


def test_the_project_is_linked_and_its_committed_files_stay_as_they_are(
    project: Path, tmp_path: Path
) -> None:
    before = (project / "Pulumi.dev.yaml").read_text()
    made = mirror(project, tmp_path / "work", "dev", {"config": {"x": 1}})
    assert (made / "infra").resolve() == project / "infra"
    assert not (made / ".git").exists()
    assert not (made / "Pulumi.prod.yaml").exists()
    assert (project / "Pulumi.dev.yaml").read_text() == before


def test_programs_that_ran_in_both_are_no_hindrance(project: Path, tmp_path: Path) -> None:
    made = mirror(project, tmp_path / "work", "dev", {})
    for folder in (made, project):
        (folder / "__pycache__").mkdir()
    assert mirror(project, made, "dev", {}) == made
    assert not (made / "__pycache__").is_symlink()


def test_what_the_engine_wrote_is_kept_and_the_rest_is_made_anew(project: Path, tmp_path: Path) -> None:
    made = mirror(project, tmp_path / "work", "dev", {"config": {"x": 1}})
    file = made / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + "encryptionsalt: v1:abc\nother: 1\n")
    mirror(project, tmp_path / "work", "dev", {})
    assert generated(made)["encryptionsalt"] == "v1:abc"
    assert "other" not in generated(made)
    assert "x" not in generated(made)["config"]  # type: ignore[operator]


def test_an_unknown_stack_is_refused_with_those_there_are(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"stack is 'test'; allowed are: dev, prod"):
        mirror(project, tmp_path / "work", "test", {})


@pytest.mark.parametrize(("text", "said"), [("a: [", "is not YAML"), ("- 1\n", "must be a mapping")])
def test_a_broken_file_is_one_clear_line(project: Path, text: str, said: str) -> None:
    (project / "Pulumi.dev.yaml").write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        load(project, "dev")
    assert "\n" not in str(caught.value)


@given(base=mappings, overlay=mappings)
def test_merging_keeps_every_key_and_the_overlays_leaves(
    base: dict[str, object], overlay: dict[str, object]
) -> None:
    merged = merge(base, overlay)
    assert set(merged) == set(base) | set(overlay)
    for key, value in overlay.items():
        if not isinstance(value, dict):
            assert merged[key] == value


@given(base=mappings)
def test_merging_nothing_changes_nothing(base: dict[str, object]) -> None:
    assert merge(base, {}) == base


def test_seals_of_another_backend_are_left_out_and_our_own_stay(project: Path, tmp_path: Path) -> None:
    file = project / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + "secretsprovider: awskms://alias/gone\nencryptedkey: abc\n")
    assert generated(mirror(project, tmp_path / "all", "dev", {}))["encryptedkey"] == "abc"
    made = mirror(project, tmp_path / "own", "dev", {}, sealed=False)
    assert set(generated(made)) == {"config"}
    with (made / "Pulumi.dev.yaml").open("a") as own:
        own.write("encryptionsalt: v1:xyz\n")
    mirror(project, tmp_path / "own", "dev", {}, sealed=False)
    assert generated(made)["encryptionsalt"] == "v1:xyz"


def test_secrets_of_another_backend_are_left_out_and_those_set_here_stay(
    project: Path, tmp_path: Path
) -> None:
    file = project / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + "  kerberos:main: {secure: theirs}\n")
    sealed = mirror(project, tmp_path / "all", "dev", {})
    assert load(sealed, "dev")["config"]["kerberos:main"] == {"secure": "theirs"}
    made = mirror(project, tmp_path / "own", "dev", {}, sealed=False)
    assert "kerberos:main" not in load(made, "dev")["config"]
    own = load(made, "dev")
    own["config"]["kerberos:main"] = {"secure": "ours"}
    (made / "Pulumi.dev.yaml").write_text(yaml.safe_dump(own))
    mirror(project, tmp_path / "own", "dev", {}, sealed=False)
    assert load(made, "dev")["config"]["kerberos:main"] == {"secure": "ours"}
    assert load(made, "dev")["config"]["aws:region"] == "eu-west-1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"config:\n  emr:owner: !!binary aGVsbG8=\n", "text, numbers, true and false alone; .* bytes"),
        (b"config:\n  emr:owner: !!set {a, b}\n", "alone; .* set"),
        (b"config:\n  emr:owner: &a [*a]\n", "alone; Circular"),
        (b'config:\n  emr:owner: "\\ud800"\n', "alone; .*surrogates"),
        (b"config:\n  emr:owner: d\xe9p\n", "is not UTF-8 text; save it"),
        (b"config:\n  emr:owner: a\n  emr:owner: b\n", "not YAML: the key 'emr:owner' stands twice"),
        (b"config: [1]\n", r"config must be a mapping of keys as 'emr:owner'; it is \[1\]"),
        (b"config: {5: x}\n", "config must be a mapping of keys"),
    ],
)
def test_what_no_stack_file_may_hold_is_refused_in_words(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_bytes(text)
    with pytest.raises(UserError, match=f"^Pulumi.dev.yaml:? .*{said}"):
        load(tmp_path, "dev")


def test_a_date_is_text_and_an_empty_file_of_keys_is_one(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config:\n  emr:owner: 2026-11-28\n  emr:tags: {2026-11-28: x}\n")
    assert load(tmp_path, "dev")["config"] == {"emr:owner": "2026-11-28", "emr:tags": {"2026-11-28": "x"}}
    file.write_text("config:\n")
    assert load(tmp_path, "dev") == {"config": None}
