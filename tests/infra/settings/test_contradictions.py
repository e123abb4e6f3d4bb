"""Settings that contradict each other or EMR: each check is provoked, and names key, value, rule and a way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from facts import tables
from tests.infra.recording import stack_config
from tests.infra.settings.contradictions import messages
from tests.infra.settings.mistakes.every import BAD
from tests.infra.settings.trees import Tree, good, main, mistakes

TYPE = [{"name": "m5.xlarge"}]
OUT = {"metric": "YARNMemoryAvailablePercentage", "threshold": 15, "cooldown_seconds": 300}
IN = {"available_percent": 75, "cooldown_seconds": 600}
RULES: Tree = {"minimum_nodes": 2, "maximum_nodes": 10, "scale_out": [OUT], "scale_in": IN}
CEILING = {"vcpus": 16, "memory_gb": 64, "disk_gb": 200}
DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"111111111111.dkr.ecr.us-east-1.amazonaws.com/team/spark@{DIGEST}"
REALM = {"realm": "EC2.INTERNAL"}
ECR = ["ecr.api", "ecr.dkr"]


def groups(tree: Tree, **changes: Any) -> Tree:
    """The cluster as instance groups."""
    cluster = main(tree, nodes="groups", core={"on_demand_units": 2, "types": TYPE})
    cluster["primary"] = {"on_demand_units": 1, "types": TYPE}
    cluster.pop("scaling")
    cluster["task"] = {"spot_units": 2, "types": TYPE}
    cluster.update(changes)
    return cluster


def serverless(tree: Tree, **changes: Any) -> Tree:
    tree["network"]["interface_endpoints"] = [*tree["network"]["interface_endpoints"], "logs"]
    tree["applications"] = applications = {"adhoc": {"ceiling": CEILING, **changes}}
    return applications


def in_image(tree: Tree, image: str = IMAGE, **changes: Any) -> Tree:
    """Spark in an image, where EMR can run it and the nodes reach it."""
    tree["network"]["interface_endpoints"] = [*tree["network"]["interface_endpoints"], *ECR]
    return main(tree, **{"release": "emr-7.13.0", "image": image, **changes})


def ephemeral(tree: Tree, **changes: Any) -> Tree:
    return main(tree, ephemeral=True, **changes)


# One change to dev's good tree, and the whole line that it is answered with, after the key of its cluster.
CASES: list[tuple[str, Callable[[Tree], Any], str]] = [
    (
        "engine of Serverless",
        lambda t: serverless(t, engine="Hive"),
        "applications.adhoc.engine: is 'Hive', which emr-spark-8.0.0 has not; releases that have it: emr-7.13.0",
    ),
    (
        "memory of a worker",
        lambda t: serverless(t, ready={"driver": {"count": 1, "vcpus": 4, "memory_gb": 31}}),
        "applications.adhoc.ready.driver.memory_gb: is 31; a worker of 4 vCPUs has 8 to 30, in steps of 1",
    ),
    (
        "more ready than the ceiling",
        lambda t: serverless(t, ready={"executor": {"count": 3, "vcpus": 8, "memory_gb": 16}}),
        "applications.adhoc.ceiling.vcpus: is 16, less than the ready workers have together (24); raise it or "
        "have fewer ready",
    ),
    (
        "logs out of reach",
        lambda t: t.update(applications={"adhoc": {"ceiling": CEILING}}),
        "network.interface_endpoints: 'logs' is missing, where the workers of application 'adhoc' write, while "
        "nat is 'none'; add it",
    ),
    (
        "one name for two",
        lambda t: t.update(applications={"main": serverless(t)["adhoc"]}),
        "applications.main: has the name of a cluster; take another, or logs and alarms mix them up",
    ),
    (
        "an image that is none of ECR's",
        lambda t: in_image(t, f"docker.io/spark@{DIGEST}"),
        f'clusters.main.image: is "docker.io/spark@{DIGEST[:60]}...; must be an image in ECR by its digest: '
        "ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:…",
    ),
    (
        "an image by its tag",
        lambda t: in_image(t, "111111111111.dkr.ecr.us-east-1.amazonaws.com/spark:1.0"),
        'clusters.main.image: is "111111111111.dkr.ecr.us-east-1.amazonaws.com/spark:1.0"; must name the image by its '
        "digest (…@sha256:…), not by a tag: a tag can be moved to another image",
    ),
    (
        "an image on a release that runs none",
        lambda t: in_image(t, release="emr-spark-8.0.0"),
        "clusters.main.image: is set, but EMR is not known to run containers on YARN in emr-spark-8.0.0; "
        "releases that do: emr-7.13.0; or remove it and bake the nodes' image (bootstrap.image_id)",
    ),
    (
        "an image for no Spark",
        lambda t: in_image(t, applications=["Hadoop"]),
        "clusters.main.image: is set, but Spark is not among the applications, and nothing else runs in it; remove it",
    ),
    (
        "an image under Kerberos",
        lambda t: in_image(t, kerberos=REALM),
        "clusters.main.image: is set beside kerberos, whose configuration and tickets are the nodes' and not "
        "the container's; remove one of the two",
    ),
    (
        "an image elsewhere",
        lambda t: in_image(t, IMAGE.replace("us-east-1", "eu-west-1")),
        "clusters.main.image: is in eu-west-1, but YARN logs in to ECR only in the cluster's own region, "
        "us-east-1; copy the image there",
    ),
    (
        "an image out of reach",
        lambda t: (in_image(t), t["network"]["interface_endpoints"].remove("ecr.dkr")),
        "network.interface_endpoints: 'ecr.dkr' is missing, by which the nodes of cluster 'main' pull their "
        "image, while nat is 'none'; add it",
    ),
    (
        "Kerberos of a cluster that a job starts",
        lambda t: ephemeral(t, kerberos=REALM),
        "clusters.main.kerberos: is set, but an ephemeral cluster is started from the stack's outputs, which "
        "would hold its KDC's password; remove it, or set ephemeral to false",
    ),
    (
        "Kerberos beside what does not know it",
        lambda t: main(t, release="emr-7.13.0", applications=["Spark", "Flink"], kerberos=REALM),
        "clusters.main.kerberos: is set beside 'Flink', which EMR does not put under Kerberos; remove one of the two",
    ),
    (
        "both rules at once",
        lambda t: groups(t, autoscale={"task": {**RULES, "scale_out": [{**OUT, "threshold": 75}]}}),
        "clusters.main.autoscale.task.scale_out[0].threshold: is 75, and scale_in.available_percent 75: "
        "between them both rules hold at once; put the first below the second",
    ),
    (
        "out and in again",
        lambda t: groups(
            t,
            autoscale={"task": {**RULES, "minimum_nodes": 1, "scale_out": [{**OUT, "nodes": 5}]}},
        ),
        "clusters.main.autoscale.task.scale_out[0].threshold: is 15; 5 more than 1 nodes leave 86 %, above "
        "scale_in.available_percent (75), which takes them away again; widen the gap or add fewer",
    ),
    (
        "in and out again",
        lambda t: groups(
            t, autoscale={"task": {**RULES, "scale_in": {**IN, "available_percent": 60, "nodes": 4}}}
        ),
        "clusters.main.autoscale.task.scale_out[0].threshold: is 15; 3 fewer than 5 nodes bring the memory "
        "left from 60 to 0 %, which adds them again; widen the gap or take fewer away",
    ),
    (
        "more than the most",
        lambda t: groups(t, autoscale={"task": {**RULES, "minimum_nodes": 11}}),
        "clusters.main.autoscale.task.minimum_nodes: is 11, above maximum_nodes (10); it can be at most that",
    ),
    (
        "neither scripts nor image",
        lambda t: main(t, bootstrap={}),
        "clusters.main.bootstrap.actions: are missing, as is image_id; choose one, scripts at every start "
        "(actions) or an image that has it all (image_id)",
    ),
    (
        "a start without end",
        lambda t: main(
            t,
            bootstrap={"actions": [{"name": "a", "script": "bootstrap/a.sh", "expected_seconds": 3600}]},
        ),
        "clusters.main.bootstrap.actions: add 3600 s to the start of every node; at most 600, so bake an image "
        "and name it in image_id",
    ),
    (
        "two architectures",
        lambda t: main(t, core={"on_demand_units": 1, "types": [{"name": "m7g.xlarge"}]}),
        "clusters.main.core.types: architectures are mixed (primary: x86_64, core: arm64, task: x86_64); take "
        "one for the whole cluster",
    ),
    (
        "rules for fleets",
        lambda t: main(t, autoscale={"task": RULES}),
        "clusters.main.autoscale: has rules for task, but nodes is 'fleets', and only instance groups scale "
        "so; set nodes to 'groups', or use scaling",
    ),
    (
        "scaled twice",
        lambda t: groups(
            t, autoscale={"task": RULES}, scaling=dict(stack_config("dev")["emr:clusters"]["main"]["scaling"])
        ),
        "clusters.main.autoscale: stands beside scaling; a cluster scales by rules of its own or by EMR's, so "
        "remove one",
    ),
    (
        "a group of many types",
        lambda t: groups(t, core={"on_demand_units": 2, "types": [*TYPE, {"name": "m6i.xlarge"}]}),
        "clusters.main.core.types: has 2 types, the first of 1 units, but an instance group has one type, of "
        "one unit; name one, or set nodes to 'fleets'",
    ),
    (
        "a group on both markets",
        lambda t: groups(t, task={"on_demand_units": 1, "spot_units": 1, "types": TYPE}),
        "clusters.main.task.spot_units: is 1 beside on_demand_units (1), but an instance group is on demand or "
        "on spot; set one of the two to 0",
    ),
    (
        "rules for nothing",
        lambda t: groups(t, autoscale={"task": RULES}).pop("task"),
        "clusters.main.autoscale.task: there is no task group to scale; remove it",
    ),
    (
        "a beginning outside its bounds",
        lambda t: groups(t, autoscale={"task": {**RULES, "minimum_nodes": 3}}),
        "clusters.main.autoscale.task.minimum_nodes: is 3, and maximum_nodes is 10, but the group begins with "
        "2 nodes; they must include that",
    ),
    (
        "fewer nodes than copies",
        lambda t: groups(
            t,
            hdfs_replication=2,
            autoscale={"core": {**RULES, "minimum_nodes": 1}},
        ),
        "clusters.main.autoscale.core.minimum_nodes: is 1, below hdfs_replication (2): a block would lack a "
        "node for a copy; raise it to that",
    ),
    (
        "groups that a job starts",
        lambda t: groups(t, ephemeral=True),
        "clusters.main.nodes: is 'groups', but an ephemeral cluster is launched as fleets; set it to 'fleets'",
    ),
    (
        "protected from its own end",
        lambda t: ephemeral(t, termination_protection=True),
        "clusters.main.termination_protection: is true, but an ephemeral cluster ends with its last step; set "
        "it to false",
    ),
    (
        "a reset of what does not stand",
        lambda t: ephemeral(t)["scaling"].update(reset_targets="task"),
        "clusters.main.scaling.reset_targets: is 'task', which is for a cluster that stands, and this one is "
        "ephemeral; remove it",
    ),
    (
        "no room",
        lambda t: (
            t["network"].update(cidr="10.0.0.0/24")
            or main(t)["scaling"].update(maximum_units=100)
            or t.pop("cost")
        ),
        "network.cidr: '10.0.0.0/24' leaves 59 addresses a zone, but 101 nodes and 3 endpoints may need 104; "
        "take a larger block",
    ),
    (
        "units of the primary",
        lambda t: main(t, purchase="sla", primary={"units": 2, "types": TYPE}),
        "clusters.main.primary.units: is no setting of the primary, which is one node; remove it",
    ),
]


def without_prices(tree: Tree) -> None:
    groups(tree)
    tree.pop("cost")
    tree["aws"]["region"] = "sa-east-1"
    tree["network"]["zones"] = ["sa-east-1a", "sa-east-1b"]


# Told of more than one key, or with a list that grows: tests elsewhere say how.
OF_MANY_LINES: list[Callable[[Tree], Any]] = [
    lambda t: t["storage"].update(zones={name: {"adopt": "acme-data"} for name in ("landing", "curated")}),
    without_prices,
]


def told(change: Callable[[Tree], Any]) -> list[str]:
    """What dev's file, so changed, is refused for."""
    tree = good()
    change(tree)
    return [line.removeprefix("emr:") for line in mistakes(tree)]


