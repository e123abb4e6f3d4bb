"""The `emrctl` command: the table of its verbs, and how their errors are told."""

from __future__ import annotations

import re
import sys
from importlib import import_module

import typer

from facts.errors import UserError

_VERSIONS = ("versions", "promote", "rollback", "gc")
# group → its help and its verbs; the verb `up` of group `local` is `command` in emrctl/verbs/local_up.py.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "engine": ("The Pulumi engine.", ("ensure",)),
    "spark": ("Java, Spark and YARN on this machine.", ("ensure",)),
    "local": (
        "An AWS on this machine.",
        ("up", "status", "top", "down", "logs", "clock", "spot", "market", "history"),
    ),
    "settings": ("What a stack file may say.", ("explain", "schema")),
    "cost": ("What a stack may cost.", ("estimate",)),
    "certs": ("Certificates of EMR's nodes.", ("rotate", "show")),
    "stack": ("Stacks of the platform.", ("up", "preview", "destroy", "outputs", "picture")),
    "policy": (
        "The policy pack: its rules, what they say of a stack, how right they are.",
        ("list", "explain", "test", "report", "comment", "corpus"),
    ),
    "ci": ("What a workflow of GitHub needs.", ("login",)),
    "data": ("Sample data.", ("load",)),
    "jobs": (
        "Spark jobs: build, version, run.",
        ("init", "validate", "schema", "show", "list", "deploy", "run", "canary", "breaker", *_VERSIONS),
    ),
    "runs": (
        "What runs and what ran: follow, cancel, logs, Spark's pages.",
        ("list", "show", "query", "schema", "watch", "attach", "cancel", "logs", "explain", "ui"),
    ),
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tabs and new lines
VERBS = ("demo", "down", "bootstrap", "doctor")
HELP = "Declares, runs and watches an EMR data platform, on AWS and on one machine."


def build(*wanted: str) -> typer.Typer:
    """The command line, for a call that begins with `wanted`: what it does not name is not imported, nor set up.

    Of a group that it names that group alone, and of a verb there that verb alone. Everything when `wanted` is empty.
    """
    # Plain help: Rich's boxes would be half of what a call takes.
    app = typer.Typer(
        help=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode=None,
    )
    first, second = (*wanted, "", "")[:2]
    for verb in () if first in GROUPS else _named(VERBS, first):
        app.command(name=verb)(import_module(f"emrctl.verbs.{verb}").command)
    for group in _named(tuple(GROUPS), first):
        text, verbs = GROUPS[group]
        sub = typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None)
        sub.callback()(_group)
        for verb in _named(verbs, second) if group == first or not wanted else ():
            sub.command(name=verb)(import_module(f"emrctl.verbs.{group}_{verb}").command)
        app.add_typer(sub, name=group)
    return app


def _named(there: tuple[str, ...], wanted: str) -> tuple[str, ...]:
    """The one called `wanted`; all where none is, so that help and the answer to a slip of the pen know them."""
    return (wanted,) if wanted in there else there


def _group() -> None:
    """A group of one verb stays a group: Typer would make it a command of its own."""


def _harmless(text: str) -> str:
    """Without what a terminal obeys: an error may quote a name that another has chosen."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def main() -> None:
    """Run the command. A line on standard error and exit code 2 for a user's mistake, 1 for what AWS refuses."""
    try:
        build(*(sys.argv[1:3] or [""]))()  # without a word, the names of the groups are enough
    except UserError as error:
        print(f"emrctl: {_harmless(str(error))}", file=sys.stderr)
        sys.exit(error.code)
    except KeyboardInterrupt:
        print("emrctl: interrupted", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        # Looked up, not imported: where botocore was never loaded, none of its errors came.
        of_aws = sys.modules.get("botocore.exceptions")
        if not of_aws or not isinstance(error, of_aws.ClientError | of_aws.BotoCoreError):
            raise
        print(f"emrctl: AWS: {_harmless(' '.join(str(error).split()))}", file=sys.stderr)
        sys.exit(1)
