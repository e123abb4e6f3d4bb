"""A project folder outside git that mirrors the checkout, for a stack whose configuration must not be committed.

The engine writes into its project folder (the encryption salt of a stack, for one) and reads `Pulumi.<stack>.yaml`
from it. The mirror links everything else, so plain `pulumi` commands work in it too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from facts.errors import UserError

# What the engine writes into a stack's file itself, and must find again.
KEPT = ("encryptionsalt", "secretsprovider", "encryptedkey")


def mirror(
    project: Path, folder: Path, stack: str, overlay: Mapping[str, Any], *, sealed: bool = True
) -> Path:
    """Make or refresh the mirror of `project` in `folder`, with `overlay` merged into the stack's configuration.

    Without `sealed`, secrets of the committed file, and what the engine wrote there of them, are left out: another
    backend's. Those that were set in the mirror stay.
    Returns `folder`. Raises UserError when the project has no file for `stack`.
    """
    committed = load(project, stack)
    folder.mkdir(parents=True, exist_ok=True)
    _link(project, folder)
    generated = folder / f"Pulumi.{stack}.yaml"
    merged = merge(committed, overlay)
    if not sealed:
        merged = {key: value for key, value in merged.items() if key not in KEPT}
        merged["config"] = {key: value for key, value in merged["config"].items() if not _is_secret(value)}
    if generated.exists():
        before = yaml.safe_load(generated.read_text()) or {}
        merged.update({key: before[key] for key in KEPT if key in before})
        set_here = {key: value for key, value in (before.get("config") or {}).items() if _is_secret(value)}
        merged["config"] = {**set_here, **merged["config"]}
    draft = generated.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(
        f"# Generated at every command from {project / generated.name}: change that one.\n"
        + yaml.safe_dump(merged, sort_keys=False)
    )
    draft.replace(generated)
    return folder


def _is_secret(value: Any) -> bool:
    """Whether a value of a stack's configuration is sealed, as `pulumi config set --secret` writes it."""
    return isinstance(value, Mapping) and set(value) == {"secure"}


def _link(project: Path, folder: Path) -> None:
    """Link what the project holds, but what is hidden, Python's own and what is a stack's; drop links to what it lacks.

    Each has bytecode of its own when a program at its top has run there.
    """
    wanted = {
        entry.name: entry
        for entry in project.iterdir()
        if not entry.name.startswith(".")
        and entry.name != "__pycache__"
        and (entry.name == "Pulumi.yaml" or not entry.name.startswith("Pulumi."))
    }
    for link in folder.iterdir():
        if link.is_symlink() and (link.name not in wanted or link.readlink() != wanted[link.name]):
            link.unlink(missing_ok=True)
    for name, entry in wanted.items():
        link = folder / name
        if not link.is_symlink():
            draft = folder / f".{name}.{os.getpid()}"  # a rename, so that two commands at once do not collide
            draft.symlink_to(entry)
            draft.replace(link)


class _Plain(yaml.SafeLoader):
    """YAML as the engine takes it: a date is text, and no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(project: Path, stack: str) -> dict[str, Any]:
    """The committed configuration of a stack. Raises UserError when there is none, or it is no plain mapping."""
    file = project / f"Pulumi.{stack}.yaml"
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), _Plain)  # noqa: S506  # a SafeLoader
        json.dumps(content, ensure_ascii=False).encode()
    except FileNotFoundError:
        known = sorted(other.name.split(".")[1] for other in project.glob("Pulumi.*.yaml"))
        raise UserError(f"stack is '{stack}'; allowed are: {', '.join(known)} (or add {file.name})") from None
    except UnicodeDecodeError:
        raise UserError(f"{file.name} is not UTF-8 text; save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise UserError(f"{file.name} is not YAML: {' '.join(str(error).split())}") from None
    except (
        TypeError,
        ValueError,
        RecursionError,
    ) as error:  # bytes, sets, an alias within itself, half a character
        raise UserError(
            f"{file.name} must have mappings, lists, text, numbers, true and false alone; {error}"
        ) from None
    if not isinstance(content, dict):
        raise UserError(
            f"{file.name} must be a mapping with the key 'config'; it is {type(content).__name__}"
        )
    config = content.get("config") or {}
    if not (isinstance(config, dict) and all(isinstance(key, str) for key in config)):
        raise UserError(f"{file.name}: config must be a mapping of keys as 'emr:owner'; it is {config!r:.80}")
    return content


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `overlay` laid over it: mappings are merged key by key, everything else is replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        merged[key] = (
            merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
