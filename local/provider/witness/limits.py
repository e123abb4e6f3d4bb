"""What the real provider refuses by itself, argument by argument: shown values, and its words read as limits.

ValidateResourceTypeConfig is asked with each value of a bag; from the words of the refusals come the limits, and with
these the values at their edges, which are asked as well. All answers are kept: `check.py` is held against them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from local.provider.limits import wrong
from local.provider.witness.asked import CONTEXT
from local.provider.witness.protocol import RefusedError, Witness
from local.provider.witness.questions import Said, walk
from local.provider.witness.values import Attribute, build, place

Limits = dict[str, Any]
_NO_SUCH = "-no such value-"
_BAG: Mapping[str, tuple[Any, ...]] = {
    "string": (
        "", _NO_SUCH, "two", "Two", "a:b", "a/b", "a.b", "a b", "a*b", "a$b", "a<b", "1.5", "true", "{}", "[]", "{",
        "10.0.0.0/16", "10.0.0.1/16", "10.0.0.0/33", "10.0.0.0/8", "10.0.0.7", "2001:db8::/56", "2001:db8::7",
        "arn:aws:iam::123456789012:role/x", "arn:aws:iam::12:role/x", "arn:aws:s3:::x", "arn:aws:s3:::",
        "arn:aws:sns:nowhere:123456789012:x", "alias/x", "alias/aws/x", "ami-12", "https://example.com",
        "http://example.com", "123456789012", "2030-01-31T00:00:00Z", "2030-01-31", "p99", "p101",
        "emr.amazonaws.com",
    ),
    "number": (-1_000_000_007, 1_000_000_007, -1, 0, 1, 7, 61, 120),
}  # fmt: skip
_LONG = 20_000  # above every limit of a name's length
_NOT_SAID = ("id", "tags_all")
_OTHERS = ("Missing required", "ConflictsWith", "RequiredWith", "ExactlyOne", "AtLeastOne")
# The provider's words → what they mean; `(.*)` and the numbers in them are the limit's own.
_PATTERN = "matches"
_WORDS: tuple[tuple[str, Callable[..., Limits]], ...] = (
    (r'to be one of \["", false, true\], got', lambda: {"one_of": ["", "0", "1", "false", "true"]}),
    (r"to be one of \[(.*)\], got", lambda words: {"one_of": [_number(word) for word in words.split(" ")]}),
    (r"divisible by (\d+)", lambda by: {"divisible_by": int(by)}),
    (r"length of .* in the range \((\d+) - (\d+)\)", lambda low, high: {"length": [int(low), int(high)]}),
    (r"cannot be longer than (\d+) characters", lambda high: {"length": [0, int(high)]}),
    (r"cannot be less than (\d+) characters", lambda low: {"length": [int(low), _LONG]}),
    (r"to not be an empty string|must not be empty", lambda: {"length": [1, _LONG]}),
    (r"to be in the range \((-?\d+) - (-?\d+)\)", lambda low, high: {"between": [int(low), int(high)]}),
    (r"to be at least \((-?\d+)\)", lambda low: {"at_least": int(low)}),
    (r"an invalid JSON policy", lambda: {"json": "object"}),
    (r"an invalid JSON:", lambda: {"json": "any"}),
    (r"Invalid format of \"item\": Decoding failed", lambda: {"json": "object"}),
    (r"with between (\d+) and (\d+) significant bits",
     lambda low, high: {"cidr": {"versions": [4], "bits": [int(low), int(high)]}}),
    (r"to contain a valid (?:network )?Value", lambda: {"cidr": {"versions": [4]}}),
    (r"not a valid IPv(4|6) CIDR", lambda version: {"cidr": {"versions": [int(version)]}}),
    (r"not a valid CIDR block", lambda: {"cidr": {"versions": [4, 6]}}),
    (r"to contain a valid IPv4 address", lambda: {"address": [4]}),
    (r"to contain a valid IPv6 address", lambda: {"address": [4, 6]}),  # Go's To16 is there for both
    (r"is an invalid ARN", lambda: {"arn": True}),
    (r"parsed as RFC3339", lambda: {_PATTERN: r"\d{4}-\d{2}-\d{2}"}),  # it adds the hour itself
    (r"a valid RFC3339 date", lambda: {"time": True}),
    (r"cannot parse .* as float", lambda: {"number": True}),
    (r"to be an empty string", lambda: {"one_of": [""]}),
    (r'EC2 automation ARN \("\^(.*)\$"\)', lambda pattern: {_PATTERN: pattern.replace("\\\\", "\\")}),
    (r'comply with restrictions \("\^(.*)\$"\)', lambda pattern: {_PATTERN: pattern.replace("\\\\", "\\")}),
    (r"must match \[\\w\+=,\.@-\]", lambda: {_PATTERN: r"[\w+=,.@-]+"}),
    (r"valid log group name", lambda: {_PATTERN: r"[.\-_/#A-Za-z0-9]+"}),
    (r"must not contain colon nor asterisk", lambda: {_PATTERN: r"[^:*]+"}),
    (r"must not contain colon, asterisk nor dollar", lambda: {_PATTERN: r"[^:*$]*"}),
    (r"must not contain colon characters", lambda: {_PATTERN: r".*[^:].*"}),
    (r"only alphanumeric characters and \(\)\./_- symbols", lambda: {_PATTERN: r"[a-zA-Z0-9()./_-]+"}),
    (r"only alphanumeric characters, periods, underscores, and hyphens", lambda: {_PATTERN: r"[a-zA-Z0-9._-]+"}),
    (r"begin with 'alias/' and", lambda: {_PATTERN: r"alias/[a-zA-Z0-9:/_-]+"}),
    (r"begin with 'ami-'", lambda: {_PATTERN: r"ami-[a-z0-9]+"}),
    (r"uppercase char", lambda: {_PATTERN: r"[^A-Z]*"}),
    (r"to use HTTPS scheme", lambda: {_PATTERN: r"https://.*"}),
    (r"has to be a valid URL", lambda: {_PATTERN: r"https://.+"}),
    (r"exactly 12 digits", lambda: {_PATTERN: r"\d{12}"}),
    (r"between p0\.0 and p100", lambda: {_PATTERN: r"p\d.*"}),
    (r"a full service hostname", lambda: {_PATTERN: r".*\..*"}),
)  # fmt: skip
# Of these one is enough: they stand beside another limit of the same argument.
_EITHER = ("divisible by", "to be an empty string", "to be one of [0], got", "EC2 automation ARN")


class Refusals:
    """The questions of one type."""

    def __init__(self, witness: Witness, kind: str) -> None:
        self._witness, self._kind, self._block = witness, kind, witness.types[kind]

    def rows(self) -> dict[str, Any]:
        """For each argument that refuses something: its limit, what was accepted, and what not and with what words.

        `conflicts` are the pairs of arguments, not those in blocks, that exclude each other.
        """
        pairs = self._conflicts()
        rows: dict[str, Any] = {"conflicts": pairs} if pairs else {}
        for path, it in walk(self._block):
            if isinstance(it, Attribute) and it.said and path not in _NOT_SAID and it.nested() is None:
                row = self._row(path, it)
                if row:
                    rows[path] = row
        return rows

    def _row(self, path: str, it: Attribute) -> dict[str, Any] | None:
        plain = isinstance(it.type, str)
        kind = it.type if plain else it.type[1] if it.type[0] != "map" else ""
        if kind not in _BAG:
            return None
        before = self._errors(place(self._context(path), path, None))
        said: dict[Any, list[str]] = {}

        def ask(value: Any) -> list[str]:
            if value not in said:
                config = place(self._context(path), path, value if plain else [value])
                said[value] = [word for word in self._errors(config) - before if _of(word, path, value)]
            return said[value]

        words = [word for value in _bag(kind) for word in ask(value)]
        if not words:
            return None
        limit = _read(words)
        for value in _edges(limit, kind):
            ask(value)
        if "one_of" in limit and said.get(str(limit["one_of"][0]).swapcase()) == []:
            limit["any_case"] = True
        if said.get("") == [] and wrong(limit, "") is not None:
            limit["or_empty"] = True
        refused = {value: found for value, found in said.items() if found}
        return {
            "limit": limit,
            "accepts": [_short(value) for value in said if value not in refused],
            "refuses": [_short(value) for value in refused],
            "words": _words(word for found in refused.values() for word in found),
        }

    def _errors(self, said: Said) -> Counter[str]:
        try:
            self._witness.validate(self._kind, build(self._block, said))
        except RefusedError as error:
            return Counter(word for word in error.each if not any(other in word for other in _OTHERS))
        return Counter()

    def _context(self, path: str) -> Said:
        return {**CONTEXT.get(self._kind, {}), **CONTEXT.get(f"{self._kind}.{path}", {})}

    def _conflicts(self) -> list[list[str]]:
        names = [name for name, it in walk(self._block) if "." not in name and getattr(it, "said", True)]
        found = []
        for one, other in combinations([name for name in names if name not in _NOT_SAID], 2):
            said = place(place({}, one, self._sample(one)), other, self._sample(other))
            try:
                self._witness.validate(self._kind, build(self._block, said))
            except RefusedError as error:
                if any(_excludes(word, one, other) for word in error.each):
                    found.append([one, other])
        return found

    def _sample(self, name: str) -> Any:
        it = {**self._block.attributes, **self._block.blocks}[name]
        if isinstance(it, Attribute) and it.nested() is None:
            if isinstance(it.type, str):
                return {"string": "one", "number": 1, "bool": True}[it.type]
            return {"key": "one"} if it.type[0] == "map" else ["one"]
        return [{}]


def _excludes(word: str, one: str, other: str) -> bool:
    named = re.findall(r"\w+", word)
    return ("ConflictsWith" in word or "ExactlyOne" in word) and one in named and other in named


def _bag(kind: str) -> Iterator[Any]:
    yield from _BAG[kind]
    if kind == "string":
        yield "x" * _LONG


def _edges(limit: Limits, kind: str) -> Iterator[Any]:
    """The values at the edges of a limit, and one beyond."""
    for name, bound in limit.items():
        if name == "either":
            for one in bound:
                yield from _edges(one, kind)
        elif name == "one_of":
            yield from bound
            yield from (str(one).swapcase() for one in bound[:1] if kind == "string")
        elif name == "between":
            yield from (bound[0] - 1, bound[0], bound[1], bound[1] + 1)
        elif name == "at_least":
            yield from (bound - 1, bound)
        elif name == "length":
            yield from (
                "x" * size for size in (bound[0] - 1, bound[0], bound[1], bound[1] + 1) if 0 < size <= _LONG
            )
        elif name == "divisible_by":
            yield from (bound, bound + 1)
        elif name == "cidr" and "bits" in bound:
            yield from (f"10.0.0.0/{bits}" for bits in range(bound["bits"][0] - 1, bound["bits"][1] + 2))


def _read(words: list[str]) -> Limits:
    """The limit that these words tell of. Raises ValueError for words that nobody has read yet."""
    limit: Limits = {}
    either: dict[str, Limits] = {}
    for word in words:
        found = _meaning(word)
        if any(part in word for part in _EITHER):
            either[json.dumps(found)] = found
        else:
            _join(limit, found)
    return {"either": [*either.values(), limit]} if either else limit


def _meaning(word: str) -> Limits:
    for pattern, make in _WORDS:
        match = re.search(pattern, word, re.DOTALL)
        if match is not None:
            return make(*match.groups())
    raise ValueError(f"nobody has read these words yet, add them to _WORDS: {word}")


def _join(limit: Limits, found: Limits) -> None:
    for name, bound in found.items():
        had = limit.get(name)
        if name == "length" and had:
            bound = [max(had[0], bound[0]), min(had[1], bound[1])]
        elif name == "cidr" and had:
            versions = [one for one in had["versions"] if one in bound["versions"]]
            bound = {**had, **bound, "versions": versions}
        elif name == "json" and had:
            bound = "object" if "object" in (had, bound) else "any"
        limit[name] = bound


def _of(word: str, path: str, value: Any) -> bool:
    """Whether an error is of this argument and not of another one that is asked beside it.

    The path that it begins with is at times that of a neighbour, so its words count: a path with places in lists, or
    else the argument's name or value.
    """
    where, _, told = word.partition(": ")
    places = [found for found in re.findall(r"[\w.]+", told) if re.search(r"\.\d+", found)]
    named = [re.sub(r"\.\d+", "", found) for found in places if found.split(".")[0] == path.split(".")[0]]
    if named:
        return path in named
    if where != path and not path.startswith(f"{where}."):
        return False
    return path.rpartition(".")[2] in told or f'"{value}"' in told


def _words(found: Iterable[str]) -> str:
    """The shortest of the provider's words, without the path before them, which may be a neighbour's."""
    told = (" ".join(word.partition(": ")[2].split()) for word in found)
    return min(told, key=lambda word: (len(word), word))[:300]


def _short(value: Any) -> Any:
    """A value as the file has it: one letter many times as the letter and how many."""
    return ["x", len(value)] if isinstance(value, str) and len(value) > 2 and set(value) == {"x"} else value


def _number(word: str) -> Any:
    return int(word) if re.fullmatch(r"-?\d+", word) else word
