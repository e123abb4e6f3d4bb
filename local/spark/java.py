"""The Java that runs Spark and Hadoop: found on the machine, never installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facts.errors import UserError

# Spark 4.0 runs on Java 17 and 21 (its own documentation); Hadoop 3.4.1 fails from 24 on, where
# Subject.getSubject is gone.
OLDEST, NEWEST = 17, 21
PROBE_SECONDS = 30
_WAY_OUT = (
    f"install a JDK or JRE of version {OLDEST} to {NEWEST} (Debian: apt-get install openjdk-17-jre-headless) "
    "or point JAVA_HOME at one"
)


@dataclass(frozen=True, kw_only=True)
class Java:
    """A Java that can run Spark; `version` is its feature release, 17 of 17.0.15."""

    home: Path
    version: int

    @property
    def binary(self) -> Path:
        """The `java` command."""
        return self.home / "bin" / "java"


def find(environment: Mapping[str, str] | None = None) -> Java:
    """The Java of JAVA_HOME, or else that on PATH.

    Raises UserError when there is none, or when it is of a version that Spark does not run on.
    """
    env = os.environ if environment is None else environment
    named = env.get("JAVA_HOME")
    if named:
        binary = Path(named) / "bin" / "java"
        if not os.access(binary, os.X_OK):
            raise UserError(f"JAVA_HOME is {named}, where there is no bin/java; {_WAY_OUT}")
        where = f"the Java of JAVA_HOME ({named})"
    else:
        on_path = shutil.which("java", path=env.get("PATH", os.defpath))
        if on_path is None:
            raise UserError(f"no Java: JAVA_HOME is not set and no java is on PATH; {_WAY_OUT}")
        binary, where = Path(on_path), f"the java on PATH ({on_path})"
    return _checked(binary, where)


def _checked(binary: Path, where: str) -> Java:
    properties = _properties(binary, where)
    version = int(properties["java.specification.version"].split(".")[-1])  # "1.8" was the old style
    if not OLDEST <= version <= NEWEST:
        raise UserError(f"{where} is version {version}; Spark 4.0 runs on {OLDEST} to {NEWEST}; {_WAY_OUT}")
    return Java(home=Path(properties["java.home"]), version=version)


def _properties(binary: Path, where: str) -> dict[str, str]:
    try:
        told = subprocess.run(
            [str(binary), "-XshowSettings:properties", "-version"],
            capture_output=True, text=True, timeout=PROBE_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{where} does not run: {error}; {_WAY_OUT}") from None
    found = dict(re.findall(r"^\s*(java\.home|java\.specification\.version) = (.+?)\s*$", told.stderr, re.M))
    if told.returncode != 0 or len(found) != 2:
        said = (told.stderr or told.stdout).strip().splitlines()
        raise UserError(f"{where} does not run ({said[-1] if said else 'no output'}); {_WAY_OUT}")
    return found
