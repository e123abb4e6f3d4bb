"""The table of docs/failures.md, from the rules: `python -m jobs.failures.page` prints it, a test compares it."""

from __future__ import annotations

from jobs.failures import rules
from jobs.failures.finding import CLASSES
from jobs.failures.suggest import ADVICE

_STRENGTH = {rules.DECISIVE: "decisive", rules.STRONG: "strong", rules.HINT: "hint"}
# What is no message: facts that `classify` reads elsewhere.
_ELSEWHERE = {
    "slow_shuffle": "one task of a stage that reads a shuffle took at least five times the median, in time and bytes, "
    "and half of the run; or tasks waited for blocks half of their time; or more was spilled than read (strong where "
    "the run ran out of time and the task ended, else hint)",
    "spot_reclaim": "the cluster has spot instances (hint)",
    "code_error": "a Python error of the program, with a frame in the job's packages (decisive)",
}


def table() -> str:
    """Class, signals with their strength and source, what is suggested."""
    lines = ["| class | signals | suggestion |", "| --- | --- | --- |"]
    for failure in CLASSES:
        signals = [
            f"[{row.name}]({row.source}) ({_STRENGTH[row.weight]})"
            for row in rules.SIGNATURES
            if row.failure == failure
        ]
        if failure in _ELSEWHERE:
            signals.append(_ELSEWHERE[failure])
        title = rules.TITLES[failure]
        told = "; ".join(signals) or "nothing above, too little of it, or two classes at once"
        lines.append(f"| `{failure}` {title} | {told} | {ADVICE[failure]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
