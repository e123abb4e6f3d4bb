"""Stack files with mistakes in them: something of a good one is taken away, doubled, misspelt, or of another kind."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.infra.anybody.files import StackFile, stack_files
from tests.infra.recording import stack_config

Draw = st.DrawFn
Place = tuple[Any, Any]  # a mapping or a list, and a key or an index in it
WORDS = (
    "",
    " ",
    "x",
    "emr",
    "none",
    "0",
    "\n",
    "a\nb: c",
    "%s {x} {",
    "é" * 200,
    "arn:aws:iam::1:role/x",
    "*",
    "x" * 5000,
)
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 7, 2**31, 2**63, 10**30, -0.5, 1.5, 1e300]),
    st.sampled_from(WORDS),
    st.text(max_size=8),
)
JUNK = st.recursive(
    SCALARS,
    lambda one: (
        st.lists(one, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "size", "x", ""]), one, max_size=3)
    ),
)


def places(tree: Any) -> list[Place]:
    """Every place in a tree."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in inside for found in ((tree, key), *places(value))]


@st.composite
def wrong_files(draw: Draw) -> StackFile:
    """A stack file with one to four mistakes; now and then they are none."""
    good = draw(st.sampled_from(["dev", "prod", "research", "any", "any"]))
    file = draw(stack_files()) if good == "any" else StackFile(stack=good, config=stack_config(good))
    tree = copy.deepcopy(file.config)
    for _ in range(draw(st.integers(1, 4))):
        where, key = draw(st.sampled_from(places(tree)))
        how = draw(st.sampled_from(["junk", "junk", "junk", "gone", "more", "twice", "number", "other"]))
        if how == "junk" or (how in ("more", "other") and not isinstance(where, dict)):
            where[key] = draw(JUNK)
        elif how == "gone":
            del where[key]
        elif how == "more":
            prefix = "emr:" if str(key).startswith("emr:") else ""
            where[
                prefix + draw(st.sampled_from(["types", "size", "units", "x", "Name", "a.b", "a: b", ""]))
            ] = draw(JUNK)
        elif how == "twice" and isinstance(where, list):
            where.append(copy.deepcopy(where[key]))
        elif how == "number" and isinstance(where[key], int):
            where[key] = draw(st.integers(-10, 10_000))
        elif how == "other":
            _, other = draw(st.sampled_from(places(tree)))
            where[key] = copy.deepcopy(where.get(other, draw(JUNK)))
    return StackFile(stack=file.stack, config=tree, jobs=file.jobs)
