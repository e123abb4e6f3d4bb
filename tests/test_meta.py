"""Tests of the tests: what could make a test pass without testing."""

from __future__ import annotations

import ast
import contextlib
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def _decorated_with_runtime_test(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("runtime.test" in ast.unparse(decorator) for decorator in node.decorator_list)


def _asserts_on_output(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the test hands a function to an Output: `.apply(…)` or `Output.all(…)`, which run only in a loop."""
    return any(
        isinstance(inner, ast.Call)
        and isinstance(inner.func, ast.Attribute)
        and (inner.func.attr == "apply" or ast.unparse(inner.func) in ("pulumi.Output.all", "Output.all"))
        for inner in ast.walk(node)
    )


def _parsed(source: str) -> ast.Module:
    """The tree of `source`, asked for again when another thread parsed at the same time.

    Before 3.11.8 CPython counts the recursion of all threads' parsers in one place and then raises SystemError
    (https://github.com/python/cpython/issues/106905); a traceback that a thread logs is enough: it parses its lines.
    """
    for _ in range(5):
        with contextlib.suppress(SystemError):
            return ast.parse(source)
    return ast.parse(source)


def undecorated(source: str) -> list[str]:
    """Names of the tests in `source` that assert on an Output and would never run the assertion.

    Only of modules that import pulumi: others know no Outputs, and `apply` is a common name.
    """
    tree = _parsed(source)
    if not any(
        "pulumi" in ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    ):
        return []
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and _asserts_on_output(node)
        and not _decorated_with_runtime_test(node)
    ]


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_output_assertions_run(path: Path) -> None:
    assert undecorated(path.read_text()) == [], (
        "add @pulumi.runtime.test: without it the assertion never runs"
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def test_a():\n    bucket.arn.apply(check)", ["test_a"]),
        ("def test_a():\n    pulumi.Output.all(x, y)", ["test_a"]),
        ("@pulumi.runtime.test\ndef test_a():\n    return bucket.arn.apply(check)", []),
        ("def helper():\n    bucket.arn.apply(check)", []),
    ],
)
def test_the_check_finds_what_it_is_for(source: str, found: list[str]) -> None:
    assert undecorated(f"import pulumi\n{source}") == found
