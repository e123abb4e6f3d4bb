"""A changed transform is caught and a harmless change passes, on a real Spark; readers see neither."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jobs import artifacts, spec, wheel
from jobs.canary import page
from jobs.canary.trial import Result, Trial
from jobs.lifecycle import Lifecycle
from jobs.spec import Canary
from tests.e2e.test_runtimes import JOB, World, world

__all__ = ["world"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("runtimes"), pytest.mark.timeout(1800)]

# What a step takes here says more of the machine's neighbours than of the job.
LIMITS = Canary(duration_ratio=50, cost_ratio=50)
HARMLESS = ("DELAYS = (", "# A remark.\nDELAYS = (")
# An early flight is late by as much: nothing fails, no contract breaks, every count stays as it is.
WRONG = ("F.avg(delay)", "F.avg(F.abs(delay))")


def _deploy(world: World, root: Path, channel: str, change: tuple[str, str] | None = None) -> str:
    shutil.copytree(wheel.ROOT / "jobs", root / "jobs", ignore=shutil.ignore_patterns("__pycache__"))
    if change:
        delays = root / "jobs" / "transforms" / "delays.py"
        changed = delays.read_text().replace(*change)
        assert changed != delays.read_text()
        delays.write_text(changed)
    job = spec.find(JOB).model_copy(update={"canary": LIMITS})
    return artifacts.deploy(world.session, world.platform, job, channel, root=root).digest


def _live_data(world: World) -> dict[str, str]:
    listed = world.session.client("s3").list_objects_v2(
        Bucket=world.platform.buckets.curated, Prefix=f"{JOB}/"
    )
    return {entry["Key"]: entry["ETag"] for entry in listed["Contents"]}


def _canary(world: World) -> Result:
    lifecycle = Lifecycle(world.session, world.platform)
    trial = Trial(world.session, world.platform, lifecycle)
    return trial.promote(trial.run(JOB, "dev", "prod"))


def test_a_wrong_change_is_caught_and_a_harmless_one_is_promoted(world: World, tmp_path: Path) -> None:
    live = _deploy(world, tmp_path / "live", "prod")
    record = Lifecycle(world.session, world.platform).run(JOB, "prod")
    assert record.state == "SUCCEEDED"
    before = _live_data(world)

    wrong = _deploy(world, tmp_path / "wrong", "dev", WRONG)
    result = _canary(world)
    assert (result.outcome, result.promoted, result.digest) == ("worse", False, wrong), page.text(result)
    assert result.live == record
    worse = {(check.metric, check.column) for check in result.checks if check.verdict == "worse"}
    assert {metric for metric, _ in worse} == {"distribution"}
    assert {column for _, column in worse} <= {"mean_dep_delay_minutes", "mean_arr_delay_minutes"}
    assert worse
    assert artifacts.resolve(world.session, world.platform, JOB, "prod").manifest.digest == live

    harmless = _deploy(world, tmp_path / "harmless", "dev", HARMLESS)
    result = _canary(world)
    assert (result.outcome, result.promoted, result.digest) == ("good", True, harmless), page.text(result)
    assert {check.verdict for check in result.checks} == {"ok"}
    assert artifacts.resolve(world.session, world.platform, JOB, "prod").manifest.digest == harmless

    assert _live_data(world) == before
    (shadow,) = result.canary.outputs
    bucket, _, prefix = shadow.removeprefix("s3://").partition("/")
    written = world.session.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    assert sum(entry["Key"].endswith(".parquet") for entry in written) == 3