@pytest.mark.parametrize(("change", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_contradiction_is_one_line_with_key_value_rule_and_a_way_out(
    change: Callable[[Tree], Any], said: str
) -> None:
    assert told(change) == [said]


def test_a_type_that_the_release_does_not_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told_of_an_old_release(monkeypatch) == [
        "clusters.main.core.types[0].name: is 'm8gd.xlarge', which emr-7.0.0 does not run, only from emr-7.1.0 "
        "on; take a type of: m6g, m6gd, m7g, m7gd, m8g"
    ]


def told_of_an_old_release(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a Graviton cluster is refused for on a release that came before its family."""
    known = tables.load("releases")
    old = {**known, "releases": {**known["releases"], "emr-7.0.0": known["releases"]["emr-7.13.0"]}}
    real = tables.load
    monkeypatch.setattr(tables, "load", lambda name: old if name == "releases" else real(name))
    arm = {"on_demand_units": 1, "types": [{"name": "m7g.xlarge"}]}
    new = {"on_demand_units": 1, "types": [{"name": "m8gd.xlarge"}]}

    def change(tree: Tree) -> None:
        main(tree, release="emr-7.0.0", primary=arm, core=new)
        main(tree)["task"] = {"spot_units": 1, "types": arm["types"]}

    return told(change)


def test_every_check_is_provoked_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for case in (*CASES, *BAD) for line in told(case[1])]
    lines += [line for change in OF_MANY_LINES for line in told(change)]
    lines += told_of_an_old_release(monkeypatch)
    said = messages()
    assert len(said) > 75
    assert [where for where, pattern in said.items() if not any(map(pattern.search, lines))] == []
    ours = [line for line in lines if any(pattern.search(line) for pattern in said.values())]
    assert [line for line in ours if not re.search(r"; | must |which has: ", line)] == []
