"""`aws.iam.getPolicyDocument`: the document that the real provider would write, to the character.

Rules from its source: internal/service/iam/policy_document_data_source.go and policy_model.go. JSON is Go's: members in
the order of the structures, keys of maps sorted, `<`, `>` and `&` escaped.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from local.provider.errors import ProviderError

_VERSIONS = ("2008-10-17", "2012-10-17")
_EFFECTS = ("Allow", "Deny")
_MEMBERS = (
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition",
)  # fmt: skip
_LISTS = {"Action": "actions", "NotAction": "notActions"}
_VARIABLE_LISTS = {"Resource": "resources", "NotResource": "notResources"}
_WHO = {"Principal": "principals", "NotPrincipal": "notPrincipals"}
_GO = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
Document = dict[str, Any]


def policy_document(args: Mapping[str, Any]) -> dict[str, str]:
    """The outputs `json`, `minifiedJson` and `id`. Raises ProviderError with the real provider's words."""
    merged: Document = {"Statement": []}
    seen: set[str] = set()
    for index, text in enumerate(args.get("sourcePolicyDocuments") or []):
        if text is None:
            continue
        source = _parsed(text, f"merging source document {index}")
        for number, statement in enumerate(source["Statement"]):
            sid = statement.get("Sid", "")
            if sid and sid in seen:
                raise _error(
                    f"merging source document {index}: duplicate Sid ({sid}) in source_policy_documents "
                    f"(statement {number}). Remove the Sid or ensure Sids are unique."
                )
            seen.add(sid)
        _merge(merged, source)
    _merge(merged, _own(args))
    for index, text in enumerate(args.get("overridePolicyDocuments") or []):
        if text is not None:
            _merge(merged, _parsed(text, f"merging override document {index}"))
    ordered = {member: merged[member] for member in ("Version", "Id", "Statement") if merged.get(member)}
    pretty = _go(json.dumps(ordered, indent=2, ensure_ascii=False))
    minified = _go(json.dumps(ordered, separators=(",", ":"), ensure_ascii=False))
    return {"json": pretty, "minifiedJson": minified, "id": str(zlib.crc32(pretty.encode()))}


def _own(args: Mapping[str, Any]) -> Document:
    """The document that the arguments say themselves."""
    version = args.get("version") or "2012-10-17"
    if version not in _VERSIONS:
        raise ProviderError(f"expected version to be one of {_quoted(_VERSIONS)}, got {version}")
    statements, seen = [], set()
    for given in args.get("statements") or []:
        statement = _statement(given, version)
        sid = statement.get("Sid", "")
        if sid and sid in seen:
            raise _error(f"duplicate Sid ({sid}). Remove the Sid or ensure the Sid is unique.")
        seen.add(sid)
        statements.append(statement)
    return {"Version": version, "Id": args.get("policyId") or "", "Statement": statements}


def _statement(given: Mapping[str, Any], version: str) -> dict[str, Any]:
    effect, sid = given.get("effect") or "Allow", given.get("sid") or ""
    if effect not in _EFFECTS:
        raise ProviderError(f"expected effect to be one of {_quoted(_EFFECTS)}, got {effect}")
    if not re.fullmatch(r"[a-zA-Z0-9]*", sid):
        raise ProviderError(f"invalid value for sid (must only include alphanumeric characters): {sid}")
    found: dict[str, Any] = {"Sid": sid, "Effect": effect}
    for member, name in _LISTS.items():
        found[member] = _one_or_sorted(given.get(name) or [])
    for member, name in _VARIABLE_LISTS.items():
        found[member] = _one_or_sorted(_variables(given.get(name) or [], version))
    for member, name in _WHO.items():
        principals: list[tuple[str, Any]] = [
            (one["type"], _one_or_sorted(_variables(one["identifiers"], version)))
            for one in given.get(name) or []
        ]
        found[member] = _principals(principals)
    found["Condition"] = _conditions(
        [
            (one["test"], one["variable"], _variables(one["values"], version))
            for one in given.get("conditions") or []
        ]
    )
    return _ordered(found)


