"""The engine on one stack: never a stale lock in the way, never a refused destroy half done.

The engine runs as users know it: its own display, its own Ctrl-C (once: finish what is under way and stop).
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from facts.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Pulumi:
    """The engine in a project folder.

    `env` is the environment in full; `backend` is the folder of a file backend of ours, None for the user's own.
    """

    program: Path
    project: Path
    env: Mapping[str, str]
    backend: Path | None = None

    def ensure_stack(self, stack: str) -> None:
        """Make the stack when the backend of ours lacks it, and free it from the lock of a process that died."""
        if self.backend is None:
            return
        self.backend.mkdir(parents=True, exist_ok=True)
        if not self._state_file(stack).exists():
            self._captured("stack", "init", stack)
        if _locked_by_the_dead(self.backend, stack):
            self._captured("cancel", "--yes", "--stack", stack)

    def preview(self, stack: str, *, policies: Path | None = None, as_json: bool = False) -> int:
        """Show what an update would do. Returns the engine's exit code."""
        self.ensure_stack(stack)
        return self._shown("preview", "--stack", stack, *_pack(policies), as_json=as_json)

    def up(self, stack: str, *, policies: Path | None = None, quiet: bool = False) -> int:
        """Bring the stack up. Returns the engine's exit code.

        The state is refreshed first: a cluster that ended by idling reads as gone and comes back. The preview is
        kept, because that is where policies refuse before anything is touched.
        """
        self.ensure_stack(stack)
        return self._shown("up", "--yes", "--refresh", "--stack", stack, *_pack(policies), quiet=quiet)

    def destroy(self, stack: str, *, quiet: bool = False) -> int:
        """Take the stack down. Returns the engine's exit code.

        Raises UserError, before anything is touched, when the stack holds protected resources.
        """
        self.ensure_stack(stack)
        protected = self.protected(stack)
        if protected:
            shown = ", ".join(protected[:3]) + (", …" if len(protected) > 3 else "")
            raise UserError(
                f"stack '{stack}' protects {len(protected)} of its resources ({shown}); nothing was touched; to delete "
                "its data turn both keys (emr:protection.allow_data_deletion and emr:storage.deletable), bring it up "
                "once, then destroy it"
            )
        return self._shown("destroy", "--yes", "--refresh", "--stack", stack, quiet=quiet)

    def outputs(self, stack: str) -> dict[str, Any]:
        """The stack's outputs, secrets masked. Raises UserError when the stack was never brought up."""
        if self.backend is not None and not self._state_file(stack).exists():
            raise UserError(f"stack '{stack}' is not up here; bring it up with 'emrctl stack up {stack}'")
        found: dict[str, Any] = json.loads(self._captured("stack", "output", "--json", "--stack", stack))
        return found

    def protected(self, stack: str) -> list[str]:
        """Names of the stack's resources that must not be deleted."""
        deployment = json.loads(self._captured("stack", "export", "--stack", stack))["deployment"]
        resources = deployment.get("resources") or []
        return [entry["urn"].rsplit("::", 1)[1] for entry in resources if entry.get("protect")]

    def _state_file(self, stack: str) -> Path:
        assert self.backend is not None
        return self.backend / ".pulumi" / "stacks" / _project_name(self.project) / f"{stack}.json"

    def _shown(self, *args: str, quiet: bool = False, as_json: bool = False) -> int:
        """Run with the user's terminal. A Ctrl-C reaches the engine too; it is waited for, it stops in order."""
        flags = ["--suppress-permalink=true", "--json" if as_json else "--suppress-outputs"]
        if quiet or not sys.stdout.isatty():
            flags += ["--non-interactive", "--suppress-progress"]
        out = sys.stderr if quiet else None  # standard output belongs to the caller's own document
        with subprocess.Popen(
            [self.program, *args, *flags], cwd=self.project, env=dict(self.env), stdout=out
        ) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.wait()
                raise

    def _captured(self, *args: str) -> str:
        done = subprocess.run(
            [self.program, *args, "--non-interactive"],
            cwd=self.project,
            env=dict(self.env),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.startswith("error")] or [
                done.stderr.strip()
            ]
            raise UserError(f"pulumi {' '.join(args[:2])}: {' '.join(said).removeprefix('error: ')}", code=1)
        return done.stdout


def environment(bin_dir: Path, home: Path) -> dict[str, str]:
    """What a file backend of ours needs, all of it under `home`; the passphrase is made once and stays there."""
    return {
        "PATH": os.pathsep.join([str(bin_dir), str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PULUMI_HOME": str(home / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{home / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase(home)),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    }


def _passphrase(home: Path) -> Path:
    file = home / "passphrase"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f"passphrase.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32))
        draft.replace(file)
    return file


def _pack(policies: Path | None) -> list[str]:
    return [] if policies is None else ["--policy-pack", str(policies)]


def _project_name(project: Path) -> str:
    import yaml

    name: str = yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]
    return name


def _locked_by_the_dead(backend: Path, stack: str) -> bool:
    """Whether the stack has locks, and no process that took one lives. A lock names its process."""
    locks = [
        json.loads(file.read_text() or "{}")
        for file in (backend / ".pulumi" / "locks").rglob("*.json")
        if file.parent.name == stack
    ]
    return bool(locks) and not any(_is_engine(lock.get("pid", 0)) for lock in locks)


def _is_engine(pid: int) -> bool:
    try:
        return psutil.Process(pid).name().startswith("pulumi")
    except psutil.Error:
        return False
