"""What keeps its settings as a map from names to texts: topics and subscriptions of SNS, queues of SQS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from local.provider.run import Run
from local.provider.shapes import from_scalar, text
from local.provider.table import Hook

Names = Mapping[str, str]  # argument → attribute


def said(run: Run, names: Names) -> dict[str, str]:
    """The attributes that a creation sends: those that are set."""
    given = {name: run.props.get(prop) for prop, name in names.items()}
    return {name: text(value) for name, value in given.items() if value not in (None, "", False)}


def changed(run: Run, names: Names) -> dict[str, str]:
    """The attributes that an update sends; an empty text takes one away."""
    known = run.known
    pairs = {
        prop: (run.old.get(prop), run.props.get(prop))
        for prop in names
        if run.props.get(prop) is not None or not known.left_alone(prop)
    }
    return {
        names[prop]: "" if new is None else text(new)
        for prop, (old, new) in pairs.items()
        if not known.same(prop, old, new)
    }


def reading(op: str, names: Names) -> Hook:
    """A hook that takes arguments and outputs from the attributes that `op` has answered."""

    def hook(run: Run) -> None:
        attributes = run.answers[op].get("Attributes", {})
        for prop, name in names.items():
            if attributes.get(name) not in (None, ""):
                run.found[prop] = from_scalar(attributes[name], run.known.schema.kind(prop))
            elif run.row.defaults.get(prop) is False:
                run.found[prop] = False

    return hook


def names_of(props: Iterable[str]) -> dict[str, str]:
    """Attributes that are named as the arguments are, but for the first letter."""
    return {prop: prop[0].upper() + prop[1:] for prop in props}