def _variables(values: Sequence[str], version: str) -> list[str]:
    """`&{…}` stands for IAM's `${…}`, which would be the program's own interpolation."""
    for value in values:
        if version == "2008-10-17" and "&{" in value:
            raise _error(
                f"found &{{ sequence in ({value}), which is not supported in document version {version}"
            )
    return [value.replace("&{", "${") for value in values]


def _one_or_sorted(values: Sequence[str]) -> str | list[str]:
    """A set of strings: one by itself, more in falling order."""
    found = sorted(set(values), reverse=True)
    return found[0] if len(found) == 1 else found


def _principals(principals: Sequence[tuple[str, str | list[str]]]) -> Any:
    """`*` for anybody; else the identifiers by type. `{"AWS": "*"}` stays: for trust policies that is not the same."""
    if len(principals) == 1 and principals[0][0] == "*" and principals[0][1] in ("*", ["*"]):
        return "*"
    found: dict[str, Any] = {}
    for kind, identifiers in principals:
        if kind not in found:
            found[kind] = identifiers if isinstance(identifiers, str) else sorted(identifiers, reverse=True)
            continue
        before = [found[kind]] if isinstance(found[kind], str) else found[kind]
        more = [identifiers] if isinstance(identifiers, str) else sorted(identifiers, reverse=True)
        found[kind] = [*before, *more]
    return dict(sorted(found.items()))


def _conditions(conditions: Sequence[tuple[str, str, Sequence[str]]]) -> dict[str, Any]:
    """Values by test and variable, in the order given; one by itself."""
    found: dict[str, dict[str, list[str]]] = {}
    for test, variable, values in conditions:
        found.setdefault(test, {}).setdefault(variable, []).extend(values)
    return {
        test: {name: values[0] if len(values) == 1 else values for name, values in sorted(variables.items())}
        for test, variables in sorted(found.items())
    }


def _parsed(text: str, doing: str) -> Document:
    """A document given as JSON, as the provider would write it again."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise _error(f"{doing}: {error}") from error
    if not isinstance(found, dict):
        raise _error(f"{doing}: a policy is a JSON object")
    statements = found.get("Statement") or []
    if isinstance(statements, dict) or not all(isinstance(one, dict) for one in statements):
        raise _error(f"{doing}: Statement is a list of objects")
    return {
        "Version": found.get("Version", ""), "Id": found.get("Id", ""),
        "Statement": [_reread(one) for one in statements],
    }  # fmt: skip


def _reread(statement: Mapping[str, Any]) -> dict[str, Any]:
    found = {member: statement[member] for member in _MEMBERS if member in statement}
    for member in _WHO:
        who = found.get(member)
        if isinstance(who, Mapping):
            found[member] = _principals(list(who.items()))
    found["Condition"] = _conditions(
        [
            (test, variable, _texts(values))
            for test, variables in (found.get("Condition") or {}).items()
            for variable, values in variables.items()
        ]
    )
    return _ordered(found)


def _texts(values: Any) -> list[str]:
    """A condition's values; a bare JSON boolean is the text that IAM compares."""
    given = values if isinstance(values, list) else [values]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in given]


def _ordered(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {member: statement[member] for member in _MEMBERS if statement.get(member)}


def _merge(document: Document, other: Document) -> None:
    """Take `other` in: its id, a later version, and its statements, each in the place of one with its Sid."""
    document["Id"] = other["Id"] or document.get("Id", "")
    document["Version"] = max(document.get("Version", ""), other["Version"])
    statements: list[dict[str, Any]] = document["Statement"]
    for statement in other["Statement"]:
        sid = statement.get("Sid")
        same = [number for number, one in enumerate(statements) if sid and one.get("Sid") == sid]
        if same:
            statements[same[0]] = statement
        else:
            statements.append(statement)


def _go(text: str) -> str:
    """Go's encoder escapes what HTML could trip over."""
    return re.sub("[<>&]", lambda found: _GO[found[0]], text)


def _quoted(words: Sequence[str]) -> str:
    return "[" + " ".join(f'"{word}"' for word in words) + "]"


def _error(why: str) -> ProviderError:
    return ProviderError(f"writing IAM Policy Document: {why}")
