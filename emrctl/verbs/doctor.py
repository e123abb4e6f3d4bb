"""`emrctl doctor`: whether the account is ready for a stack, before anything is made."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from emrctl.options import Json, Target

if TYPE_CHECKING:
    from emrctl.doctor.finding import Finding

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def command(
    stack: Annotated[str, typer.Option(help="The stack that is to be brought up.")] = "dev",
    as_json: Json = False,
    target: Target = None,
) -> None:
    """Look at everything that would fail in the middle of an update. Exit code: 0 ready, 1 there is a problem."""
    import boto3

    from emrctl.context import resolve
    from emrctl.doctor.examine import examine
    from emrctl.progress import Line
    from emrctl.pulumi import declared
    from local.engine import ensure
    from local.engine.build import VERSION

    resolved = resolve(target)
    wanted = declared(resolved, stack)
    with Line() as line:
        engine = ensure(line.say)
    resolved.session()  # sets the environment of the target
    session = boto3.Session(region_name=wanted.names.region)
    findings = examine(session, wanted, engine.version, VERSION)
    problems = [finding for finding in findings if finding.level == "problem"]
    if as_json:
        print(
            json.dumps(
                {"stack": stack, "ready": not problems, "findings": [asdict(f) for f in findings]}, indent=2
            )
        )
    else:
        _show(stack, findings, len(problems))
    raise typer.Exit(1 if problems else 0)


def _show(stack: str, findings: list[Finding], problems: int) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        level = f"[{COLOURS[finding.level]}]{finding.level:<8}[/]"
        console.print(f"{level} {finding.check}: {escape(finding.message)}")
        if finding.remedy:
            console.print(f"         -> {escape(finding.remedy)}")
    verdict = {0: "the account is ready", 1: "1 problem to solve first"}.get(
        problems, f"{problems} problems to solve first"
    )
    console.print(f"stack {stack}: {verdict}")
