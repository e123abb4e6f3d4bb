"""The stack `account`: a project of its own, whose state lies in the bucket that it makes.

So it begins with a backend of ours on this machine, and its state moves when the bucket is there; when it goes, the
state moves back first. Every step finds done what an interrupted one has done: where the state is says what is left.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emrctl.context import Target
from emrctl.overlay import local_overlay
from emrctl.progress import Line
from facts.errors import UserError
from infra.account import settings as account_settings
from infra.account.places import STATE, backend_url, secrets_provider
from infra.account.settings import STACK, AccountSettings
from infra.naming import Names
from infra.settings import loader
from local import paths, processes
from local.engine import ensure
from stacks import backend
from stacks.engine import Pulumi
from stacks.moving import move
from stacks.workspace import KEPT, load, merge, mirror

if TYPE_CHECKING:
    import boto3

PROJECT = "emr-account"
FOLDER = Path("infra") / "account"
# What stacks refer to it by, in a backend of one's own.
REFERENCE = f"organization/{PROJECT}/{STACK}"
_STATES = ".pulumi/stacks/"


@dataclass(frozen=True)
class Account:
    """The stack on one target. `project` is the platform's checkout; nothing is asked of AWS before it is needed."""

    target: Target
    project: Path

    @cached_property
    def settings(self) -> AccountSettings:
        """What the stack's file says, with what a local run lays over it. Raises UserError with every mistake."""
        config = merge(load(self._folder, STACK), self._overlay()).get("config") or {}
        return account_settings.declared(loader.from_config(config))

    @cached_property
    def names(self) -> Names:
        """What its resources are called."""
        return self.settings.names

    @cached_property
    def session(self) -> boto3.Session:
        """A session in the account's region."""
        import boto3

        self.target.session()  # sets the environment of the target
        return boto3.Session(region_name=self.settings.aws.region)

    def engine(self) -> Pulumi:
        """The engine where the state is: in its bucket, else on this machine."""
        return self.moved() if self.states() & {(PROJECT, STACK)} and not self._waiting() else self.first()

    def first(self) -> Pulumi:
        """The engine with a backend on this machine: before the bucket is, and after it."""
        home = self._place / "backend"
        home.mkdir(parents=True, exist_ok=True)
        env = {**self._env, "PULUMI_BACKEND_URL": f"file://{home}", **self._passphrase}
        return Pulumi(
            program=self._program,
            project=mirror(self._folder, self._place / "first", STACK, self._overlay(), sealed=False),
            env=env,
            backend=home,
            account=self.settings.aws.account_id,
        )

    def moved(self) -> Pulumi:
        """The engine with the state bucket as its backend; on AWS in the project itself."""
        local = self.target.state is not None
        folder = (
            mirror(self._folder, self._place / "moved", STACK, self._overlay()) if local else self._folder
        )
        return Pulumi(
            program=self._program,
            project=folder,
            env={**self._env, "PULUMI_BACKEND_URL": backend_url(self.names)},
            locks=self._locks,
            account=self.settings.aws.account_id,
        )

    def move_in(self) -> bool:
        """Move the state from this machine into its bucket; False when it is there."""
        if not self._waiting():
            return False
        exists = bool(self.states() & {(PROJECT, STACK)})
        if not exists:
            self._forget_seals()
        source = self.first()
        move(
            STACK,
            source=source,
            to=self.moved(),
            secrets_provider=secrets_provider(self.names),
            exists=exists,
        )
        return True

    def publish(self, stacks: Path) -> bool:
        """Have stacks in the file backend `stacks` refer to this one as in its bucket; False when it is not up."""
        found: Mapping[str, Any] | None = None
        if self._waiting():
            found = backend.deployment(self._place / "backend", PROJECT, STACK)
        elif self.states() & {(PROJECT, STACK)}:
            key = f"{_STATES}{PROJECT}/{STACK}.json"
            state = self.session.client("s3").get_object(Bucket=self.names.bucket(STATE), Key=key)
            found = json.load(state["Body"])["checkpoint"]["latest"]
        backend.publish(stacks, PROJECT, STACK, found)
        return bool(found and found.get("resources"))

    def destroy(self, *, quiet: bool) -> int:
        """Take the account down, its state moved out of the bucket first. Returns the engine's exit code.

        Raises UserError, before anything is touched, when it protects its data, or holds the states of others.
        """
        engine, first = self.engine(), self.first()
        moved = engine.backend is None
        if moved:
            engine.refuse_protected(STACK)
        others = sorted(f"{project}/{stack}" for project, stack in self.states() - {(PROJECT, STACK)})
        if others:
            raise UserError(
                f"the state bucket {self.names.bucket(STATE)} holds the states of {', '.join(others)}; nothing was "
                "touched; destroy those stacks first and remove them with 'pulumi stack rm'"
            )
        if moved:
            first.ensure_stack(STACK)
            move(STACK, source=engine, to=first, secrets_provider="", exists=True)
        return first.destroy(STACK, quiet=quiet)

    def _locks(self) -> list[backend.Lock]:
        """Who holds the stack, where its state is in the bucket."""
        s3, bucket = self.session.client("s3"), self.names.bucket(STATE)
        prefix = f".pulumi/locks/organization/{PROJECT}/{STACK}/"
        entries = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
        bodies = (s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read() for entry in entries)
        return [backend.lock(body.decode()) for body in bodies]

    def states(self) -> set[tuple[str, str]]:
        """The stacks whose states lie in the bucket, by project and name; none where there is no bucket."""
        from botocore.exceptions import ClientError

        bucket, found = self.names.bucket(STATE), set()
        pages = self.session.client("s3").get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=bucket, Prefix=_STATES):
                for entry in page.get("Contents", ()):
                    project, _, file = entry["Key"].removeprefix(_STATES).partition("/")
                    if file.endswith((".json", ".json.gz")):
                        found.add((project, file.partition(".json")[0]))
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise UserError(
                    f"the state bucket {bucket} cannot be read: {error.response['Error']['Message']}", code=1
                ) from None
        return found

    def remember(self, choices: Mapping[str, str]) -> None:
        """Keep who owns what, by path below `emr:ownership`: on AWS in the stack's file, here outside git."""
        if self.target.state is not None:
            file = self._ownership
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({**self._chosen(), **choices}, indent=2))
        else:
            first = self.first()
            first.ensure_stack(STACK)
            for path, owner in choices.items():
                file = self._folder / f"Pulumi.{STACK}.yaml"
                first.configure(STACK, file, f"{loader.PROJECT}:ownership.{path}", owner)
        del self.__dict__["settings"]

    def _forget_seals(self) -> None:
        """What an account that is gone left in the stack's file names a key that is gone."""
        if self.target.state is not None:
            shutil.rmtree(self._place / "moved", ignore_errors=True)
            return
        file = self._folder / f"Pulumi.{STACK}.yaml"
        lines = file.read_text().splitlines(keepends=True)
        kept = [line for line in lines if line.partition(":")[0] not in KEPT]
        if kept != lines:
            file.write_text("".join(kept))

    @cached_property
    def _program(self) -> Path:
        with Line() as line:
            return ensure(line.say).bin_dir / "pulumi"

    @property
    def _folder(self) -> Path:
        return self.project / FOLDER

    @property
    def _home(self) -> Path:
        return paths.home()

    @property
    def _place(self) -> Path:
        """Where what is generated for the account lies: of a local run, and of one on AWS, apart."""
        return self._home / f"account-{self.target.name}"

    @property
    def _ownership(self) -> Path:
        return self._place / "ownership.json"

    @property
    def _env(self) -> dict[str, str]:
        bin_dir = self._program.parent
        if self.target.state is None:
            return {**os.environ, "PATH": backend.search_path(bin_dir)}
        # The mark: what an engine that was killed leaves behind is found and ended with the local AWS.
        mark = {processes.MARK: self.target.state.instance}
        return {**os.environ, **backend.environment(bin_dir, self._home), **self.target.env, **mark}

    @property
    def _passphrase(self) -> dict[str, str]:
        return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(backend.passphrase(self._home))}

    def _chosen(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self._ownership.read_text())
        except FileNotFoundError:
            return {}
        return found

    def _overlay(self) -> dict[str, Any]:
        if self.target.state is None:
            return {}
        return merge(local_overlay(self.target.state), {"config": {"emr:ownership": _tree(self._chosen())}})

    def _waiting(self) -> bool:
        """Whether a state on this machine has not been moved yet."""
        folder = self._place / "backend"
        return bool((backend.deployment(folder, PROJECT, STACK) or {}).get("resources"))


def _tree(choices: Mapping[str, str]) -> dict[str, Any]:
    """Choices by path as the settings have them: `service_linked_roles["…"]` is one of a mapping."""
    tree: dict[str, Any] = {}
    for path, owner in choices.items():
        group, _, key = path.partition('["')
        if key:
            tree.setdefault(group, {})[key.removesuffix('"]')] = owner
        else:
            tree[group] = owner
    return tree
