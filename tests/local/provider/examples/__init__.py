"""Small examples of every type in the table, as data, one file an area."""

from __future__ import annotations

from tests.local.provider.examples import (
    audit,
    catalog,
    ec2,
    emr,
    iam,
    keys_and_logs,
    s3,
    serverless,
    signals,
    tables,
)
from tests.local.provider.examples.base import Example

__all__ = ["EXAMPLES", "Example"]

EXAMPLES: dict[str, Example] = {
    key: example
    for area in (ec2, iam, keys_and_logs, s3, emr, serverless, signals, tables, audit, catalog)
    for key, example in area.EXAMPLES.items()
}
