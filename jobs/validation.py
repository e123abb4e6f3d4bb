"""Specs held against everything that can be known without a stack: the model, each environment, the job's sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from facts.errors import UserError
from facts.releases import labels
from jobs import jars, packed, spec, wheel, yamlfile
from jobs.spec import reading
from jobs.yamlfile import Mistake


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The files that were read, and what is wrong in them, file by file and line by line."""

    files: Sequence[Path]
    mistakes: Sequence[Mistake]


def check(targets: Sequence[str] = (), folder: Path | None = None, root: Path = wheel.ROOT) -> Checked:
    """The mistakes in the jobs or files called `targets`, of the whole catalog when there are none.

    What ends with .yaml or has a slash is a file, anything else a job. Raises UserError for a job that is not there.
    """
    catalog = reading.files(folder)
    files = [_file(target, catalog) for target in targets] or catalog
    mistakes: list[Mistake] = []
    for file in dict.fromkeys(files):
        found, wrong = reading.parse(file)
        mistakes += wrong
        if found is not None:
            mistakes += _beside_the_file(file, found, root)
    return Checked(files=tuple(dict.fromkeys(files)), mistakes=tuple(mistakes))


def _file(target: str, catalog: Sequence[Path]) -> Path:
    if target.endswith(".yaml") or "/" in target:
        return Path(target)
    for file in catalog:
        if file.stem == target:
            return file
    known = ", ".join(file.stem for file in catalog) or "none"
    raise UserError(f"there is no job '{target[:80]}'; the catalog has: {known}")


def _beside_the_file(file: Path, job: spec.JobSpec, root: Path) -> Iterator[Mistake]:
    """What the file itself cannot know: whether the release and the sources that it names are there."""

    def mistake(key: str, what: str) -> Mistake:
        return Mistake(file=file, line=yamlfile.read(file).line((key,)), key=key, what=what)

    if job.release not in labels():
        yield mistake("release", f"'{job.release}' is unknown; known are: {', '.join(labels())}")
        return
    for key, look in (
        ("package", wheel.sources),
        ("dependencies", jars.read),
        ("dependencies", packed.recipe),
    ):
        try:
            look(job, root)
        except UserError as error:
            yield mistake(key, str(error))
