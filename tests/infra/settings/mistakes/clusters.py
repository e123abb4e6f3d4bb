"""Clusters: releases, engines, types of nodes, fleets and their scaling."""

from __future__ import annotations

from tests.infra.settings.trees import Case, main

BAD: list[Case] = [
    (
        "release",
        lambda t: main(t).update(release="emr-9.9.9"),
        r"release: is \"emr-9\.9\.9\"; .* known are: emr-7\.13\.0",
    ),
    (
        "engine",
        lambda t: main(t).update(applications=["Trino"]),
        r"'Trino' is not in emr-spark-8\.0\.0, which has: ",
    ),
    (
        "type",
        lambda t: main(t)["core"]["types"][0].update(name="m5.tiny"),
        r"name: is \"m5\.tiny\"; .* known are: m5\.",
    ),
    (
        "type twice",
        lambda t: main(t)["core"]["types"].append({"name": "m5.xlarge"}),
        r"core\.types: 'm5\.xlarge' stands twice",
    ),
    (
        "no type",
        lambda t: main(t)["core"].update(types=[]),
        r"core\.types: is missing; list instance types, or give the fleet or its cluster a size",
    ),
    (
        "no target",
        lambda t: main(t)["task"].update(spot_units=0),
        r"task\.on_demand_units: is 0, as is spot_units",
    ),
    (
        "weight over target",
        lambda t: main(t)["task"]["types"][0].update(units=9),
        r"task\.types\[0\]\.units: is 9, more than",
    ),
    (
        "weight out of proportion",
        lambda t: main(t)["task"]["types"][4].update(name="m6i.2xlarge"),
        r"task\.types\[4\]\.units: is 1, but m6i\.2xlarge has 8 vCPUs where m5\.xlarge with 4 counts 1; .* 2 is$",
    ),
    (
        "two primaries",
        lambda t: main(t)["primary"].update(on_demand_units=2),
        r"primary\.on_demand_units: is 2, .*: 1 and 0",
    ),
    (
        "core on spot",
        lambda t: main(t)["core"].update(spot_units=1),
        r"core\.spot_units: is 1; .* on demand: 0",
    ),
    (
        "replication",
        lambda t: main(t).update(hdfs_replication=3),
        r"hdfs_replication: is 3, but .* as few as 1 nodes",
    ),
    (
        "strategy",
        lambda t: main(t)["core"].update(on_demand_allocation=None),
        r"task\.types: has 10 types; at most 5 .*\(core\)",
    ),
    (
        "scaling below",
        lambda t: main(t)["scaling"].update(maximum_on_demand_units=5),
        r"maximum_on_demand_units: is 5, above maximum_units \(4\)",
    ),
    (
        "core limit",
        lambda t: (
            main(t)["scaling"].update(maximum_core_units=1) or main(t)["core"].update(on_demand_units=2)
        ),
        r"scaling\.maximum_core_units: is 1, below the core",
    ),
    (
        "scaling floor",
        lambda t: main(t)["scaling"].update(minimum_units=4),
        r"minimum_units: is 4, above the core and task",
    ),
    (
        "no such engine",
        lambda t: main(t).update(engine="sparql"),
        r"engine: is \"sparql\"; allowed are: 'spark', 'spark_sql', 'flink'",
    ),
    (
        "engine of another release",
        lambda t: main(t).update(engine="flink"),
        r"engine: is 'flink', but emr-spark-8\.0\.0 has no Flink; releases that have it: emr-7\.13\.0$",
    ),
    (
        "nodes too small for all engines",
        lambda t: (
            main(t).update(release="emr-7.13.0", engine="multi")
            or main(t)["core"].update(types=[{"name": "c5.xlarge"}])
            or t["network"]["interface_endpoints"].append("glue")
        ),
        r"engine: 'multi' would have executors of 256 MB .*take larger types",
    ),
    (
        "catalog out of reach",
        lambda t: main(t).update(engine="spark_sql"),
        r"network\.interface_endpoints: 'glue' is missing, whose catalog the engine of cluster 'main'",
    ),
    (
        "spark key",
        lambda t: main(t).update(spark={"park.x": "1"}),
        r'spark\.park\.x: is "park\.x"; must be',
    ),
]
