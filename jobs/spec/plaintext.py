"""What looks like a secret in plain text, where only its ARN belongs. A small list: it catches slips, not intent."""

from __future__ import annotations

import re

_NAMES = "|".join(
    (
        "pass(?:word|wd|phrase)?",
        "pwd",
        "(?:client|api|shared)[._-]?secret",
        "secret[._-]?(?:access[._-]?)?key",
        "(?:api|private|access)[._-]?key",
        "(?:session|auth|access|api)[._-]?token",
    )
)
_NAME = re.compile(rf"(?:^|[^a-z])(?:{_NAMES})$", re.IGNORECASE)
_ASSIGNED = re.compile(rf"(?:^|[^a-z])(?:{_NAMES})\s*[=:]\s*(?!\$\{{secrets\.)[^\s&;]", re.IGNORECASE)
_VALUES = (
    (re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"), "an AWS access key"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"), "a private key"),
    (re.compile(r"://[^/\s:@]+:(?!\$\{)[^/\s@]+@"), "a password in a URL"),
)
ADVICE = (
    "name the secret's ARN under secrets, pass ${secrets.<name>}, and let the job read it when it runs "
    "(jobs.workloads.secret)"
)


def named(key: str) -> bool:
    """Whether `key` is the name of a secret: password, spark.hadoop.fs.s3a.secret.key."""
    return _NAME.search(key) is not None


def within(text: str) -> str | None:
    """What in `text` looks like a secret; None when nothing does. The text itself is never repeated."""
    if _ASSIGNED.search(text):
        return "a password, key or token"
    return next((what for pattern, what in _VALUES if pattern.search(text)), None)
