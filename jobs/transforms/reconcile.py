"""Whether what a job is about to write accounts for everything it read. Plain numbers, no Spark."""

from __future__ import annotations

from collections.abc import Mapping

Counts = Mapping[str, int]


class UnreconciledError(RuntimeError):
    """The output does not account for the input; nothing was written."""


def differences(source: Counts, tables: Mapping[str, Counts]) -> list[str]:
    """Every count of `source` that one of `tables` does not give back, and every sum that does not add up."""
    found = [
        f"{table}: {name} is {counts.get(name)}, the input has {expected}"
        for table, counts in tables.items()
        for name, expected in source.items()
        if counts.get(name) != expected
    ]
    for table, counts in tables.items():
        for whole, parts in (("flights", ("departed", "cancelled")), ("departed", ("arrived", "no_arrival"))):
            if counts[whole] != sum(counts[part] for part in parts):
                found.append(
                    f"{table}: {whole} is {counts[whole]}, but {' + '.join(parts)} is another number"
                )
    first, *others = tables
    found += [
        f"{other}: {name} is {tables[other][name]}, {first} has {tables[first][name]}"
        for other in others
        for name in tables[first]
        if tables[other][name] != tables[first][name] and name not in source
    ]
    return found


def require(source: Counts, tables: Mapping[str, Counts]) -> None:
    """Raises UnreconciledError that names every difference."""
    if found := differences(source, tables):
        raise UnreconciledError("the output does not account for the input: " + "; ".join(found))
