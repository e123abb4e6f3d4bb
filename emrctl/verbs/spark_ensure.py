"""`emrctl spark ensure`: Java, Spark and the jars of a local cluster."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from emrctl.options import Json
from facts.releases import DEFAULT_LABEL


def command(
    release: Annotated[str, typer.Option(help="The EMR release whose Spark it is to be.")] = DEFAULT_LABEL,
    as_json: Json = False,
) -> None:
    """Find Java and Spark, download what a release needs (once, 160 MB), make the class-data archives."""
    from emrctl.progress import Line
    from local.spark.lanes import lane
    from local.spark.training import ensure

    with Line() as line:
        tools = ensure(line.say, lane=lane(release))
    if as_json:
        print(
            json.dumps(
                {
                    "release": release,
                    "java": {"home": str(tools.java.home), "version": tools.java.version},
                    "spark": {"home": str(tools.spark), "version": tools.spark_version},
                    "python": str(tools.python),
                    "jars": {"s3a": str(tools.s3a), "yarn": str(tools.yarn), "beside": str(tools.beside)},
                    "archives": str(tools.archives) if tools.archives else None,
                }
            )
        )
    else:
        print(f"Java {tools.java.version}: {tools.java.home}")
        print(f"Spark {tools.spark_version} for {release}: {tools.spark}")
        print(f"jars: {tools.s3a}, {tools.yarn}, {tools.beside}")
        print(f"class-data archives: {tools.archives or 'none'}")
