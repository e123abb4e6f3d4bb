"""`emrctl policy comment`: a report as the one comment of a pull request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from emrctl.options import Json
from facts.errors import UserError


def command(
    report: Annotated[Path, typer.Argument(help="Markdown of 'emrctl policy report --markdown'.")],
    pull_request: Annotated[int, typer.Option(envvar="PULL_REQUEST", help="Its number.")],
    as_json: Json = False,
) -> None:
    """Make the comment, or bring it up to date: its first line says which stack it is on.

    GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL are read, as a workflow has them.
    """
    from emrctl.github import PullRequest, given
    from policies.reports.markdown import marker

    try:
        body = report.read_text()
    except OSError as error:
        raise UserError(f"REPORT is '{report}': {error.strerror}") from None
    first = body.partition("\n")[0]
    if not first.startswith(marker("").removesuffix(" -->").rstrip()):
        raise UserError(
            f"'{report}' is no report: it begins with '{first[:60]}'; 'emrctl policy report' writes one"
        )
    found = PullRequest(
        api=given("GITHUB_API_URL", "a workflow of GitHub has it").rstrip("/"),
        repository=given("GITHUB_REPOSITORY", "a workflow of GitHub has it"),
        number=pull_request,
        token=given("GITHUB_TOKEN", "give the step 'GITHUB_TOKEN: ${{ github.token }}'"),
    )
    action, address = found.say(first, body)
    print(json.dumps({"comment": action, "address": address}) if as_json else f"{action}: {address}")
