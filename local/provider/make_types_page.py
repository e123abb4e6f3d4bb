"""docs/provider-types.md: what is served of each type and what is not, written from the table.

Run `python -m local.provider.make_types_page` after a change of the table; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from local.provider.clients import Clients
from local.provider.known import Known
from local.provider.table import Resource
from local.provider.types import RESOURCES
from local.provider.types.refused import REFUSED

PAGE = Path(__file__).parents[2] / "docs" / "provider-types.md"
_HEAD = """# The provider's types

Written by `python -m local.provider.make_types_page` from the table in `local/provider/types/`; how it works and how a
type is added says [provider.md](provider.md).

**Faithful** is what stands under no other word: each argument is sent to the local AWS and read back from it, its flags
are the real provider's, and every type lives a whole life under the real engine (`test_invariants.py`).
**Refused** arguments are an error that names them, before anything is made. **Remembered** ones are taken and not read
back, so that a change behind the program's back is not seen. **Absent** outputs stay unset.
"""


def render(rows: Mapping[str, Resource] = RESOURCES) -> str:
    """The page."""
    clients = Clients("http://127.0.0.1:1")  # for botocore's models alone: nobody is called
    by_service: dict[str, list[Resource]] = {}
    for row in rows.values():
        by_service.setdefault(row.service, []).append(row)
    lines = [_HEAD, f"{len(rows)} types.\n"]
    for service in sorted(by_service):
        lines.append(f"## {service}\n")
        for row in sorted(by_service[service], key=lambda one: one.type):
            lines += [*_type(row, Known(row, clients)), ""]
    lines += ["## Not served\n", *_reasons("refused", REFUSED)]
    return "\n".join(lines).rstrip() + "\n"


def _type(row: Resource, known: Known) -> Iterator[str]:
    every = set(known.schema.inputs) - {"region"}
    served = every - set(row.unsupported)
    yield f"### {row.type}\n"
    yield f"- imported by {_import(row)}; {len(served)} of {len(every)} arguments served"
    yield from _reasons("refused", row.unsupported)
    remembered = ((row.keep & served) | row.forgotten) - {"namePrefix", "timeouts"}
    if remembered:
        yield f"- remembered: {_names(remembered)}"
    yield from _reasons("absent", row.absent)


def _import(row: Resource) -> str:
    template = row.import_id or row.id
    return "the id that AWS gave" if template.startswith("=") else f"`{template.replace('$', '')}`"


def _reasons(word: str, found: Mapping[str, str]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for name, reason in found.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield f"- {word}: {_names(names)} ({reason})"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


if __name__ == "__main__":
    PAGE.write_text(render())
