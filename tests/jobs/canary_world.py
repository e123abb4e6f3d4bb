"""A world whose runs write profiles: what a version's run writes is a test's to say."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from jobs import artifacts, spec
from jobs.attempts import Asked
from jobs.canary.trial import Result, Trial
from jobs.platform import Platform
from tests.jobs.fakes import RUNNING_SECONDS, FakeStep
from tests.jobs.world import JOB, World

Report = dict[str, Any]
TABLE = "delays/by_route"
CARRIERS = [0] * 60 + [30, 20, 40, 10]


def usual() -> Report:
    """What the live version reports."""
    quantiles = [float(step) for step in range(1, 100)]
    columns = {
        "month": {"type": "int", "nulls": 0, "quantiles": [1.0] * 99},
        "minutes": {"type": "double", "nulls": 5, "quantiles": quantiles},
        "carrier": {"type": "string", "nulls": 0, "buckets": list(CARRIERS)},
    }
    return {"rows_read": {"flights": 7}, "profiles": {TABLE: {"rows": 100, "columns": columns}}}


class CanaryWorld(World):
    """`live` stands in prod, `new` in dev; `reports` and `seconds` say, by digest, what its runs tell and take."""

    def __init__(self, platform: Platform, **changes: Any) -> None:
        super().__init__(platform)
        self.reports: dict[str, Report] = {}
        self.seconds: dict[str, float] = {}
        self.emr.report_of = lambda step: self.reports[self.digest(step)]
        self.emr.seconds_of = lambda step: self.seconds.get(self.digest(step), RUNNING_SECONDS)
        self.live = self.put("prod")
        self.new = self.put("dev", **{"description": "The new version.", **changes})

    def put(self, channel: str, **changes: Any) -> str:
        """A version in `channel`; its digest."""
        job = spec.find(JOB).model_copy(update=changes)
        digest = artifacts.deploy(self.session, self.platform, job, channel, clock=self.time.clock).digest
        self.reports[digest] = usual()
        return digest

    def change(self, edit: Callable[[Report], None], digest: str = "") -> None:
        """Let the runs of a version, the new one, report something else."""
        report = copy.deepcopy(usual())
        edit(report)
        self.reports[digest or self.new] = report

    def trial(self) -> Trial:
        return Trial(self.session, self.platform, self.lifecycle())

    def canary(self, *, promote: bool = False, fresh: bool = False, asked: Asked | None = None) -> Result:
        """A canary of what is in dev."""
        trial = self.trial()
        result = trial.run(JOB, "dev", "prod", asked, fresh=fresh)
        return trial.promote(result) if promote else result

    def run_live(self) -> Any:
        return self.lifecycle().run(JOB, "prod")

    def prod(self) -> str:
        """Where prod points."""
        return artifacts.resolve(self.session, self.platform, JOB, "prod").manifest.digest

    def arguments(self, step: FakeStep) -> list[str]:
        found: list[str] = step.config["HadoopJarStep"]["Args"]
        return found

    def digest(self, step: FakeStep) -> str:
        """The version that a step runs."""
        wheel = self.arguments(step)[self.arguments(step).index("--py-files") + 1]
        return wheel.split("/")[4]
