"""docs/access.md, from the access matrix: python -m tests.infra.security.access_page"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tests.infra.security.matrix import OPERATIONS, TRAITS, Row, rows

PAGE = Path(__file__).resolve().parents[3] / "docs" / "access.md"
# The roles that reach objects at all; the others (EMR's own, the flow logs', break-glass) reach none.
COLUMNS = ("node", "job-nightly-etl", "submitter", "deployer", "analyst", "engineer")
HEAD = """# Who may do what

Every role of a stack against every prefix and every action that matters. This page is made from
`tests/infra/security/access.yaml` by `python -m tests.infra.security.access_page`; `test_access_matrix.py` judges what
the program registers for dev, prod and research against it: identity policy, permissions boundary, key policy, bucket
policy, trust policy, and the endpoint policies for what calls from inside the VPC. Allowed exactly where it stands
here, refused everywhere else, and no role holds a grant that no row tells of. *Not prod*: only where the
environment's name does not begin with `prod`. *Applications*, *ephemeral*: only where the stack has EMR Serverless
applications, or clusters that jobs start.
"""


def text() -> str:
    """The page."""
    return "\n".join([HEAD, *_objects(), *_calls(), *_roles()])


def write() -> None:
    """Put the page where it is read."""
    PAGE.write_text(text(), encoding="utf-8")


def _of(section: str) -> list[Row]:
    return [row for row in rows() if row.section == section]


def _objects() -> Iterator[str]:
    yield "## Objects\n"
    yield "l list, g get, p put, d delete; each with the key behind it. Roles without a column reach no object.\n"
    yield _line(["object", "what it is", *COLUMNS])
    yield _line(["---"] * (2 + len(COLUMNS)))
    for at, group in groupby(_of("objects"), key=lambda row: row.data[0]):
        found = list(group)
        what = found[0].what.partition(" (")[2].removesuffix(")")
        yield _line([f"`{at}`", what, *(_cell(found, column) for column in COLUMNS)])
    yield ""


def _cell(found: Sequence[Row], role: str) -> str:
    cells = []
    for suffix in ("", *(f" ({trait})" for trait in TRAITS)):
        named = [
            name[0] for name, row in zip(OPERATIONS, found, strict=True) if f"{role}{suffix}" in row.expected
        ]
        cells += [f"{''.join(named)}{suffix}"] if named else []
    return ", ".join(cells)


def _calls() -> Iterator[str]:
    yield "## Calls\n"
    yield _line(["what", "action", "who"])
    yield _line(["---"] * 3)
    for row in _of("calls"):
        yield _line([row.what, f"`{row.data['action']}`", ", ".join(row.expected) or "nobody"])
    yield ""


def _roles() -> Iterator[str]:
    yield "## Who becomes whom\n"
    yield (
        "*Someone* is a user of the account whom the account's own IAM lets take any role; settings under\n"
        "`emr:identity` name them more closely. Nobody of another account, and no service acting for one, becomes\n"
        "anybody.\n"
    )
    yield _line(["role", "who"])
    yield _line(["---"] * 2)
    for row in _of("roles"):
        yield _line([row.data, ", ".join(row.expected)])
    yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    write()
