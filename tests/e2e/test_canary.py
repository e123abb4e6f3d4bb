"""A changed transform is caught and a harmless change passes, on a real Spark; readers see neither."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs import artifacts, spec, wheel
from jobs.canary import page
from jobs.canary.trial import Result, Trial
from jobs.lifecycle import Lifecycle
from jobs.runs import Record
from jobs.spec import Canary
from tests.e2e.test_runtimes import JOB, World, world

__all__ = ["world"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.more,
    pytest.mark.xdist_group("runtimes"),
    pytest.mark.timeout(1800),
]

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


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was there after each step; `data` are the live objects and their ETags."""

    record: Record
    wrong: Result
    harmless: Result
    digests: Mapping[str, str]
    prod: Sequence[str]
    data: Sequence[Mapping[str, str]]
    shadow: Sequence[str]


@pytest.fixture(scope="module")
def seen(world: World, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A run of the live version, and a canary of each of the two changes."""
    root = tmp_path_factory.mktemp("versions")

    def prod() -> str:
        return artifacts.resolve(world.session, world.platform, JOB, "prod").manifest.digest

    digests = {"live": _deploy(world, root / "live", "prod")}
    record = Lifecycle(world.session, world.platform).run(JOB, "prod")
    pointed, data = [prod()], [_live_data(world)]
    results = {}
    for name, change in (("wrong", WRONG), ("harmless", HARMLESS)):
        digests[name] = _deploy(world, root / name, "dev", change)
        results[name] = _canary(world)
        pointed.append(prod())
        data.append(_live_data(world))
    (shadow,) = results["harmless"].canary.outputs
    bucket, _, prefix = shadow.removeprefix("s3://").partition("/")
    listed = world.session.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    return Seen(
        record=record, wrong=results["wrong"], harmless=results["harmless"], digests=digests, prod=pointed, data=data,
        shadow=[entry["Key"] for entry in listed],
    )  # fmt: skip


def test_a_wrong_change_is_caught(seen: Seen) -> None:
    result = seen.wrong
    assert seen.record.state == "SUCCEEDED"
    assert (result.outcome, result.promoted) == ("worse", False), page.text(result)
    assert result.live == seen.record
    worse = {(check.metric, check.column) for check in result.checks if check.verdict == "worse"}
    assert {metric for metric, _ in worse} == {"distribution"}
    assert worse <= {("distribution", f"mean_{which}_delay_minutes") for which in ("dep", "arr")}


def test_a_harmless_change_is_promoted(seen: Seen) -> None:
    result = seen.harmless
    assert (result.outcome, result.promoted) == ("good", True), page.text(result)
    assert {check.verdict for check in result.checks} == {"ok"}
    assert list(seen.prod) == [seen.digests[name] for name in ("live", "live", "harmless")]


def test_readers_see_nothing_of_it(seen: Seen) -> None:
    first, *later = seen.data
    assert first
    assert list(later) == [first, first]
    assert sum(key.endswith(".parquet") for key in seen.shadow) == 3
