"""Spot capacity that EC2 takes back: on order, or by chance at a rate; with notice, then without mercy.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html: the warning is an event of
EC2's on EventBridge, two minutes ahead. EMR starts another instance in its place.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from facts.errors import UserError
from local.cloud import events
from local.cloud.emr.lifecycle import Lifecycle
from local.cloud.emr.model import Cluster, Instance, Pool
from local.cloud.plane import Timer

log = logging.getLogger(__name__)
NOTICE_SECONDS = 120.0
MOST_AN_HOUR = 3600.0
_WARNING = "EC2 Spot Instance Interruption Warning"
# EMR's code for an instance that fails; the message is ours.
LOST = ("INSTANCE_FAILURE", "The Spot instance was reclaimed by Amazon EC2.")
Found = tuple[Cluster, Pool, Instance]


class Spot:
    """Takes spot instances of clusters away. Orders come from any thread."""

    def __init__(self, lifecycle: Lifecycle, clusters: Callable[[], Iterable[Cluster]]) -> None:
        self._lifecycle, self._plane, self._clusters = lifecycle, lifecycle.plane, clusters
        self._warned: set[str] = set()
        self._rate, self._chance = 0.0, random.Random(0)  # noqa: S311 what is chosen is no secret
        self._next: Timer | None = None

    def order(self, order: Mapping[str, object]) -> Mapping[str, object]:
        """Reclaim `count` instances of `cluster`, or of any, or the one `instance`; or set the rate `an_hour`.

        `seed` decides which and when, `notice_seconds` how long they have. Raises UserError when there is none such.
        """
        with self._plane.lock:
            notice = _number(order, "notice_seconds", NOTICE_SECONDS, MOST_AN_HOUR)
            if order.get("seed") is not None:
                self._chance = random.Random(int(_number(order, "seed", 0, 2**53)))  # noqa: S311
            if order.get("an_hour") is not None:
                self._set_rate(_number(order, "an_hour", 0, MOST_AN_HOUR), notice)
                return {"an_hour": self._rate, "reclaimed": []}
            chosen = self._choose(order)
            for found in chosen:
                self._warn(*found, notice)
            return {
                "an_hour": self._rate,
                "reclaimed": [_told(cluster, i, notice) for cluster, _, i in chosen],
            }

    def _choose(self, order: Mapping[str, object]) -> list[Found]:
        cluster, wanted = order.get("cluster"), order.get("instance")
        there = [
            found
            for found in self._running()
            if cluster in (None, found[0].id) and wanted in (None, found[2].id, found[2].ec2_id)
        ]
        count = int(_number(order, "count", 1, 1000))
        if len(there) < count:
            where = f" of {wanted or cluster}" if wanted or cluster else ""
            raise UserError(
                f"{count} spot instances to reclaim, but {len(there)}{where} run that are not warned yet"
            )
        return self._chance.sample(there, count)

    def _running(self) -> list[Found]:
        return [
            (cluster, pool, instance)
            for cluster in self._clusters()
            if cluster.status.state in ("RUNNING", "WAITING")
            for pool in cluster.pools
            for instance in pool.running()
            if instance.market == "SPOT"
            and instance.status.state == "RUNNING"
            and instance.id not in self._warned
        ]

    def _warn(self, cluster: Cluster, pool: Pool, instance: Instance, notice: float) -> None:
        log.info("spot instance %s of %s is reclaimed in %.0f s", instance.id, cluster.id, notice)
        self._warned.add(instance.id)
        account, region = cluster.arn.split(":")[4], cluster.region
        detail = {"instance-id": instance.ec2_id, "instance-action": "terminate"}
        arn = f"arn:aws:ec2:{cluster.availability_zone}:instance/{instance.ec2_id}"
        events.emit(self._plane, account, region, "aws.ec2", _WARNING, detail, [arn])
        self._plane.command(partial(self._lifecycle.runner.leave, cluster.id, instance.id))
        self._plane.after(notice, partial(self._take, cluster, pool, instance))

    def _take(self, cluster: Cluster, pool: Pool, instance: Instance) -> None:
        self._warned.discard(instance.id)
        if cluster.active and instance.status.state == "RUNNING":
            self._lifecycle.lose(cluster, pool, instance, *LOST)

    # By chance

    def _set_rate(self, an_hour: float, notice: float) -> None:
        self._rate = an_hour
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if an_hour:
            self._again(notice)

    def _again(self, notice: float) -> None:
        self._next = self._plane.after(
            self._chance.expovariate(self._rate / 3600), partial(self._strike, notice)
        )

    def _strike(self, notice: float) -> None:
        running = self._running()
        if running:
            self._warn(*self._chance.choice(running), notice)
        self._again(notice)


def _told(cluster: Cluster, instance: Instance, notice: float) -> Mapping[str, Any]:
    return {
        "cluster": cluster.id, "instance": instance.id, "ec2_instance": instance.ec2_id,
        "instance_type": instance.instance_type, "notice_seconds": notice,
    }  # fmt: skip


def _number(order: Mapping[str, object], name: str, default: float, most: float) -> float:
    value = order.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise UserError(f"{name} is {value!r}; it must be a number from 0 to {most:g}")
    return float(value)
