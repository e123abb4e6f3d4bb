"""The certificates of one stack, looked at and rotated where EMR finds them.

Everything is read before anything is written, and every write is on condition that nobody wrote meanwhile: of two who
rotate at once one does, and whoever is interrupted leaves the old zip or the new one, whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from emrctl.certificates.pem import VALID_DAYS, Authority, DamagedError, new_authority, new_zip, read_zip
from emrctl.certificates.records import Certificate, Cluster, Kept, read_kept, recorded, started_with
from emrctl.certificates.store import Store, Stored
from facts.errors import UserError
from infra.naming import Names
from infra.tags import STACK_KEY

# Less than that and it is time: long enough that clusters end, or are replaced, meanwhile.
LEAST_DAYS = 30
# The states in which a cluster has nodes, or gets them.
STANDING = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")


@dataclass(frozen=True, kw_only=True)
class Status:
    """What is there. `troubles` say why nodes cannot use the zip, or nobody the authority.

    `certificate` is None without a zip that nodes can use, `authority_until` (ISO 8601) without an authority.
    `clusters` are those of the stack that stand.
    """

    uri: str
    certificate: Certificate | None
    authority_until: str | None
    troubles: tuple[str, ...]
    clusters: tuple[Cluster, ...]

    def ending(self, now: datetime, days: int) -> list[Cluster]:
        """Clusters whose nodes' certificate is good for less than so many days, or nobody knows how long."""
        left = ((cluster, cluster.days_left(now)) for cluster in self.clusters)
        return [cluster for cluster, has in left if has is None or has < days]

    def apart(self) -> list[Cluster]:
        """Clusters whose nodes do not trust those that start now: they can neither grow nor replace a node."""
        return [cluster for cluster in self.clusters if not cluster.trusts]

    def sound(self, now: datetime, days: int) -> bool:
        """Whether all is good for so many days, and every node trusts every other."""
        return (
            self.certificate is not None
            and self.certificate.days_left(now) >= days
            and not (self.troubles or self.ending(now, days) or self.apart())
        )


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """What a rotation changed, or would change: the certificate `before` and after, and what clusters make of it.

    `certificate` is None when it was only asked what would happen. `cut` are the clusters that trusted the nodes that
    start, and no longer do.
    """

    uri: str
    before: Certificate | None
    certificate: Certificate | None
    new_authority: bool
    clusters: tuple[Cluster, ...]
    cut: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Read:
    status: Status
    zip: Stored | None
    authority: Stored | None
    kept: Kept | None  # what the authority's object holds, unless it is damaged


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """The certificates of the stack of these names; `key` is the zip's, in the artifacts bucket.

    What AWS refuses is raised as botocore raises it.
    """

    s3: Any
    emr: Any
    names: Names
    key: str

    @property
    def store(self) -> Store:
        """Where they are."""
        return Store(s3=self.s3, bucket=self.names.bucket("artifacts"), key=self.key)

    def look(self) -> Status:
        """What is there now."""
        return self._read().status

    def rotate(self, now: datetime, *, anew: bool = False, only_ask: bool = False) -> Rotation:
        """Put a new key and certificate where nodes find them; `anew`: of a new authority, which cuts trust.

        Raises UserError when the authority cannot vouch for it, or somebody else rotates at the same time.
        """
        read = self._read()
        kept = None if anew else self._usable(read, now)
        clusters = tuple(_seen_by(kept, cluster) for cluster in read.status.clusters)
        trusted = {cluster.id for cluster in read.status.clusters if cluster.trusts}
        rotation = Rotation(
            uri=read.status.uri,
            before=read.status.certificate,
            certificate=None,
            new_authority=kept is None,
            clusters=clusters,
            cut=tuple(cluster.id for cluster in clusters if cluster.id in trusted and not cluster.trusts),
        )
        if only_ask:
            return rotation
        authority = kept.authority if kept else new_authority(self.names.stack, self.names.region, now)
        body = new_zip(authority, self.names.region, now)
        former = read.kept.former if read.kept else ()
        keeps = Kept(authority=authority, former=former).after(read.status.certificate)
        if keeps != read.kept:
            self.store.put(self.store.authority_key, keeps.written(), read.authority)
        self.store.put(self.key, body, read.zip)
        return replace(rotation, certificate=recorded(read_zip(body), now))

    def _read(self) -> _Read:
        found, beside = self.store.read(self.key), self.store.read(self.store.authority_key)
        troubles, certificate, kept = [], None, None
        try:
            certificate = recorded(read_zip(found.body), found.modified) if found else None
        except DamagedError as error:
            troubles.append(f"{self.store.uri} is of no use to nodes: {error}")
        if found is None:
            troubles.append(f"{self.store.uri} is not there: no cluster would start")
        try:
            kept = read_kept(beside.body) if beside else None
        except DamagedError as error:
            troubles.append(
                f"s3://{self.store.bucket}/{self.store.authority_key} is damaged: {error}; nobody can rotate"
            )
        status = Status(
            uri=self.store.uri,
            certificate=certificate,
            authority_until=_until(kept.authority).isoformat() if kept else None,
            troubles=tuple(troubles),
            clusters=tuple(self._clusters(kept, certificate)),
        )
        return _Read(status=status, zip=found, authority=beside, kept=kept)

    def _usable(self, read: _Read, now: datetime) -> Kept | None:
        """The authority that vouches for the next certificate, None where there was never one."""
        remedy = (
            f"make a new one with 'emrctl certs rotate {self.names.stack} --new-authority', and replace the "
            "clusters that stand: their nodes do not trust it"
        )
        where = f"s3://{self.store.bucket}/{self.store.authority_key}"
        if read.kept is None:
            if read.authority is not None:
                raise UserError(f"the stack's authority in {where} is damaged; {remedy}")
            return None
        ends = _until(read.kept.authority)
        if ends < now + timedelta(days=VALID_DAYS):
            raise UserError(
                f"the stack's authority in {where} ends on {ends:%Y-%m-%d}, before a new certificate would; {remedy}"
            )
        return read.kept

    def _clusters(self, kept: Kept | None, current: Certificate | None) -> Iterator[Cluster]:
        known = [*(kept.former if kept else ()), *([current] if current else [])]
        for page in self.emr.get_paginator("list_clusters").paginate(ClusterStates=list(STANDING)):
            for listed in page["Clusters"]:
                if not listed["Name"].startswith(f"{self.names.prefix}-"):
                    continue  # names are of one stack, or of another that begins alike: its tag says which
                cluster = self.emr.describe_cluster(ClusterId=listed["Id"])["Cluster"]
                if {"Key": STACK_KEY, "Value": self.names.stack} in cluster.get("Tags", []):
                    created = listed["Status"]["Timeline"]["CreationDateTime"]
                    had = started_with(created, known)
                    yield Cluster(
                        id=listed["Id"],
                        name=listed["Name"],
                        created=created.isoformat(timespec="seconds"),
                        certificate=had,
                        trusts=had is not None and current is not None and had.trusts(current),
                    )


def _seen_by(kept: Kept | None, cluster: Cluster) -> Cluster:
    """The cluster, when nodes that start now have a certificate of this authority, None: of a new one."""
    had = cluster.certificate
    trusts = kept is not None and had is not None and had.authority == kept.authority.id
    return replace(cluster, trusts=trusts)


def _until(authority: Authority) -> datetime:
    return authority.certificate.not_valid_after_utc
