"""From a class to what would mend it: changes of the spec within `mitigate`, and advice where no key of it helps."""

from __future__ import annotations

from collections.abc import Mapping

from jobs.failures import denied
from jobs.failures.classify import Evidence
from jobs.failures.finding import Change, Denial, FailureClass, Finding
from jobs.spec import JobSpec, Target
from jobs.telemetry.eventlog import Usage

PARTITIONS = "spark.sql.shuffle.partitions"
OVERHEAD = "spark.executor.memoryOverhead"
# Spark's defaults: https://spark.apache.org/docs/4.0.1/sql-performance-tuning.html and …/configuration.html
DEFAULT_PARTITIONS = 200
MIN_OVERHEAD_MIB, OVERHEAD_FACTOR = 384, 0.1
SKEW_THRESHOLD = "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes"
_DEFAULT_SKEW_THRESHOLD = 256 * 1024 * 1024

# For docs and for people: what is done about a class. One sentence each, beside the code that does it.
ADVICE: Mapping[FailureClass, str] = {
    "executor_out_of_memory": "double the executors' heap, or their memoryOverhead where the container was exceeded, "
    "up to `mitigate.memory_ceiling`; at the ceiling double the shuffle partitions",
    "driver_out_of_memory": "collect less into the driver; suggests twice its memory, or twice maxResultSize",
    "slow_shuffle": "skew: lower the size from which adaptive execution splits, salt the key, or broadcast the "
    "small side; "
    "spill: double the shuffle partitions up to `mitigate.partitions_ceiling`",
    "spot_reclaim": "run where nothing is taken away: `fallback` to EMR Serverless, where the spec names it; else more "
    "attempts from a checkpoint, and on-demand nodes in the stack",
    "network_stall": "check routes, security groups and the endpoints of the subnet; a retry alone may do",
    "permission_denied": "the statement that is missing, for the job's role in the stack",
    "bad_arguments": "correct `arguments` or `parameters`; where no node holds what is asked, the `resources`",
    "missing_input": "check that the input was delivered, and its prefix in the spec",
    "schema_mismatch": "compare the input's columns with what the job asks for",
    "dependency_conflict": "put the job's own package into `package`, a jar or another's into `dependencies`, in "
    "a version that suits the release",
    "code_error": "correct the line",
    "unknown": "read the evidence",
}


def suggest(finding: Finding, evidence: Evidence, spec: JobSpec, role: str | None = None) -> Finding:
    """`finding` with what would mend it. `role` is the job's role, for denials that do not say whose they are."""
    changes = _changes(finding, evidence.usage, spec)
    advice = [] if finding.failure_class == "unknown" else [ADVICE[finding.failure_class]]
    denial: Denial | None = None
    if finding.failure_class == "permission_denied":
        denial, statement = _denial(finding, role)
        advice = [statement or advice[0]]
    skewed = evidence.usage is not None and bool(evidence.usage.stragglers)
    if finding.failure_class == "executor_out_of_memory" and skewed:
        advice.append(
            "a stage is skewed as well: one task holds most of the data, more memory may not be enough"
        )
    return finding.model_copy(update={"changes": changes, "advice": tuple(advice), "denial": denial})


def safe(finding: Finding, spec: JobSpec) -> tuple[Change, ...]:
    """The changes that a retry may make by itself: of a kind that the spec allows."""
    return tuple(change for change in finding.changes if change.kind in spec.mitigate.allowed)


def mebibytes(memory: str) -> int:
    """`512m`, `4g` in MiB, as Spark reads it."""
    return int(memory[:-1]) * (1024 if memory[-1] == "g" else 1)


def _changes(finding: Finding, usage: Usage | None, spec: JobSpec) -> tuple[Change, ...]:
    if finding.failure_class == "executor_out_of_memory":
        return _memory(finding, spec)
    if finding.failure_class == "driver_out_of_memory":
        return _driver(finding, spec)
    if finding.failure_class == "slow_shuffle":
        return _shuffle(finding, spec, usage)
    return _spot(spec) if finding.failure_class == "spot_reclaim" else ()


