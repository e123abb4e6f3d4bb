"""docs/iam.md names every condition key that is evaluated, and only those."""

from __future__ import annotations

import re

from local import paths
from local.cloud.iam.context import KNOWN, KNOWN_FAMILIES

ABSENT_ON_PURPOSE = {"aws:principalorgid", "aws:principalorgpaths"}  # there is no organisation


def test_the_page_names_the_condition_keys() -> None:
    page = (paths.root() / "docs" / "iam.md").read_text()
    section = page.partition("- The condition keys ")[2].partition("\n\n")[0]
    named = set()
    for service, names in re.findall(r"`([a-z0-9-]+):[`]?\s*([^;]+)", section):
        named |= {f"{service}:{name.lower()}" for name in re.findall(r"[A-Za-z][\w*-]*", names)}
    families = {family.rstrip("/:") for family in KNOWN_FAMILIES}
    assert {name.rstrip("*-") for name in named} == (KNOWN - ABSENT_ON_PURPOSE) | {
        f.rstrip("-") for f in families
    }
