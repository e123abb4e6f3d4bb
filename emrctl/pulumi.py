"""The engine on a stack of this project, for the target in force."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from emrctl.context import Target
from emrctl.progress import Line
from local import paths
from local.engine import ensure
from local.state import LocalState
from stacks.engine import Pulumi, environment
from stacks.workspace import load, mirror


def project() -> Path:
    """The project that the user stands in, as the engine finds it, else the one that this command belongs to."""
    here = Path.cwd()
    return next(
        (folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").is_file()), paths.root()
    )


def policy_pack() -> Path:
    """The policy pack that every preview and update is checked with."""
    return paths.root() / "policies"


def workspace(target: Target, stack: str) -> Pulumi:
    """The engine for `stack`: on AWS in the project itself with the user's backend, here in a mirror outside git.

    Raises UserError when the project has no such stack, or there is no engine and none can be had.
    """
    load(project(), stack)
    with Line() as line:
        engine = ensure(line.say)
    own = environment(engine.bin_dir, paths.home())
    if target.state is None:
        return Pulumi(
            program=engine.bin_dir / "pulumi", project=project(), env={**os.environ, "PATH": own["PATH"]}
        )
    return Pulumi(
        program=engine.bin_dir / "pulumi",
        project=mirror(project(), paths.home() / "work", stack, local_overlay(target.state)),
        env={**os.environ, **own, **target.env},
        backend=paths.home() / "backend",
    )


def local_overlay(state: LocalState) -> dict[str, Any]:
    """What a stack's configuration is on one machine: its account, and data that a user may throw away."""
    return {
        "config": {
            "aws:region": state.region,
            "aws:allowedAccountIds": [state.account_id],
            "emr:protection": {"allow_data_deletion": True},
            "emr:storage": {"deletable": True},
        }
    }
