"""What the parts of a spec must agree on with each other. Each check names the keys that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.spec import plaintext, sizes, templates

if TYPE_CHECKING:
    from jobs.spec.job import JobSpec

KeyPath = tuple[str | int, ...]
# EMR takes at most 10,280 characters of arguments in a step; the rest of the command line needs its share.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-commandrunner.html
MAX_ARGUMENTS = 6_000
# What `jobs.attempts` sets itself: a spec that could change these could hide its own run.
RESERVED_CONF = (
    "spark.eventLog.",
    "spark.app.name",
    "spark.master",
    "spark.submit.deployMode",
    "spark.yarn.tags",
)


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Two parts of a spec that contradict each other; of no interest while a key of `of` is wrong by itself."""

    path: KeyPath
    what: str
    of: frozenset[str]


class DisagreementsError(ValueError):
    """All of them; pydantic carries it to the reader."""

    def __init__(self, found: list[Disagreement]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, one.path))}: {one.what}" for one in found))
        self.found = found


Found = Iterable[tuple[KeyPath, str]]


def all_of(spec: JobSpec) -> list[Disagreement]:
    """Every disagreement in `spec`."""
    return [
        Disagreement(path=path, what=what, of=frozenset(keys))
        for keys, check in _CHECKS.items()
        for path, what in check(spec)
    ]


def _datasets(spec: JobSpec) -> Found:
    for key, datasets in (("inputs", spec.inputs), ("outputs", spec.outputs)):
        names = [dataset.name for dataset in datasets]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield (key, index, "name"), f"the name '{name}' stands twice"
    for index, output in enumerate(spec.outputs):
        for other in spec.inputs:
            # A job that overwrites what it reads cannot be run twice.
            if other.zone == output.zone and _overlap(other.prefix, output.prefix):
                yield ("outputs", index), f"'{output.name}' overlaps the input '{other.name}' in {other.zone}"
        for earlier in spec.outputs[:index]:
            # What overwrites the one would remove the other.
            if earlier.zone == output.zone and _overlap(earlier.prefix, output.prefix):
                yield (
                    ("outputs", index),
                    f"'{output.name}' overlaps the output '{earlier.name}' in {output.zone}",
                )


def _arguments(spec: JobSpec) -> Found:
    for index, argument in enumerate(spec.arguments):
        for what in templates.mistakes(argument, spec.template_names()):
            yield ("arguments", index), what
        if mark := templates.yarn_mark(argument):
            yield ("arguments", index), f"holds '{mark}', which YARN replaces; put a space between the two"
        if any(ord(character) < 32 for character in argument):
            yield ("arguments", index), "holds a control character"
    if (size := sum(map(len, spec.arguments))) > MAX_ARGUMENTS:
        yield ("arguments",), f"{size} characters; at most {MAX_ARGUMENTS}: put data into an input"


def _parameters(spec: JobSpec) -> Found:
    for name, value in spec.parameters.items():
        for what in templates.mistakes(value, ()):
            yield ("parameters", name), what
    for name in spec.canary.parameters.keys() - spec.parameters.keys():
        known = ", ".join(spec.parameters) or "none"
        yield ("canary", "parameters", name), f"is no parameter of the job; it has: {known}"


def _plain_secrets(spec: JobSpec) -> Found:
    for index, argument in enumerate(spec.arguments):
        following = spec.arguments[index + 1 : index + 2]
        told = plaintext.within(argument)
        if argument.startswith("-") and plaintext.named(argument) and _is_value(*following):
            told = "a password, key or token"
        if told:
            yield ("arguments", index), f"holds what looks like {told}; {plaintext.ADVICE}"
    for key, values in (("conf", spec.conf), ("parameters", spec.parameters)):
        for name, value in values.items():
            if plaintext.named(name) and value:
                yield (key, name), f"is the name of a secret, and has a value; {plaintext.ADVICE}"
            elif told := plaintext.within(value):
                yield (key, name), f"holds what looks like {told}; {plaintext.ADVICE}"


def _conf(spec: JobSpec) -> Found:
    for key, value in spec.conf.items():
        if any(ord(character) < 32 for character in f"{key}{value}"):
            yield ("conf", key), "holds a control character"
        if not key.startswith("spark."):
            yield ("conf", key), "is no Spark setting; its name must start with 'spark.'"
        elif key.startswith(RESERVED_CONF):
            yield ("conf", key), "is set for every run by the platform; remove it"


def _tags(spec: JobSpec) -> Found:
    for key in spec.tags:
        if key.startswith("aws:"):
            yield ("tags", key), "names that start with 'aws:' are AWS' own"


def _entry_point(spec: JobSpec) -> Found:
    if not any(f"{spec.entry_point}.".startswith(f"{package}.") for package in spec.package):
        yield ("entry_point",), f"'{spec.entry_point}' is in none of package: {', '.join(spec.package)}"


def _workers(spec: JobSpec) -> Found:
    runtimes = {spec.runtime.kind, spec.fallback.runtime.kind if spec.fallback else ""}
    if "serverless" in runtimes:
        for key, what in sizes.unfit_for_serverless(spec.resources):
            yield ("resources", *key.split(".")), what


def _dependencies(spec: JobSpec) -> Found:
    if not spec.dependencies:
        return
    if not (spec.dependencies.lock or spec.dependencies.jars):
        yield ("dependencies",), "is empty; name a lock, jars, or both, or leave it out"
    names = [jar.rpartition("/")[2] for jar in spec.dependencies.jars]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ("dependencies", "jars", index), f"a second jar is called '{name}'; they lie in one folder"
    targets = {"runtime": spec.runtime, "fallback": spec.fallback.runtime if spec.fallback else None}
    for key, target in targets.items():
        # There the driver is a process of the primary node, beside which nothing is unpacked.
        if spec.dependencies.lock and target and target.kind == "ec2" and target.deploy_mode == "client":
            yield (
                (key,),
                "deploy_mode client does not go with dependencies.lock, which only containers have; use cluster",
            )


def _fallback(spec: JobSpec) -> Found:
    if spec.fallback and spec.fallback.runtime == spec.runtime:
        yield ("fallback", "runtime"), "is the place that the job runs on anyway; name another, or none"


# By the keys that a check looks at.
_CHECKS: Mapping[tuple[str, ...], Callable[[JobSpec], Found]] = {
    ("inputs", "outputs"): _datasets,
    ("arguments", "inputs", "outputs", "parameters", "secrets"): _arguments,
    ("parameters", "canary"): _parameters,
    ("arguments", "conf", "parameters"): _plain_secrets,
    ("conf",): _conf,
    ("tags",): _tags,
    ("entry_point", "package"): _entry_point,
    ("resources", "runtime", "fallback"): _workers,
    ("dependencies", "runtime", "fallback"): _dependencies,
    ("runtime", "fallback"): _fallback,
}


def _is_value(following: str = "-") -> bool:
    return not following.startswith(("-", "${secrets."))


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
