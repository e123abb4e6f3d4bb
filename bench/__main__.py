"""`python -m bench [NAME …] [--runs N] [--json]`: measure and print medians and ratios."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module

NAMES = ("demo", "infra", "jobs", "local", "policies", "records", "spark")


def main() -> None:
    """Run the benchmarks named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(NAMES)}")
    parser.add_argument("--runs", type=int, default=3, help="runs of each measurement; the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(NAMES))
    if unknown:
        parser.error(f"no benchmark called {', '.join(unknown)}; allowed are: {', '.join(NAMES)}")
    found = {name: import_module(f"bench.{name}").measure(options.runs) for name in options.names or NAMES}
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, figures in found.items():
        print(f"bench/{name}, medians of {options.runs} runs")
        for label, value in figures.items():
            print(f"  {label:<52} {value}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
