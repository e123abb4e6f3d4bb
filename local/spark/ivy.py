"""Downloads the jars of the lock with Ivy, which pyspark carries: Maven is not needed on a user's machine.

The lock lists every jar, so nothing is resolved: Ivy fetches exactly these files from the repository that it
knows by itself, or from that of the settings file which EMRCTL_IVY_SETTINGS names (a mirror, a proxy).
"""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Xml

from facts.errors import UserError
from local.spark.java import Java
from local.spark.lock import Jar

SETTINGS_VARIABLE = "EMRCTL_IVY_SETTINGS"
_MAVEN = "http://ant.apache.org/ivy/maven"
_SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers><ibiblio name="central" m2compatible="true" usepoms="false" checksums=""/></resolvers>
</ivysettings>
"""  # no checksums of the repository's: the lock's SHA-256 are stronger


def retrieve(
    jars: tuple[Jar, ...], target: Path, scratch: Path, java: Java, ivy: Path, done: Callable[[], None]
) -> None:
    """Download `jars` into `target`, calling `done` after each; what an earlier try got stays in `scratch`.

    Raises UserError with Ivy's own words when a file cannot be had.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    module, settings = scratch / "ivy.xml", scratch / "ivysettings.xml"
    module.write_text(_module(jars))
    settings.write_text(_SETTINGS)
    named = os.environ.get(SETTINGS_VARIABLE)
    command = [
        str(java.binary), "-XX:TieredStopAtLevel=1", "-Xmx256m", "-jar", str(ivy),
        "-settings", named or str(settings), "-cache", str(scratch / "cache"), "-ivy", str(module),
        "-retrieve", f"{target}/[artifact]-[revision](-[classifier]).[ext]",
    ]  # fmt: skip
    tail: deque[str] = deque(maxlen=200)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                tail.append(line.strip())
                if "[SUCCESSFUL ]" in line:
                    done()
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise UserError(_complaint(list(tail)))


def _complaint(lines: list[str]) -> str:
    if any("No space left on device" in line for line in lines):
        return "the disk is full; free space or name another cache folder with EMRCTL_CACHE"
    telling = [
        line for line in lines
        if any(word in line for word in ("Exception", "not found", "UNRESOLVED", "[FAILED", "timed out", "refused"))
    ]  # fmt: skip
    why = telling[0] if telling else (lines[-1] if lines else "no output")
    return (
        f"the jars of Spark and YARN cannot be downloaded: {why}; check the way to the Maven repository "
        f"(a mirror or proxy: name an Ivy settings file with {SETTINGS_VARIABLE}) and start again; "
        "what was downloaded is kept"
    )


def _module(jars: tuple[Jar, ...]) -> str:
    Xml.register_namespace("m", _MAVEN)
    root = Xml.Element("ivy-module", version="2.0")
    Xml.SubElement(root, "info", organisation="emr-platform", module="jars")
    Xml.SubElement(Xml.SubElement(root, "configurations"), "conf", name="default")
    listed = Xml.SubElement(root, "dependencies")
    for jar in jars:
        one = Xml.SubElement(
            listed, "dependency",
            org=jar.group, name=jar.artifact, rev=jar.version, transitive="false", conf="default->default",
        )  # fmt: skip
        artifact = Xml.SubElement(one, "artifact", name=jar.artifact, type="jar", ext="jar")
        if jar.classifier:
            artifact.set(f"{{{_MAVEN}}}classifier", jar.classifier)
    return Xml.tostring(root, encoding="unicode")
