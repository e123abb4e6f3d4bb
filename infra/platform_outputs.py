"""The export `platform`: what jobs and tools need to know of the platform, as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.catalog.databases import Databases
from infra.catalog.workgroup import Workgroup
from infra.compute.cluster import Cluster
from infra.compute.launch_template import Request
from infra.compute.serverless import ServerlessApplication
from infra.naming import Names
from infra.network.network import Network
from infra.observability.topics import Topics
from infra.security.identity import Identity
from infra.security.job_policies import EVENT_LOGS
from infra.security.keys import Keys
from infra.settings.stack import Settings
from infra.settings.virtual_cluster import outputs as virtual_cluster
from infra.storage.buckets import Buckets
from infra.storage.coordination import Coordination

SCHEMA_VERSION = 1


def platform(
    *,
    settings: Settings,
    names: Names,
    keys: Keys,
    buckets: Buckets,
    databases: Databases,
    workgroup: Workgroup,
    coordination: Coordination,
    network: Network,
    identity: Identity,
    clusters: Mapping[str, Cluster],
    templates: Mapping[str, pulumi.Output[Request]],
    applications: Mapping[str, ServerlessApplication],
    topics: Topics,
) -> dict[str, Any]:
    """The export `platform`; a reader refuses a `schema_version` that it does not know."""
    return {
        "schema_version": SCHEMA_VERSION,
        "stack": names.stack,
        "environment": settings.environment,
        "region": names.region,
        "account_id": names.account_id,
        "buckets": dict(buckets.names),
        "coordination_table": coordination.table_name,
        "keys": dict(keys.by_name),
        "catalog": {
            "databases": dict(databases.by_zone),
            "workgroup": workgroup.name,
            "query_results_uri": workgroup.results_uri,
        },
        "network": {
            "vpc_id": network.vpc_id,
            "private_subnet_ids": network.private_subnet_ids,
        },
        "clusters": {name: cluster.outputs() for name, cluster in clusters.items()},
        "launch_templates": dict(templates),
        "applications": {name: application.outputs() for name, application in applications.items()},
        "virtual_clusters": {
            name: virtual_cluster(one, names) for name, one in settings.virtual_clusters.items()
        },
        "roles": {
            **{name: role.arn for name, role in identity.people.items()},
            "jobs": {job: role.arn for job, role in identity.jobs.items()},
        },
        "topics": dict(topics.arns),
        "event_log_uri": f"s3://{names.bucket('logs')}/{EVENT_LOGS}",
    }
