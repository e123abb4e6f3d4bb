"""`emrctl policy report`: what the policies say of a stack, for a pull request and for tools."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emrctl.options import Json, Stack, Target
from facts.errors import UserError

if TYPE_CHECKING:
    from policies.reports.told import Judged


def command(
    stack: Stack = "dev",
    events: Annotated[
        Path | None,
        typer.Option(help="The events of a preview ('emrctl stack preview --events'); else one is made."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write Markdown there, as for a pull request.")
    ] = None,
    sarif: Annotated[Path | None, typer.Option(help="Write SARIF 2.1.0 there.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML there.")] = None,
    links: Annotated[
        str | None,
        typer.Option(
            envvar="EMRCTL_LINKS", help="The checkout's address in a browser, to which rules are linked."
        ),
    ] = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Report a preview's findings; Markdown on standard output where no file is named.

    Exit code 0 when nothing stops the update, 1 when something does or the preview failed.
    """
    from policies.reports import junit as as_junit
    from policies.reports import markdown as as_markdown
    from policies.reports import sarif as as_sarif

    judged = _read(events) if events else _previewed(stack, target)
    if markdown:
        markdown.write_text(as_markdown.render(judged, stack, links))
    if sarif:
        sarif.write_text(json.dumps(as_sarif.document(judged, stack, links), indent=2) + "\n")
    if junit:
        junit.write_text(as_junit.render(judged, stack))
    if as_json:
        print(json.dumps({"stack": stack, "stops": judged.stops, **asdict(judged)}, indent=2))
    elif not (markdown or sarif or junit):
        print(as_markdown.render(judged, stack, links), end="")
    raise typer.Exit(1 if judged.stops else 0)


def _read(events: Path) -> Judged:
    from policies.reports.told import read

    try:
        return read(events.read_text().splitlines())
    except OSError as error:
        raise UserError(f"--events is '{events}': {error.strerror}") from None


def _previewed(stack: str, target: str | None) -> Judged:
    from emrctl.context import resolve
    from emrctl.pulumi import policy_pack, workspace

    engine = workspace(resolve(target), stack)
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.jsonl"
        engine.preview(stack, policies=policy_pack(), events=events, quiet=True)
        if not events.exists():
            raise UserError(f"the preview of stack '{stack}' did not start; see above", code=1)
        return _read(events)
