"""A finding in words."""

from __future__ import annotations

import yaml

from jobs.failures import changes, rules
from jobs.failures.finding import Finding
from jobs.runs import Record
from jobs.spec import JobSpec
from jobs.spec.reading import CATALOG


def told(record: Record, finding: Finding | None, spec: JobSpec) -> str:
    """The class, what shows it, the job's own line, and what to do."""
    head = f"run       {record.run_id} of {record.job} {record.state}"
    if finding is None:
        return f"{head}\nnothing to explain: only runs that failed or ran out of time have a class"
    lines = [head, f"class     {finding.failure_class} ({rules.TITLES[finding.failure_class]}), "
             f"confidence {finding.confidence:.2f}", f"because   {finding.explanation}"]  # fmt: skip
    if finding.frame:
        frame = finding.frame
        lines.append(f"line      {frame.file}:{frame.line} in {frame.function or '<module>'}: {frame.code}")
    if finding.denial:
        denial = finding.denial
        lines.append(
            f"denied    {denial.principal or '-'}: {denial.action or '-'} on {denial.resource or '-'}"
        )
    if finding.evidence:
        lines.append("evidence")
        lines += [f"  {quote.log}:{quote.line}: {quote.text}" for quote in finding.evidence]
    lines += [f"do        {advice}" for advice in finding.advice]
    for change in finding.changes:
        safe = change.kind in spec.mitigate.allowed
        lines.append(f"change    {change}: {change.why}" + (" (--auto-mitigate does it)" if safe else ""))
    if difference := spec_diff(finding, spec):
        lines.append(difference)
    return "\n".join(lines)


def spec_diff(finding: Finding | None, spec: JobSpec) -> str:
    """The suggested changes as a diff of the job's file in the catalog, or of the spec that ran where it is gone."""
    if finding is None:
        return ""
    file = CATALOG / f"{spec.name}.yaml"
    if file.is_file():
        text = file.read_text(encoding="utf-8")
    else:
        text = yaml.safe_dump(spec.model_dump(mode="json", exclude_defaults=True), sort_keys=False)
    return changes.diff(text, finding.changes, f"jobs/catalog/{file.name}")
