"""The engine on a stack of this project, for the target in force."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from emrctl.context import Target
from emrctl.overlay import local_overlay
from emrctl.progress import Line
from facts.errors import UserError
from local import paths, processes
from local.engine import ensure
from stacks.backend import environment, search_path
from stacks.engine import Pulumi
from stacks.workspace import load, merge, mirror

if TYPE_CHECKING:
    from infra.settings.loader import Declared

ACCOUNT = "account"


def project() -> Path:
    """The project that the user stands in, as the engine finds it, else the one that this command belongs to.

    In the mirror of a project it is the project itself: there Pulumi.yaml is a link.
    """
    here = Path.cwd()
    files = (folder / "Pulumi.yaml" for folder in (here, *here.parents))
    return next((file.resolve().parent for file in files if file.is_file()), paths.root())


def policy_pack() -> Path:
    """The policy pack that every preview and update is checked with."""
    return paths.root() / "policies"


def workspace(target: Target, stack: str) -> Pulumi:
    """The engine for `stack`: on AWS in the project itself with the user's backend, here in a mirror outside git.

    The stack `account` is of a project of its own, with its state where it is. Raises UserError when the project has
    no such stack, or there is no engine and none can be had.
    """
    if stack == ACCOUNT:
        from emrctl.account import Account

        return Account(target, project()).engine()
    load(project(), stack)
    with Line() as line:
        engine = ensure(line.say)
    program = engine.bin_dir / "pulumi"
    if target.state is None:
        return Pulumi(
            program=program, project=project(), env={**os.environ, "PATH": search_path(engine.bin_dir)}
        )
    home = paths.home()
    return Pulumi(
        program=program,
        project=mirror(project(), home / "work", stack, local_overlay(target.state), sealed=False),
        # The mark: what an engine that was killed leaves behind is found and ended with the local AWS.
        env={
            **os.environ,
            **environment(engine.bin_dir, home),
            **target.env,
            processes.MARK: target.state.instance,
        },
        backend=home / "backend",
        account=target.state.account_id,
        before_program=partial(_publish_account, target, stack, home / "backend"),
    )


def _publish_account(target: Target, stack: str, backend: Path) -> None:
    """Have `stack` find the account that its file refers to. Raises UserError when that is not up here.

    Here the state of the account is in its bucket and that of `stack` in a file backend; on AWS both are in the bucket.
    """
    from emrctl.account import REFERENCE, Account

    account = (load(project(), stack).get("config") or {}).get("emr:account")
    if not isinstance(account, dict) or account.get("stack") != REFERENCE:
        return
    if not Account(target, project()).publish(backend):
        raise UserError(
            f"stack '{stack}' reads what the account exports (emr:account.stack), and there is no account here; make "
            "it ready with 'emrctl bootstrap'"
        )


def declared(target: Target, stack: str) -> Declared:
    """What a stack of the platform declares on this target. Raises UserError with every mistake in its file."""
    from infra.settings import loader
    from jobs.spec import load_catalog

    overlay = {} if target.state is None else local_overlay(target.state)
    config = merge(load(project(), stack), overlay).get("config") or {}
    return loader.declared(loader.from_config(config), stack, load_catalog())


def destroy(
    target: Target, stack: str, *, cancel_runs: bool = False, quiet: bool = False, with_its_aws: bool = False
) -> int:
    """Take `stack` down, its running Serverless applications drained first. Returns the engine's exit code.

    Raises UserError, before anything is touched, as `workspace` does, while the stack protects data, while something
    of others is in its network (which is no matter when the whole local AWS goes: `with_its_aws`), and while runs are
    in the way that nobody agreed to cancel (`cancel_runs`).
    """
    if stack == ACCOUNT:
        from emrctl.account import Account

        return Account(target, project()).destroy(quiet=quiet)
    from emrctl.drain import drained
    from stacks import in_the_way

    engine = workspace(target, stack)

    def first() -> None:
        if not with_its_aws:
            in_the_way.refuse(stack, engine.state(stack), target.session().client, engine.say)
        drained(engine, target, stack, cancel_runs=cancel_runs, destroy=True)

    return engine.destroy(stack, quiet=quiet, first=first)
