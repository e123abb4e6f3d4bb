"""Clusters by purchase and size class, and their queues."""

from __future__ import annotations

from tests.infra.settings.trees import Case, main

BAD: list[Case] = [
    (
        "no such profile",
        lambda t: main(t).update(purchase="best"),
        r"purchase: is \"best\"; allowed are: 'sla', 'balanced' or 'cheap'",
    ),
    (
        "no such size",
        lambda t: main(t).update(size={"family": "general", "size": "large"}),
        r"size\.size: is \"large\"; allowed are: 'xlarge', '2xlarge'",
    ),
    (
        "a size class that is none",
        lambda t: main(t).update(size={"family": "gpu", "size": "xlarge", "architecture": "arm64"}),
        r"size\.family: there are no 'gpu' types of xlarge with arm64",
    ),
    (
        "units without a profile",
        lambda t: main(t).update(core={"types": [{"name": "m5.xlarge"}], "units": 4}),
        r"core\.units: needs a profile that splits it; set purchase to",
    ),
    (
        "units beside their parts",
        lambda t: main(t).update(purchase="sla") or main(t)["task"].update(units=4),
        r"task\.units: stands beside on_demand_units or spot_units",
    ),
    (
        "types beside a size",
        lambda t: main(t)["task"].update(size={"family": "general", "size": "xlarge"}),
        r"task\.types: stands beside size",
    ),
    (
        "less than a node",
        lambda t: main(t).update(
            purchase="sla", size={"family": "general", "size": "xlarge"}, core={"units": 3}
        ),
        r"core\.units: is 3, less than one node, which counts 4",
    ),
    (
        "shares",
        lambda t: main(t).update(queues={"default": 50, "ads": 40}),
        r"queues: the shares add up to 90; they must add up to 100",
    ),
    (
        "more than the engine",
        lambda t: main(t).update(engine="spark", applications=["Livy", "Trino"]),
        r"applications\[1\]: 'Trino' is not in emr-spark-8\.0\.0",
    ),
    (
        "unknown key of a fleet's size",
        lambda t: (
            main(t).update(purchase="sla")
            or main(t).update(core={"units": 4, "size": {"family": "general", "size": "xlarge", "colour": 1}})
        ),
        r"core\.size\.colour: is no setting; allowed here are: architecture, family, size",
    ),
    (
        "half a size of a fleet",
        lambda t: (
            main(t).update(size={"family": "general", "size": "xlarge"})
            or main(t)["core"].update(types=[], size={"family": "general"})
        ),
        r"core\.size\.size: is missing",
    ),
    (
        "share of nothing",
        lambda t: main(t).update(queues={"default": 100, "ads": 0}),
        r"queues\.ads: is 0; must be at least 1",
    ),
    (
        "no default queue",
        lambda t: main(t).update(queues={"ads": 100}),
        r"queues: 'default' is missing",
    ),
    (
        "reset of what",
        lambda t: main(t)["scaling"].update(reset_targets=True),
        r"reset_targets: is true; allowed are: 'none', 'task' or 'all'",
    ),
]
