"""The jar sets: whole and verified, or not there."""

from __future__ import annotations

import errno
import hashlib
import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from facts.errors import UserError
from local.spark import ivy, jars, lock
from local.spark.java import Java
from local.spark.lock import Jar

Done = Callable[[], None]


def jar(name: str, body: bytes, *, classifier: str | None = None) -> Jar:
    return Jar(
        group="org.example", artifact=name, version="1.0", classifier=classifier, file=f"{name}-1.0.jar",
        sha256=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _small_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two sets of a jar or two, in a cache of the test's own."""
    monkeypatch.setenv("EMRCTL_CACHE", str(tmp_path / "cache"))
    rows = {"s3a": (jar("one", b"1"),), "yarn": (jar("two", b"2"), jar("three", b"3"))}
    monkeypatch.setattr(lock, "read", lambda name: rows[name])


SETS = ("s3a", "yarn")
BODIES = {"one": b"1", "two": b"2", "three": b"3"}


def fetch(wanted: tuple[Jar, ...], target: Path, scratch: Path, done: Done) -> None:
    """What Ivy does, without a network."""
    for one in wanted:
        (target / one.file).write_bytes(BODIES[one.artifact])
        done()


def never(wanted: tuple[Jar, ...], target: Path, scratch: Path, done: Done) -> None:
    raise AssertionError("nothing is to be downloaded")


def nothing_there() -> bool:
    return not any(jars.folder(name).exists() for name in SETS)


def test_every_set_is_fetched_once() -> None:
    said: list[str] = []
    folders = jars.ensure_with(SETS, fetch, said.append)
    assert {p.name for p in folders["yarn"].iterdir()} == {"two-1.0.jar", "three-1.0.jar"}
    assert folders["s3a"].name == f"s3a-{lock.digest(lock.read('s3a'))}"
    assert said[0].startswith("downloading 3 jars")
    assert said[-1] == "downloading jars: 3 of 3"
    assert jars.ensure_with(SETS, never, said.append) == folders


def test_what_no_lock_lists_is_not_kept() -> None:
    def more(wanted: tuple[Jar, ...], target: Path, scratch: Path, done: Done) -> None:
        fetch(wanted, target, scratch, done)
        (target / "stray-9.jar").write_bytes(b"")

    folders = jars.ensure_with(SETS, more, lambda _: None)
    assert not (folders["s3a"] / "stray-9.jar").exists()


def test_another_file_than_the_lock_says_is_refused_and_forgotten() -> None:
    def forged(wanted: tuple[Jar, ...], target: Path, scratch: Path, done: Done) -> None:
        scratch.mkdir(parents=True)
        for one in wanted:
            (target / one.file).write_bytes(b"forged")
            (scratch / one.file).write_bytes(b"forged")

    with pytest.raises(
        UserError, match=r"org\.example:\w+:1\.0 has SHA-256 \w{64}, where jars\.lock says \w{64}"
    ):
        jars.ensure_with(SETS, forged, lambda _: None)
    assert nothing_there()
    assert not list((jars.folder("s3a").parent).glob("**/*.jar")), "the next try would find it again"
    jars.ensure_with(SETS, fetch, lambda _: None)


def test_a_download_that_stops_half_way_is_finished_by_the_next() -> None:
    def broken(wanted: tuple[Jar, ...], target: Path, scratch: Path, done: Done) -> None:
        (target / wanted[0].file).write_bytes(b"half")
        raise UserError("the jars cannot be downloaded: refused")

    with pytest.raises(UserError, match="refused"):
        jars.ensure_with(SETS, broken, lambda _: None)
    assert nothing_there()
    folders = jars.ensure_with(SETS, fetch, lambda _: None)
    assert (folders["s3a"] / "one-1.0.jar").read_bytes() == b"1"


def test_a_jar_that_did_not_come_is_named() -> None:
    with pytest.raises(UserError, match=r"org\.example:\w+:1\.0 was not downloaded"):
        jars.ensure_with(SETS, lambda *_: None, lambda _: None)
    assert nothing_there()


def test_a_full_disk_says_where_and_what_to_do(tmp_path: Path) -> None:
    def full(wanted: tuple[Jar, ...], target: Path, scratch: Path, done: Done) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match="No space left on device; free space or name another") as error:
        jars.ensure_with(SETS, full, lambda _: None)
    assert str(tmp_path / "cache") in str(error.value)


