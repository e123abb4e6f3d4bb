"""The provider's program, started as a plugin: as Terraform would, without Terraform."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping

from facts.errors import UserError
from local.outside import terraform
from local.provider.witness.protocol import Witness

# What a plugin wants to see before it believes that Terraform has started it:
# https://github.com/hashicorp/terraform/blob/v0.14.6/plugin/serve.go
_ENV = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "5",
}


@contextlib.contextmanager
def witness() -> Iterator[Witness]:
    """The running provider, to be asked. Raises UserError when it cannot be had or does not start."""
    with running() as where:
        client = Witness(where)
        try:
            yield client
        finally:
            client.close()


@contextlib.contextmanager
def running(more: Mapping[str, str] | None = None) -> Iterator[str]:
    """The running provider's address. Raises UserError when it cannot be had or does not start."""
    # An environment of its own, but for `more`: the user's account and logging settings must not reach in.
    env = {"PATH": os.environ.get("PATH", ""), "TMPDIR": tempfile.gettempdir(), **(more or {}), **_ENV}
    try:
        process = subprocess.Popen(
            [terraform.provider()], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
    except OSError as error:
        raise UserError(f"terraform-provider-aws does not start on this machine: {error}") from error
    with process:
        assert process.stdout is not None
        try:
            yield address(process.stdout.readline())
        finally:
            process.kill()


def address(line: str) -> str:
    """Where a plugin listens, from its first line: `1|5|unix|/tmp/plugin12|grpc|`."""
    parts = line.strip().split("|")
    if parts[:3] != ["1", "5", "unix"]:
        raise UserError(
            f"terraform-provider-aws {terraform.VERSION} does not speak protocol 5 here: it said {line!r}"
        )
    return f"unix:{parts[3]}"
