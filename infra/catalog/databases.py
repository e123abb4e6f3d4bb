"""The databases of the Glue catalog: one for each zone whose tables others read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names

# Analysts see what jobs made, and nothing that came as it came: `infra.security.people_policies`.
CATALOGUED = ("curated",)


@dataclass(frozen=True, kw_only=True)
class DatabasesArgs:
    """`buckets`: the bucket of each zone, by the zone's name. `deletable`: both deletion keys are turned."""

    names: Names
    buckets: Mapping[str, pulumi.Input[str]]
    deletable: bool


class Databases(pulumi.ComponentResource):
    """A database a zone, at the zone's bucket; `by_zone` holds their names.

    AWS deletes the tables of a database with it, and where an Iceberg table's newest snapshot is stands nowhere else:
    so a database is protected as the bucket is whose data it describes.
    """

    def __init__(self, name: str, args: DatabasesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:catalog:Databases", name, None, opts)
        self.by_zone: Mapping[str, pulumi.Output[str]] = {
            zone: self._database(zone, args) for zone in CATALOGUED
        }
        self.register_outputs(dict(self.by_zone))

    def _database(self, zone: str, args: DatabasesArgs) -> pulumi.Output[str]:
        made = aws.glue.CatalogDatabase(
            zone,
            name=args.names.database(zone),
            description=f"Tables of the {zone} zone of {args.names.prefix}",
            location_uri=pulumi.Output.concat("s3://", args.buckets[zone], "/"),
            opts=pulumi.ResourceOptions(parent=self, protect=not args.deletable),
        )
        named: pulumi.Output[str] = made.name
        return named
