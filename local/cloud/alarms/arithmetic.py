"""Metric math of alarms, as far as it is arithmetic: ids, numbers, + - * / and brackets, and FILL(id, number).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html; every other function is refused
by name when an alarm is put.
"""

from __future__ import annotations

import ast
import operator
import threading
from collections.abc import Callable, Mapping
from typing import Any

Values = Mapping[str, float | None]
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
# CPython before 3.11.8 counts the recursion of all threads' parsers in one place: two at once are a SystemError
# (https://github.com/python/cpython/issues/106905).
_PARSER = threading.Lock()


class ExpressionError(ValueError):
    """An expression that is not arithmetic; says what in it is not."""


def compile_expression(text: str) -> Callable[[Values], float | None]:
    """What computes `text` from the values of one period; None where one is missing. Raises ExpressionError."""
    try:
        with _PARSER:
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"'{text}' is no arithmetic expression") from None
    return _node(tree)


def _node(node: ast.expr) -> Callable[[Values], float | None]:
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        number = float(node.value)
        return lambda _values: number
    if isinstance(node, ast.Name):
        name = node.id
        return lambda values: values.get(name)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _node(node.operand)
        return lambda values: None if (value := inner(values)) is None else -value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _binary(_OPERATORS[type(node.op)], _node(node.left), _node(node.right))
    if isinstance(node, ast.Call):
        return _call(node)
    raise ExpressionError(f"'{ast.unparse(node)}' is not arithmetic")


def _binary(
    apply: Callable[[float, float], float], left: Any, right: Any
) -> Callable[[Values], float | None]:
    def compute(values: Values) -> float | None:
        a, b = left(values), right(values)
        if a is None or b is None:
            return None
        try:
            return apply(a, b)
        except ZeroDivisionError:  # a period without a value, as on CloudWatch
            return None

    return compute


def _call(node: ast.Call) -> Callable[[Values], float | None]:
    function = ast.unparse(node.func)
    if function.upper() != "FILL" or len(node.args) != 2 or node.keywords:
        raise ExpressionError(f"the function {function} is not evaluated by this local AWS")
    value, filling = _node(node.args[0]), _node(node.args[1])
    return lambda values: filling(values) if (found := value(values)) is None else found