def _memory(finding: Finding, spec: JobSpec) -> tuple[Change, ...]:
    heap, ceiling = mebibytes(spec.resources.executors.memory), mebibytes(spec.mitigate.memory_ceiling)
    if finding.cause == "overhead":
        said = spec.conf.get(OVERHEAD)
        before = mebibytes(said) if said else max(MIN_OVERHEAD_MIB, int(heap * OVERHEAD_FACTOR))
        # Heap and overhead are one container: together they stay below the ceiling.
        after = min(before * 2, ceiling - heap)
        if after > before:
            why = f"the container was exceeded, not the heap; both stay below {spec.mitigate.memory_ceiling}"
            return (Change(path=("conf", OVERHEAD), before=said, after=_text(after), why=why, kind="memory"),)
    elif (after := min(heap * 2, ceiling)) > heap:
        why = f"twice the heap; the ceiling is {spec.mitigate.memory_ceiling}"
        path = ("resources", "executors", "memory")
        return (
            Change(
                path=path, before=spec.resources.executors.memory, after=_text(after), why=why, kind="memory"
            ),
        )
    return _partitions(spec, "memory is at its ceiling; smaller partitions need less of it")


def _driver(finding: Finding, spec: JobSpec) -> tuple[Change, ...]:
    if finding.cause == "results":
        key = "spark.driver.maxResultSize"
        said = spec.conf.get(key)
        after = f"{mebibytes(said) * 2}m" if said and said[-1] in "mg" else "2g"
        return (
            Change(
                path=("conf", key),
                before=said,
                after=after,
                why="twice of what it takes; the driver holds it",
            ),
        )
    before = spec.resources.driver.memory
    path = ("resources", "driver", "memory")
    return (
        Change(path=path, before=before, after=_text(mebibytes(before) * 2), why="twice the driver's heap"),
    )


def _shuffle(finding: Finding, spec: JobSpec, usage: Usage | None) -> tuple[Change, ...]:
    if finding.cause == "spill":
        return _partitions(spec, "tasks wait for the shuffle, or spill what they read")
    largest = max((each.longest_bytes or 0 for each in usage.stragglers), default=0) if usage else 0
    said = spec.conf.get(SKEW_THRESHOLD)
    if said or not 0 < largest < _DEFAULT_SKEW_THRESHOLD:
        return ()
    why = f"adaptive execution splits from 256 MiB on; the skewed partition had {largest:,} bytes"
    return (Change(path=("conf", SKEW_THRESHOLD), before=None, after=str(max(1, largest // 4)), why=why),)


def _spot(spec: JobSpec) -> tuple[Change, ...]:
    fallback = spec.fallback.runtime if spec.fallback else None
    # EMR Serverless sells no spot capacity, so this is on demand whatever the stack's fleets are.
    if fallback is not None and fallback.kind == "serverless" and spec.runtime.kind != "serverless":
        own, other = _flow(spec.runtime), _flow(fallback)
        why = "the spec's own fallback, which no spot market takes away"
        return (
            Change(path=("runtime",), before=own, after=other, why=why, kind="on_demand"),
            Change(path=("fallback", "runtime"), before=other, after=own, why="the two change places",
                   kind="on_demand"),
        )  # fmt: skip
    if spec.retry.max_attempts == 1:
        return (Change(path=("retry", "max_attempts"), before="1", after="3", why="a node that was taken away is "
                       "replaced; the job goes on from its checkpoint, if it writes one"),)  # fmt: skip
    return ()


def _flow(target: Target) -> str:
    """A target as YAML of one line."""
    said = target.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return f"{{{', '.join(f'{key}: {value}' for key, value in said.items())}}}"


def _partitions(spec: JobSpec, why: str) -> tuple[Change, ...]:
    said = spec.conf.get(PARTITIONS)
    before = int(said) if said and said.isdigit() else DEFAULT_PARTITIONS
    after = min(before * 2, spec.mitigate.partitions_ceiling)
    if after <= before:
        return ()
    return (Change(path=("conf", PARTITIONS), before=said, after=str(after), why=why, kind="partitions"),)


def _denial(finding: Finding, role: str | None) -> tuple[Denial, str | None]:
    found = denied.read("\n".join(quote.text for quote in finding.evidence), role)
    statement = denied.statement(found)
    whom = found.principal or "the job's role"
    return found, f"{whom} needs {statement}" if statement else None


def _text(mib: int) -> str:
    return f"{mib // 1024}g" if mib % 1024 == 0 else f"{mib}m"