def test_two_at_once_download_once() -> None:
    counted: list[str] = []

    def counting(wanted: tuple[Jar, ...], target: Path, scratch: Path, done: Done) -> None:
        counted.extend(one.artifact for one in wanted)
        fetch(wanted, target, scratch, done)

    threads = [
        threading.Thread(target=jars.ensure_with, args=(SETS, counting, lambda _: None)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(counted) == ["one", "three", "two"]


@pytest.fixture
def ivy_says(tmp_path: Path) -> Callable[[str, int], Java]:
    """A Java that prints what it is told instead of running Ivy, and keeps the words it was started with."""

    def make(says: str, exit_code: int) -> Java:
        binary = tmp_path / "jvm" / "bin" / "java"
        binary.parent.mkdir(parents=True)
        binary.write_text(
            f"#!/bin/sh\necho \"$@\" > {tmp_path}/words\ncat <<'END'\n{says}\nEND\nexit {exit_code}\n"
        )
        binary.chmod(0o755)
        return Java(home=tmp_path / "jvm", version=17)

    return make


def retrieve(java: Java, tmp_path: Path, done: Done = lambda: None) -> None:
    wanted = (jar("one", b"1"), jar("two", b"2", classifier="tests"))
    ivy.retrieve(wanted, tmp_path / "target", tmp_path / "scratch", java, tmp_path / "ivy.jar", done)


def test_ivy_is_asked_for_exactly_the_locked_files(
    tmp_path: Path, ivy_says: Callable[[str, int], Java], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ivy.SETTINGS_VARIABLE, "/a/mirror.xml")
    count: list[int] = []
    retrieve(ivy_says("\t[SUCCESSFUL ] one.jar (3ms)\nother\n\t[SUCCESSFUL ] two.jar (3ms)", 0), tmp_path,
             lambda: count.append(1))  # fmt: skip
    assert len(count) == 2
    assert "-settings /a/mirror.xml" in (tmp_path / "words").read_text()
    asked = Xml.parse(tmp_path / "scratch" / "ivy.xml").findall("dependencies/dependency")
    assert [(d.get("org"), d.get("name"), d.get("rev"), d.get("transitive")) for d in asked] == [
        ("org.example", "one", "1.0", "false"),
        ("org.example", "two", "1.0", "false"),
    ]
    classified = asked[1].find("artifact")
    assert classified is not None
    assert [v for k, v in classified.items() if k.endswith("classifier")] == ["tests"]


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("java.io.IOException: No space left on device", "the disk is full"),
        ("x\n\t[FAILED     ] org.example#one: Connection refused\ny", "Connection refused; check the way to"),
        ("", "cannot be downloaded"),
    ],
)
def test_ivy_s_failure_is_one_line_with_the_way_out(
    tmp_path: Path, ivy_says: Callable[[str, int], Java], says: str, expected: str
) -> None:
    with pytest.raises(UserError, match=re.escape(expected)) as error:
        retrieve(ivy_says(says, 1), tmp_path)
    assert "\n" not in str(error.value)


class TestTheCommittedLock:
    """The lock as it is committed; what it lists is what the poms name, and clean."""

    @pytest.fixture(autouse=True)
    def _real(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()

    def test_lists_every_set_with_digests(self) -> None:
        for name in lock.SETS:
            rows = lock.read(name)
            assert len(rows) > (30 if name in SETS else 3)
            assert len({row.file for row in rows}) == len(rows)
            assert all(re.fullmatch(r"[0-9a-f]{64}", row.sha256) for row in rows)
            assert all(row.file.startswith(f"{row.artifact}-{row.version}") for row in rows)

    def test_holds_what_the_poms_ask_for(self) -> None:
        namespace = {"m": "http://maven.apache.org/POM/4.0.0"}
        for name in lock.SETS:
            pom = Xml.parse(lock.FOLDER / "poms" / f"{name}.xml")
            asked = {
                (d.findtext("m:groupId", "", namespace), d.findtext("m:artifactId", "", namespace))
                for d in pom.findall("m:dependencies/m:dependency", namespace)
            }
            assert asked
            assert asked <= {(row.group, row.artifact) for row in lock.read(name)}

    def test_brings_nothing_that_spark_ships_in_another_version(self) -> None:
        """Two versions of netty or of the HTTP client on Spark's class path are one too many."""
        unwanted = {"slf4j-api", "commons-logging", "httpclient", "httpcore", "commons-codec"}
        rows = lock.read("s3a")
        assert not unwanted & {row.artifact for row in rows}
        assert not [row for row in rows if row.group == "io.netty"]

    def test_names_no_host(self) -> None:
        for path in [lock.FILE, *(lock.FOLDER / "poms").iterdir()]:
            hosts = set(re.findall(r"https?://([^/\s\"]+)", path.read_text()))
            assert hosts <= {"maven.apache.org"}, path  # the name space of poms


def test_maven_s_listing_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from local.spark import relock

    one, two = tmp_path / "one-1.0.jar", tmp_path / "two-2.0-linux.jar"
    one.write_bytes(b"1")
    two.write_bytes(b"2")

    def mvn(words: list[str], *, check: bool) -> None:
        listing = next(w for w in words if w.startswith("-DoutputFile=")).partition("=")[2]
        Path(listing).write_text(
            "\nThe following files have been resolved:\n"
            f"   org.example:two:jar:linux:2.0:runtime:{two} -- module two\n"
            f"   org.example:one:jar:1.0:compile:{one}\n"
        )

    monkeypatch.setattr(subprocess, "run", mvn)
    found = relock._resolve("s3a", tmp_path)
    assert [j.coordinates for j in found] == ["org.example:one:1.0", "org.example:two:2.0:linux"]
    assert found[0].sha256 == hashlib.sha256(b"1").hexdigest()
