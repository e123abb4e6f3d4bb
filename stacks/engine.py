"""The engine on one stack: never a stale lock in the way, never a refused destroy half done.

The engine runs as users know it: its own display, its own Ctrl-C (once: finish what is under way and stop).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from facts.errors import UserError
from stacks import backend, pack, pending, terminal
from stacks.backend import Lock

STDERR = 2
SHOWN = 3  # names of protected resources in the one line of a refusal


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def _nothing() -> None:
    """Nothing is to be done."""


@dataclass(frozen=True, kw_only=True)
class Pulumi:
    """The engine in a project folder.

    `env` is the environment in full; `backend` is the folder of a file backend of ours, None for the user's own.
    `locks` reads who holds the one stack of a remote backend that is ours all the same.
    `account` is the AWS account of the stacks, where it is known. `before_program` is called before the
    engine runs the stack's program, in which it may raise. `say` receives what goes on beside the engine.
    """

    program: Path
    project: Path
    env: Mapping[str, str]
    backend: Path | None = None
    locks: Callable[[], list[Lock]] | None = None
    account: str | None = None
    before_program: Callable[[], None] = _nothing
    say: Callable[[str], None] = _to_stderr

    def ensure_stack(self, stack: str) -> None:
        """Make the stack when the backend of ours lacks it, and mend what a killed engine left: lock, half a resource.

        A user's own backend is left to the user. Raises UserError when somebody else holds the stack.
        """
        if self.backend is None:
            if self.locks is not None:
                self._mend(stack, self.locks)
            return
        folder = self.backend
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{stack}.lock"):
            backend.mend(folder, self._project(), stack, self.say)
            if self._state(stack) is None:
                self._captured("stack", "init", stack)
            self._mend(stack, lambda: backend.locks(folder, stack))

    def preview(
        self,
        stack: str,
        *,
        policies: Path | None = None,
        as_json: bool = False,
        events: Path | None = None,
        quiet: bool = False,
    ) -> int:
        """Show what `up` would do. Returns the engine's exit code.

        `events` is a file for the engine's events, one JSON object a line. `quiet` keeps standard output free.
        """
        self.ensure_stack(stack)
        self.before_program()
        told = ["--event-log", str(events.resolve())] if events else []
        with pack.arguments(policies, self.project, stack) as guarded:
            what = ("preview", "--refresh", "--stack", stack, *guarded, *told)
            return self._shown(*what, as_json=as_json, quiet=quiet)

    def plan(self, stack: str) -> dict[str, Any]:
        """The engine's JSON document of what `up` would do. Raises UserError when the preview fails."""
        self.ensure_stack(stack)
        self.before_program()
        found: dict[str, Any] = json.loads(self._captured("preview", "--refresh", "--json", "--stack", stack))
        # The refresh comes first, with a step of its own for each resource.
        return found | {"steps": [step for step in found.get("steps") or [] if step["op"] != "refresh"]}

    def up(self, stack: str, *, policies: Path | None = None, quiet: bool = False) -> int:
        """Bring the stack up. Returns the engine's exit code.

        The state is refreshed first: a cluster that ended by idling reads as gone and comes back. The preview is
        kept, because that is where policies refuse before anything is touched. `quiet` keeps standard output free.
        """
        self.ensure_stack(stack)
        self.before_program()
        with pack.arguments(policies, self.project, stack) as guarded:
            return self._shown("up", "--yes", "--refresh", "--stack", stack, *guarded, quiet=quiet)

    def destroy(self, stack: str, *, quiet: bool = False, first: Callable[[], None] = _nothing) -> int:
        """Take the stack down; fine when there is none. Returns the engine's exit code.

        Raises UserError, before anything is touched, when the stack holds protected resources. `first` is called when
        it does not, and may raise too.
        """
        if self.backend is not None and self._state(stack) is None:
            self.say(f"stack '{stack}' is not up here; nothing to destroy")
            return 0
        self.ensure_stack(stack)
        self.refuse_protected(stack)
        first()
        # The engine's preview of a destroy says what the state says; what it would refuse is refused above.
        return self._shown("destroy", "--yes", "--skip-preview", "--stack", stack, quiet=quiet)

    def refuse_protected(self, stack: str) -> None:
        """Raise UserError when the stack holds resources that must not be deleted."""
        protected = self.protected(stack)
        if protected:
            shown = ", ".join(protected[:SHOWN]) + (", …" if len(protected) > SHOWN else "")
            raise UserError(
                f"stack '{stack}' protects {len(protected)} of its resources ({shown}); nothing was touched; to delete "
                "its data turn both keys (emr:protection.allow_data_deletion and emr:storage.deletable), bring it up "
                "once, then destroy it"
            )

    def outputs(self, stack: str) -> dict[str, Any]:
        """The stack's outputs, secrets masked. Raises UserError when the stack was never brought up."""
        if self.backend is not None and self._state(stack) is None:
            raise UserError(f"stack '{stack}' is not up here; bring it up with 'emrctl stack up {stack}'")
        found: dict[str, Any] = json.loads(self._captured("stack", "output", "--json", "--stack", stack))
        return found

    def changes(self, stack: str) -> dict[str, int]:
        """What the last update did, by operation: {"create": 3, "same": 80}."""
        history = json.loads(
            self._captured("stack", "history", "--json", "--page-size", "1", "--stack", stack)
        )
        found: dict[str, int] = history[0].get("resourceChanges") or {} if history else {}
        return found

    def export(self, stack: str) -> dict[str, Any]:
        """The stack's state, secrets as ciphertext."""
        found: dict[str, Any] = self.document(stack)["deployment"]
        return found

    def state(self, stack: str) -> dict[str, Any]:
        """The stack's state; empty when the stack was never brought up here."""
        if self.backend is not None:
            return self._state(stack) or {}
        return self.export(stack)

    def planned(self, stack: str) -> dict[str, str]:
        """What `up` would do now to each resource, by URN: "same", "update", "delete-replaced", …"""
        return {step["urn"]: step["op"] for step in self.plan(stack)["steps"]}

    def document(self, stack: str) -> dict[str, Any]:
        """The stack's state with the version of its form, as `put` takes it."""
        found: dict[str, Any] = json.loads(self._captured("stack", "export", "--stack", stack))
        return found

    def init(self, stack: str, secrets_provider: str) -> None:
        """Make the stack in the backend, its secrets sealed by `secrets_provider`."""
        self._captured("stack", "init", stack, "--secrets-provider", secrets_provider)

    def put(self, stack: str, document: Mapping[str, Any]) -> None:
        """Have `document` be the stack's state."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(document, file)
            file.flush()
            self._captured("stack", "import", "--file", file.name, "--stack", stack)

    def forget(self, stack: str) -> None:
        """Drop the stack's state from the backend, and touch nothing that it names."""
        self._captured("stack", "rm", "--yes", "--force", "--preserve-config", "--stack", stack)

    def configure(self, stack: str, file: Path, path: str, value: str) -> None:
        """Set one value, at `path` in the stack's configuration, in `file`; its comments stay."""
        self._captured(
            "config",
            "set",
            "--path",
            path,
            value,
            "--plaintext",
            "--config-file",
            str(file),
            "--stack",
            stack,
        )

    def protected(self, stack: str) -> list[str]:
        """Names of the stack's resources that must not be deleted."""
        resources = self.export(stack).get("resources") or []
        return [entry["urn"].rsplit("::", 1)[1] for entry in resources if entry.get("protect")]

    def _mend(self, stack: str, locks: Callable[[], list[Lock]]) -> None:
        backend.free(stack, locks, cancel=lambda: self._cancel(stack), say=self.say)
        if pending.creates(self.export(stack) if self.backend is None else self._state(stack) or {}):
            self._settle(stack)

    def _state(self, stack: str) -> dict[str, Any] | None:
        assert self.backend is not None
        return backend.deployment(self.backend, self._project(), stack)

    def _project(self) -> str:
        return str(yaml.safe_load((self.project / "Pulumi.yaml").read_text())["name"])

    def _cancel(self, stack: str) -> None:
        self._captured("cancel", "--yes", "--stack", stack)

    def _settle(self, stack: str) -> None:
        """Take what a killed engine was creating into the state where it is there, else forget it."""
        self.say(f"an update of stack '{stack}' was killed while it created resources; looking for them")
        found = self.document(stack)
        self.put(stack, {**found, "deployment": pending.settled(found["deployment"], self.account)})
        self._captured("refresh", "--yes", "--skip-preview", "--stack", stack)

    def _shown(self, *args: str, quiet: bool = False, as_json: bool = False) -> int:
        interactive = terminal.is_interactive() and not quiet and not as_json
        flags = ["--suppress-permalink=true", "--json" if as_json else "--suppress-outputs"]
        if not interactive:
            flags += ["--non-interactive", "--suppress-progress"]
        return terminal.run(
            [self.program, *args, *flags],
            cwd=self.project,
            # Without it the engine hides --event-log; its own Automation API sets it for the same end.
            env={**self.env, "PULUMI_DEBUG_COMMANDS": "true"} if "--event-log" in args else self.env,
            interactive=interactive,
            out=STDERR if quiet else None,
        )

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
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            said = [line for line in lines if line.startswith("error")] or lines
            raise UserError(f"pulumi {' '.join(args[:2])}: {' '.join(said).removeprefix('error: ')}", code=1)
        return done.stdout
