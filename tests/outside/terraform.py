"""Terraform with the real AWS provider, at work in a folder of its own on one configuration."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.outside import terraform
from tests.outside.conftest import Endpoint

PLATFORM = Path(__file__).parent / "platform"
SECONDS = 400
CHANGES = 2  # exit code of `plan -detailed-exitcode` when there is something to do
# This build of Terraform marks each line of its own with the stream it goes to, and logs to standard error.
_MARK = re.compile(r"^[oe]:", re.MULTILINE)
_DONE = re.compile(
    r"(?P<added>\d+) (?:added|to add), (?P<changed>\d+) (?:changed|to change), (?P<gone>\d+) (?:dest)"
)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command of Terraform's ended: its code and what it said on standard output."""

    code: int
    said: str

    @property
    def counts(self) -> tuple[int, int, int]:
        """The resources added, changed and destroyed."""
        found = _DONE.search(self.said)
        return (
            (0, 0, 0) if found is None else (int(found["added"]), int(found["changed"]), int(found["gone"]))
        )


@dataclass(kw_only=True)
class Terraform:
    """One state; `variables` are those of the configuration that differ from their defaults."""

    folder: Path
    endpoint: Endpoint
    reattach: Mapping[str, str]  # the variables by which it finds the provider that runs (recorder.py)
    variables: dict[str, str] = field(default_factory=dict)

    def init(self) -> None:
        """Lay out the configuration and find the provider, with no network."""
        self.folder.mkdir()
        for file in PLATFORM.glob("*.tf"):
            shutil.copy(file, self.folder)
        (self.folder / "cli.tfrc").write_text(
            "disable_checkpoint = true\n"
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{terraform.mirror()}"\n  }}\n}}\n'
        )
        self("init")

    def __call__(self, *words: str, codes: tuple[int, ...] = (0,)) -> Ended:
        """`terraform` with these words; fails the test when it ends with none of `codes`."""
        env = {
            **self.endpoint.env,
            **self.reattach,
            "HOME": os.devnull,
            "TF_CLI_CONFIG_FILE": str(self.folder / "cli.tfrc"),
            "TF_VAR_endpoint": self.endpoint.state.endpoint,
            **{f"TF_VAR_{name}": value for name, value in self.variables.items()},
        }
        command = [str(terraform.program()), *words[:1], "-no-color", *words[1:]]
        done = subprocess.run(
            command, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=SECONDS
        )  # fmt: skip
        said = [*done.stderr.splitlines(), *done.stdout.splitlines()]
        errors = [line for line in said if line.startswith("e:") or re.match(r"\W*(?:o:)?Error: ", line)]
        assert done.returncode in codes, "\n".join([*errors, done.stderr[-2000:]])
        return Ended(code=done.returncode, said=_MARK.sub("", done.stdout))

    def apply(self, *words: str) -> tuple[int, int, int]:
        """Bring about what the configuration says; how many resources were added, changed and destroyed."""
        return self("apply", "-auto-approve", "-input=false", *words).counts

    def plan(self) -> str:
        """What Terraform would do; empty when nothing."""
        done = self("plan", "-input=false", "-detailed-exitcode", codes=(0, CHANGES))
        return done.said if done.code == CHANGES else ""

    def imported(self, address: str, name: str) -> dict[str, Any]:
        """The attributes that the resource which AWS knows as `name` has when it is imported as `address`.

        This build of Terraform forgets the rest of a state that it imports into: the import gets one of its own.
        """
        own = self.folder / "imported.tfstate"
        own.unlink(missing_ok=True)
        self("import", "-input=false", f"-state={own.name}", address, name)
        return _resources(own)[address]

    def resources(self) -> dict[str, dict[str, Any]]:
        """The attributes of every managed resource in the state, by its address."""
        return _resources(self.folder / "terraform.tfstate")


def _resources(state: Path) -> dict[str, dict[str, Any]]:
    return {
        f"{resource['type']}.{resource['name']}{_index(instance)}": instance["attributes"]
        for resource in json.loads(state.read_text())["resources"]
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    }


def _index(instance: dict[str, Any]) -> str:
    return f'["{instance["index_key"]}"]' if "index_key" in instance else ""
