"""`emrctl spark ensure`: Java, Spark and the jars of a local cluster."""

from __future__ import annotations

import json

from emrctl.options import Json


def command(
    as_json: Json = False,
) -> None:
    """Find Java and Spark, download the jars of S3 and YARN (once, 100 MB), make the class-data archives."""
    from emrctl.progress import Line
    from local.spark.toolchain import ensure

    with Line() as line:
        tools = ensure(line.say)
    if as_json:
        print(
            json.dumps(
                {
                    "java": {"home": str(tools.java.home), "version": tools.java.version},
                    "spark": {"home": str(tools.spark), "version": tools.spark_version},
                    "jars": {"s3a": str(tools.s3a), "yarn": str(tools.yarn)},
                    "archives": str(tools.archives) if tools.archives else None,
                }
            )
        )
    else:
        print(f"Java {tools.java.version}: {tools.java.home}")
        print(f"Spark {tools.spark_version}: {tools.spark}")
        print(f"jars: {tools.s3a}, {tools.yarn}")
        print(f"class-data archives: {tools.archives or 'none'}")
