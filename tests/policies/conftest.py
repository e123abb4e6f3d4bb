"""A real engine with the pack, on a provider and an AWS inside the test's own process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.engine.ensure import ensure
from local.provider.server import serve_provider

ROOT = Path(__file__).resolve().parents[2]
WITH_PACK = ("--policy-pack", str(ROOT / "policies"))
Engine = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def aws() -> Iterator[dict[str, str]]:
    """The environment in which the engine attaches to a provider on an AWS that holds nothing yet."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    provider = serve_provider(endpoint)
    yield {"AWS_ENDPOINT_URL": endpoint, "PULUMI_DEBUG_PROVIDERS": f"aws:{provider.port}"}
    provider.stop()
    server.stop()


@pytest.fixture(scope="session")
def engine_bin() -> Path:
    """The folder of the engine."""
    return ensure(lambda _line: None).bin_dir


@pytest.fixture
def pulumi_in(aws: dict[str, str], engine_bin: Path, tmp_path: Path) -> Engine:
    """Run an engine command in a project folder, on a backend of its own."""
    backend = tmp_path / "backend"
    backend.mkdir()
    env = {
        **os.environ,
        **aws,
        "PATH": os.pathsep.join([str(engine_bin), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": "of this test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    }

    def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *command, "--non-interactive"],
            cwd=project,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )

    return run


@pytest.fixture
def pulumi(pulumi_in: Engine, tmp_path: Path) -> Engine:
    """Run an engine command on a program given as text, in a stack of its own, with the pack."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: guarded\nruntime: python\n")
    (project / "Pulumi.test.yaml").write_text("config: {aws:region: us-east-1}\n")
    assert pulumi_in(project, "stack", "init", "test").returncode == 0

    def guarded(program: str, *command: str) -> subprocess.CompletedProcess[str]:
        (project / "__main__.py").write_text(program)
        return pulumi_in(project, *command, *WITH_PACK)

    return guarded
