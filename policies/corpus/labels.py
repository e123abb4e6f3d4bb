"""Labelled cases: which resources of a foreign program a rule, or a public control, must find, and which it must not.

A case is a folder with the program's files and an `expected.yaml`, or one file NAME.tf (.yaml, .json) with a
`NAME.expected.yaml` beside it. The labels:

    resources:
      aws_s3_bucket.open:              # an address of Terraform, a logical id of CloudFormation, a name of Pulumi
        must: [CKV2_AWS_6]             # ids of rules, or ids of public controls
        must_not: [CKV_AWS_21, kms-rotation]
    config: {required-tags: {required: [team]}}    # optional, as in the engine's configuration
    complete: true                     # optional: whatever else is found is wrong
    source: …                          # optional: where the case is from, for whoever reads it

A control is found where any rule that encodes it finds something: on the resource itself, on a setting of it that is a
resource of its own (the public access block of a bucket). What must be found on such a setting may be found on its
owner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from lark.exceptions import LarkError

from facts.errors import UserError
from policies.corpus import cloudformation, pulumi, terraform
from policies.corpus.declared import CorpusError, Declared

MARK = "expected"
Reader = Callable[[Iterable[Path]], list[Declared]]
FORMATS: dict[str, tuple[Reader, tuple[str, ...]]] = {
    "terraform": (terraform.read, (".tf", ".tf.json")),
    "cloudformation": (cloudformation.read, (".yaml", ".yml", ".json", ".template")),
    "pulumi": (pulumi.read, (".yaml", ".yml", ".json")),
}


@dataclass(frozen=True)
class Label:
    """That `id` must, or must not, be found on `resource`."""

    resource: str
    id: str
    must: bool


@dataclass(frozen=True)
class Unread:
    """A case that cannot be judged, with one line that says why."""

    name: str
    why: str


@dataclass(frozen=True)
class Labelled:
    """A case: its name below the corpus, its resources, its labels."""

    name: str
    resources: tuple[Declared, ...]
    labels: tuple[Label, ...]
    config: dict[str, dict[str, Any]] = field(default_factory=dict)
    complete: bool = False


def cases(folder: Path, form: str) -> Iterator[Labelled | Unread]:
    """Every case below `folder`, in order of their names. Raises UserError for a folder without any."""
    if form not in FORMATS:
        raise UserError(f"--format is '{form}'; allowed are: {', '.join(FORMATS)}")
    marks = sorted(file for end in ("yaml", "yml", "json") for file in folder.rglob(f"*{MARK}.{end}"))
    if not marks:
        raise UserError(
            f"'{folder}' holds no labelled case: no file is called {MARK}.yaml or NAME.{MARK}.yaml"
        )
    read, suffixes = FORMATS[form]
    for mark in marks:
        stem = mark.name.split(f"{MARK}.")[0].rstrip(".")
        beside = sorted(
            f for f in mark.parent.iterdir() if f.name.endswith(suffixes) and f"{MARK}." not in f.name
        )
        files = [f for f in beside if f.name in {f"{stem}{end}" for end in suffixes}] if stem else beside
        name = str((mark.parent / stem if stem else mark.parent).relative_to(folder))
        try:
            if not files:
                raise CorpusError(f"{mark}: no file ({', '.join(suffixes)}) beside it to judge")
            yield _case(name, mark, read(files))
        except CorpusError as error:
            yield Unread(name, str(error))
        except (
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            OSError,
            RecursionError,
            LarkError,
        ) as error:
            what = f"{type(error).__name__}: {' '.join(str(error).split())}"
            yield Unread(name, f"{files[0]}: not of the form '{form}': {what[:200]}")


def _case(name: str, mark: Path, resources: list[Declared]) -> Labelled:
    try:
        data = yaml.safe_load(mark.read_text())
        given = data["resources"]
        labels = tuple(
            Label(str(resource), str(rule), kind == "must")
            for resource, kinds in given.items()
            for kind in ("must", "must_not")
            for rule in _several((kinds or {}).get(kind))
        )
        strays = {key for kinds in given.values() for key in kinds or {}} - {"must", "must_not"}
        strays |= set(data) - {"resources", "config", "complete", "source"}
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, AttributeError) as error:
        raise CorpusError(
            f"{mark}: not labels: {type(error).__name__}: {' '.join(str(error).split())}"
        ) from None
    if strays:
        raise CorpusError(
            f"{mark}: unknown key {sorted(strays)[0]!r}; allowed: must, must_not, config, complete, source"
        )
    twice = next((one for one, times in Counter(o.address for o in resources).items() if times > 1), None)
    if twice is not None:
        raise CorpusError(f"{mark}: the files beside it declare '{twice}' twice: a case is one program")
    named = {label.resource for label in labels}
    judged = [o for o in resources if not o.aside or named & {o.address, o.owner, *o.names}]
    return Labelled(name, tuple(judged), labels, data.get("config") or {}, bool(data.get("complete")))


def _several(ids: Any) -> list[Any]:
    return [ids] if isinstance(ids, str) else list(ids or ())
