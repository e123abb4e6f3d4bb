"""EMR's configuration classifications, applied to the real thing: one table says which and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.spark.sizing import scaled_mb
from local.spark.toolchain import TABLES, Table

Scale = Callable[[str], str]
# Classes that only EMR's nodes have: what stands in for each.
ONLY_EMR: Mapping[str, str] = {
    "com.amazonaws.glue.catalog.metastore.": "EMR's client of the Glue metastore was never published; "
    "tables go through Iceberg's Glue catalog (spark.sql.catalog.NAME.type=glue)",
    "com.amazon.ws.emr.hadoop.fs.": "EMRFS was never published; S3A stands in",
    "com.amazon.emr.committer.": "EMR's committer was never published; Spark's own and S3A's magic one are there",
}
# A container of YARN's is a process of this machine, whatever image it is asked to run in.
NO_IMAGES = (
    "containers are processes here: Spark runs with this machine's own Java and Python, not in the image"
)
RUNTIME = re.compile(r"spark\.(executorEnv|yarn\.appMasterEnv)\.YARN_CONTAINER_RUNTIME_\w+$")
# Classes that mean nothing here, and why.
WITHOUT: Mapping[str, str] = {"container-executor": NO_IMAGES}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What becomes of one classification."""

    owned: re.Pattern[str] | None = None  # keys that belong to this machine: kept as they are here
    scaled: tuple[str, ...] = ()  # memory sizes in MiB, written for a real node
    exports: bool = False  # its properties stand in a nested "export"
    only: tuple[str, ...] = ()  # the keys that mean something here; empty for all


MAXIMIZE = "maximizeResourceAllocation"
# The cluster's addresses, folders, S3 and class path are those of this machine, whatever EMR would have.
RULES: Mapping[str, Rule] = {
    "spark-defaults": Rule(
        owned=re.compile(
            r"spark\.(master|shuffle\.service\..*|yarn\.(jars|archive|stagingDir)|(driver|executor)\.(extraClassPath|extraLibraryPath)"
            r"|hadoop\.fs\.s3a?\.(impl|endpoint.*|aws\.credentials\.provider)|yarn\.historyServer\..*)$"
        )
    ),
    "yarn-site": Rule(
        owned=re.compile(
            r".*(address|hostname|bind-host)$|yarn\.nodemanager\.(local-dirs|log-dirs|aux-services.*|remote-app-log.*)$"
            r"|yarn\.log\.server\.url$|yarn\.log-aggregation.*|yarn\.nodemanager\.(container-executor|linux-container).*"
        ),
        scaled=("yarn.nodemanager.resource.memory-mb", "yarn.scheduler.maximum-allocation-mb"),
    ),
    "core-site": Rule(
        owned=re.compile(
            r"fs\.defaultFS$|hadoop\.tmp\.dir$|fs\.(AbstractFileSystem\.)?s3[an]?\.(impl|endpoint.*)$"
            r"|fs\.s3[an]?\.(aws\.credentials\.provider|access\.key|secret\.key|session\.token|customAWSCredentialsProvider"
            r"|path\.style\.access|connection\.ssl\.enabled|buffer\.dir)$"
        )
    ),
    "capacity-scheduler": Rule(),
    "spark": Rule(only=(MAXIMIZE,)),
    "iceberg-defaults": Rule(only=("iceberg.enabled",)),
    "delta-defaults": Rule(only=("delta.enabled",)),
    "spark-env": Rule(
        exports=True, owned=re.compile(r"(JAVA_HOME|SPARK_HOME|HADOOP_CONF_DIR|YARN_CONF_DIR)$")
    ),
}


@dataclass
class Applied:
    """What a cluster's configurations come to here: properties by classification, and what is left out and why."""

    properties: dict[str, dict[str, str]] = field(default_factory=lambda: {name: {} for name in RULES})
    not_applied: list[str] = field(default_factory=list)

    @property
    def tables(self) -> frozenset[Table]:
        """The kinds of tables whose jars are on the class path."""
        return frozenset(
            kind for kind in TABLES if is_true(self.properties[f"{kind}-defaults"].get(f"{kind}.enabled"))
        )

    @property
    def maximize(self) -> bool:
        """Whether an executor is to be as large as a node allows."""
        return is_true(self.properties["spark"].get(MAXIMIZE))


def apply(configurations: Sequence[Mapping[str, Any]]) -> Applied:
    """Sort EMR's `Configurations` into what is applied and what is not. A later entry wins, as on EMR."""
    applied = Applied()
    for entry in configurations:
        name = str(entry.get("Classification", ""))
        rule = RULES.get(name)
        if rule is None:
            applied.not_applied.append(f"{name}: {WITHOUT.get(name, 'has no counterpart on this machine')}")
            continue
        for key, value in _properties(entry, rule).items():
            why = _refusal(rule, key, value)
            if why is not None:
                applied.not_applied.append(f"{name}: {key} {why}")
            else:
                applied.properties[name][key] = _scaled(value) if key in rule.scaled else value
    return applied


def _refusal(rule: Rule, key: str, value: str) -> str | None:
    if rule.owned and rule.owned.match(key):
        return "is this machine's own"
    if rule.only and key not in rule.only:
        return "has no counterpart on this machine"
    if RUNTIME.match(key):
        return f"is left out: {NO_IMAGES}"
    instead = next((instead for prefix, instead in ONLY_EMR.items() if prefix in value), None)
    return None if instead is None else f"is left out: {instead}"


def is_true(value: str | None) -> bool:
    """Whether a property is switched on, as Hadoop reads it."""
    return (value or "").strip().lower() == "true"


def _properties(entry: Mapping[str, Any], rule: Rule) -> dict[str, str]:
    if not rule.exports:
        return {str(k): str(v) for k, v in (entry.get("Properties") or {}).items()}
    nested = [e for e in entry.get("Configurations") or () if e.get("Classification") == "export"]
    return {str(k): str(v) for e in nested for k, v in (e.get("Properties") or {}).items()}


def _scaled(value: str) -> str:
    return str(scaled_mb(int(value))) if value.isdigit() else value
