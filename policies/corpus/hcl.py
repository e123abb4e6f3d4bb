"""Expressions of Terraform's language, evaluated as far as a file alone tells.

What depends on variables without default, on data of the provider or on other modules is not known. What a resource
of the same file will have, once made, is given a likely text (an ARN with its name), since an update knows it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError

from policies.corpus.functions import FUNCTIONS, computed
from policies.corpus.hcl_text import pieces, unescaped
from policies.corpus.values import UNKNOWN, as_text, joined, member, step_of

Node = Any
Resolve = Callable[[list[Any], bool], Any]


class Reference(tuple[Any, ...]):
    """The steps of a reference that a name stands for, as `each.value` for an instance of another resource."""


class Evaluator:
    """Evaluates expressions; `resolve` gives the value of a reference, as a list of its steps, in a text or not.

    `scopes` are names that stand for a value for a while, as in a `for`; the innermost is last.
    """

    def __init__(self, resolve: Resolve, folder: Path) -> None:
        self.scopes: list[dict[str, Any]] = []
        self._outer = resolve
        self._folder = folder
        self._in_text = 0

    def value(self, node: Node) -> Any:
        """The value of an expression."""
        if isinstance(node, Token):
            return _token(node)
        method = getattr(self, f"_{node.data}", None)
        return method(node) if method else self._unknown(node)

    def _resolve(self, steps: list[Any], in_text: bool) -> Any:
        for scope in reversed(self.scopes):
            if steps[0] in scope:
                value = scope[steps[0]]
                for position, step in enumerate(steps[1:], 1):
                    value = step_of(value, step)
                    if isinstance(value, Reference):
                        return self._outer([*value, *steps[position + 1 :]], in_text)
                return value
        return self._outer(steps, in_text)

    def _unknown(self, node: Tree[Any]) -> Any:
        """Not known; what it refers to is noted all the same."""
        for child in node.children:
            if isinstance(child, Tree):
                self.value(child)
        return UNKNOWN

    def _expr_term(self, node: Tree[Any]) -> Any:
        inner = _parts(node)
        if inner and inner[0].data == "identifier":
            return self._resolve([str(inner[0].children[0])], bool(self._in_text))
        return self.value(inner[0])

    def _literal_value(self, node: Tree[Any]) -> Any:
        return {"true": True, "false": False, "null": None}[str(node.children[0])]

    def _int_lit(self, node: Tree[Any]) -> int:
        return int(str(node.children[0]))

    def _float_lit(self, node: Tree[Any]) -> float:
        return float(str(node.children[0]))

    def _string(self, node: Tree[Any]) -> Any:
        parts: list[Any] = []
        for part in (child.children[0] for child in node.children if isinstance(child, Tree)):
            if isinstance(part, Token):
                parts.append(unescaped(str(part)))
            elif part.data == "interpolation":
                parts.append(self._inside(part.children[1], alone=len(node.children) == 3))
            else:
                return UNKNOWN
        return parts[0] if len(parts) == 1 and not isinstance(parts[0], str) else joined(parts)

    def _inside(self, node: Node, *, alone: bool) -> Any:
        if alone:
            return self.value(node)
        self._in_text += 1
        try:
            return self.value(node)
        finally:
            self._in_text -= 1

    def _heredoc_template(self, node: Tree[Any]) -> Any:
        lines = str(node.children[0]).splitlines()
        return self.template("\n".join(lines[1:-1]) + "\n")

    def _heredoc_template_trim(self, node: Tree[Any]) -> Any:
        lines = str(node.children[0]).splitlines()
        return self.template(textwrap.dedent("\n".join(lines[1:-1])) + "\n")

    def template(self, text: str) -> Any:
        """A text with `${…}` in it."""
        if "%{" in text:
            return UNKNOWN
        parts: list[Any] = []
        for expression, piece in pieces(text):
            parts.append(self._piece(piece) if expression else piece)
        return joined(parts)

    def _piece(self, text: str) -> Any:
        try:
            return self._inside(parse_expression(text), alone=False)
        except LarkError:
            return UNKNOWN

    def _tuple(self, node: Tree[Any]) -> list[Any]:
        return [self.value(part) for part in _parts(node)]

    def _object(self, node: Tree[Any]) -> Any:
        found = {}
        for element in node.children:
            if isinstance(element, Tree) and element.data == "object_elem":
                key, value = element.children[0], element.children[-1]
                found[self._key(key)] = self.value(value)
        return found

    def _key(self, node: Tree[Any]) -> str:
        inner = node.children[0]
        if isinstance(inner, Tree) and inner.data == "expr_term" and isinstance(inner.children[0], Tree):
            first = inner.children[0]
            if first.data == "identifier":
                return str(first.children[0])
        return as_text(self.value(inner))

    def _for_tuple_expr(self, node: Tree[Any]) -> Any:
        intro, body, *rest = _parts(node)
        made = self._each(intro, rest, lambda: self.value(body))
        return UNKNOWN if made is None else made

    def _for_object_expr(self, node: Tree[Any]) -> Any:
        intro, key, body, *rest = _parts(node)
        made = self._each(intro, rest, lambda: (self.value(key), self.value(body)))
        several = any(isinstance(c, Token) and str(c) == "..." for c in node.children)
        if made is None or several or any(not isinstance(name, str) or name == UNKNOWN for name, _ in made):
            return UNKNOWN
        return dict(made)

    def _each(self, intro: Tree[Any], rest: list[Tree[Any]], make: Callable[[], Any]) -> list[Any] | None:
        """What `make` gives for each member of a `for`; None where it is not known which there are."""
        *names, over = _parts(intro)
        value = self.value(over)
        if not isinstance(value, dict | list):
            return None
        test = next((_parts(part)[0] for part in rest if part.data == "for_cond"), None)
        made = []
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            words = [str(name.children[0]) for name in names]
            self.scopes.append(dict(zip(words, (key, one) if words[1:] else (one,), strict=True)))
            try:
                holds = True if test is None else self.value(test)
                if not isinstance(holds, bool):
                    return None
                if holds:
                    made.append(make())
            finally:
                self.scopes.pop()
        return made

    def _full_splat_expr_term(self, node: Tree[Any]) -> Any:
        """A list of what each has. Instances of a resource stand for one another."""
        base, splat = _parts(node)
        after = [self._step(part) for part in _parts(splat)]
        value, steps = self.value(base), self.steps(base)
        if isinstance(value, list):
            return [member(one, after) for one in value]
        one = self._resolve([*steps, *after], False) if steps else UNKNOWN
        return UNKNOWN if one == UNKNOWN else [one]

    _attr_splat_expr_term = _full_splat_expr_term

    def _conditional(self, node: Tree[Any]) -> Any:
        test, yes, no = (self.value(part) for part in _parts(node))
        if isinstance(test, bool):
            return yes if test else no
        return yes if yes == no else UNKNOWN

    def toggled(self, node: Node) -> Any:
        """What an expression gives; the filled one of two lists, one of them empty, where it is not known which."""
        inner = _parts(node)[0] if node.data == "expr_term" else node
        value = self.value(inner)
        if value != UNKNOWN or inner.data != "conditional":
            return value
        _, yes, no = (self.value(part) for part in _parts(inner))
        return yes if no in ([], {}) else no if yes in ([], {}) else UNKNOWN

    def _unary_op(self, node: Tree[Any]) -> Any:
        value = self.value(node.children[1])
        if str(node.children[0]) == "!":
            return not value if isinstance(value, bool) else UNKNOWN
        return -value if isinstance(value, int | float) else UNKNOWN

    def _binary_op(self, node: Tree[Any]) -> Any:
        term = node.children[1]
        left = self.value(node.children[0])
        operator = str(term.children[0].children[0])
        right = self.value(term.children[-1])
        if UNKNOWN in (left, right) or isinstance(left, dict | list) or isinstance(right, dict | list):
            return UNKNOWN
        return computed(operator, left, right)

    def _get_attr_expr_term(self, node: Tree[Any]) -> Any:
        return self._reference(node)

    _index_expr_term = _get_attr_expr_term

    def _reference(self, node: Tree[Any]) -> Any:
        steps = self.steps(node)
        if steps is not None:
            return self._resolve(steps, bool(self._in_text))
        base, step = self.value(node.children[0]), self._step(node.children[1])
        return step_of(base, step)

    def steps(self, node: Node) -> list[Any] | None:
        """A reference's names and indices, None where it begins with something else than a name."""
        if node.data == "expr_term":
            inner = _parts(node)
            return self.steps(inner[0])
        if node.data == "identifier":
            return [str(node.children[0])]
        if node.data in ("get_attr_expr_term", "index_expr_term"):
            before = self.steps(node.children[0])
            return None if before is None else [*before, self._step(node.children[1])]
        return None

    def _step(self, node: Tree[Any]) -> Any:
        if node.data == "get_attr":
            return str(node.children[1].children[0])
        if node.data == "short_index":
            return int(str(node.children[1]))
        inner = _parts(node)
        return self.value(inner[0])

    def _function_call(self, node: Tree[Any]) -> Any:
        name = str(node.children[0].children[0])
        given = next((c for c in node.children if isinstance(c, Tree) and c.data == "arguments"), None)
        arguments = [] if given is None else self._tuple(given)
        if name == "file" and arguments and isinstance(arguments[0], str):
            return self._file(arguments[0])
        if name == "templatefile" and len(arguments) == 2 and isinstance(arguments[1], dict):
            text = self._file(str(arguments[0]))
            self.scopes.append(arguments[1])
            try:
                return text if text == UNKNOWN else self.template(text)
            finally:
                self.scopes.pop()
        function = FUNCTIONS.get(name)
        try:
            return function(*arguments) if function else UNKNOWN
        except (TypeError, ValueError, IndexError, AttributeError):
            return UNKNOWN

    def _file(self, name: str) -> Any:
        file = (self._folder / name).resolve()
        inside = file.is_relative_to(self._folder.resolve()) and file.is_file()
        return file.read_text() if inside else UNKNOWN


def _parts(node: Tree[Any]) -> list[Tree[Any]]:
    return [c for c in node.children if isinstance(c, Tree) and c.data != "new_line_or_comment"]


def parse_expression(text: str) -> Node:
    """The tree of one expression."""
    body = hcl2.parses_to_tree(f"x = {text}\n").children[0]
    attribute = next(child for child in body.children if child.data == "attribute")
    return attribute.children[-1]


def _token(token: Token) -> Any:
    return str(token)
