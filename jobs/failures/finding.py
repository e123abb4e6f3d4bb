"""What is found out about a failed run, as data: it stands in the run's record."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict

from jobs.spec.running import Mitigation

FailureClass = Literal[
    "executor_out_of_memory",
    "driver_out_of_memory",
    "slow_shuffle",
    "spot_reclaim",
    "network_stall",
    "permission_denied",
    "bad_arguments",
    "missing_input",
    "schema_mismatch",
    "dependency_conflict",
    "code_error",
    "unknown",
]
CLASSES: tuple[FailureClass, ...] = get_args(FailureClass)


def _known(word: Any) -> Any:
    return "unknown" if isinstance(word, str) and word not in CLASSES else word


def _applicable(word: Any) -> Any:
    return word if word in get_args(Mitigation) else None


# In a record, where a newer version may know more of them than this one.
RecordedClass = Annotated[FailureClass, BeforeValidator(_known)]


class _Data(BaseModel):
    # Part of the records: a newer version may have written more than this one knows.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Quote(_Data):
    """One line that shows it, without the secrets in it. `line` counts from 1."""

    log: str
    line: int
    text: str


class Frame(_Data):
    """The line of the job's own code that failed."""

    file: str
    line: int
    function: str
    code: str = ""


class Denial(_Data):
    """What was denied to whom, as far as the message says it."""

    principal: str | None = None
    action: str | None = None
    resource: str | None = None


class Change(_Data):
    """One key of the spec with another value. Without `kind` it is for people only, never applied by itself."""

    path: tuple[str, ...]
    before: str | None
    after: str
    why: str
    kind: Annotated[Mitigation | None, BeforeValidator(_applicable)] = None

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} {self.before or '(not set)'} → {self.after}"


class Finding(_Data):
    """A failed run's class.

    `confidence` is the weight of the signatures found (see `jobs.failures.rules`), from 0 to 1; below
    `rules.ENOUGH`, and when two classes contend, the class is unknown and `contenders` says between which.
    """

    failure_class: RecordedClass
    confidence: float
    explanation: str
    evidence: tuple[Quote, ...] = ()
    cause: str = ""  # which kind of the class it is: decides what is suggested
    contenders: tuple[RecordedClass, ...] = ()
    frame: Frame | None = None
    denial: Denial | None = None
    changes: tuple[Change, ...] = ()
    advice: tuple[str, ...] = ()
