"""How a resource is created, read, changed and deleted as its row says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.provider.errors import GoneError, PartialError, ProviderError, explain, is_absent
from local.provider.outputs import outputs
from local.provider.run import Run
from local.provider.shapes import follow
from local.provider.table import Change, Part


def create(run: Run) -> dict[str, Any]:
    """Create the resource and return its outputs; `PartialError` when it is there but not whole."""
    row = run.row
    with _saying(run, "creating"):
        answer = run.do(row.create)
        run.id = str(follow(answer, row.id[1:]) if row.id.startswith("=") else run.text(row.id))
    try:
        for change in row.changes:
            given = (run.props.get(prop) for prop in change.props)
            if change.on_create and any(one not in (None, [], {}, change.initial) for one in given):
                _apply(run, change)
        if row.tagging and row.tagging.on_create and run.props.get("tagsAll"):
            _tag(run, {}, run.props["tagsAll"])
        if row.settle:
            row.settle(run)
        found = read(run)
    except GoneError as error:
        raise ProviderError(explain(_doing(run, "creating"), error)) from error
    except (ClientError, BotoCoreError, ProviderError) as error:
        raise PartialError(explain(_doing(run, "creating"), error), run.id, _remembered(run)) from error
    if found is None:
        raise ProviderError(f"{_doing(run, 'creating')}: it was gone again before it could be read")
    return found


def read(run: Run) -> dict[str, Any] | None:
    """The resource's outputs as AWS has them now, or None when it is gone."""
    row = run.row
    run.found = {}
    for part in row.reads:
        if part.when is not None and not part.when(run):
            continue
        try:
            answer = run.send(part.call)
        except ClientError as error:
            if not is_absent(error):
                raise ProviderError(explain(_doing(run, "reading"), error)) from error
            if part.missing_ok:
                continue
            return None
        except BotoCoreError as error:
            raise ProviderError(explain(_doing(run, "reading"), error)) from error
        if not _take(run, part, answer) and not part.missing_ok:
            return None
    if row.gone is not None and row.gone(run):
        return None
    if row.finish is not None:
        row.finish(run)
    return outputs(run)


def update(run: Run) -> dict[str, Any]:
    """Make the changes between `old` and `props` and return the outputs."""
    with _saying(run, "updating"):
        for change in run.row.changes:
            if any(_changed(run, prop) for prop in change.props):
                _apply(run, change)
        old, new = run.old.get("tagsAll") or {}, run.props.get("tagsAll") or {}
        if run.row.tagging and old != new:
            _tag(run, old, new)
        if run.row.settle:
            run.row.settle(run)
        found = read(run)
    if found is None:
        raise ProviderError(f"{_doing(run, 'updating')}: it does not exist any more; run `pulumi refresh`")
    return found


def delete(run: Run) -> None:
    """Delete the resource; that it is gone already is fine."""
    with _saying(run, "deleting"):
        for step in run.row.delete:
            try:
                run.do(step)
            except ClientError as error:
                if not is_absent(error):
                    raise


def _changed(run: Run, prop: str) -> bool:
    wanted = run.props.get(prop)
    if wanted is None and run.known.left_alone(prop):
        return False
    return not run.known.same(prop, run.old.get(prop), wanted)


def _apply(run: Run, change: Change) -> None:
    value = run.props.get(change.props[0])
    empty = value is None or value in ([], {}, "")
    if change.unset is not None and change.unset != empty:
        return
    for step in change.do:
        run.do(step)


def _tag(run: Run, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    tagging = run.row.tagging
    assert tagging is not None
    added = {key: value for key, value in new.items() if old.get(key) != value}
    removed = sorted(set(old) - set(new))
    run.props |= {"tagsAdded": added, "tagsRemoved": removed}
    if tagging.remove is None:
        run.send(tagging.add if new or tagging.clear is None else tagging.clear)
        return
    if removed:
        run.send(tagging.remove)
    if added:
        run.send(tagging.add)


def _take(run: Run, part: Part, answer: Mapping[str, Any]) -> bool:
    """Put what a part has read into `found`; False when the structure it reads from is not there."""
    structure = follow(answer, part.at)
    if structure is None:
        return False
    for prop, (path, shape) in run.known.taken(part).items():
        value = run.known.mapper.from_wire(follow(answer, path), shape, run.known.schema.kind(prop), prop)
        if value is not None:
            run.found[prop] = value
    return True


def _remembered(run: Run) -> dict[str, Any]:
    kinds = {**run.known.schema.inputs, **run.known.schema.outputs}
    return {name: value for name, value in run.props.items() if name in kinds}


def _doing(run: Run, verb: str) -> str:
    return f'{verb} {run.row.type} "{run.name}"'


@contextmanager
def _saying(run: Run, verb: str) -> Iterator[None]:
    """AWS's errors leave the block as one line that says what was being done."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise ProviderError(explain(_doing(run, verb), error)) from error
    except ProviderError as error:
        if str(error).startswith(("creating", "updating", "deleting")):
            raise
        raise type(error)(explain(_doing(run, verb), error)) from error
