"""The platform: settings in, components wired, exports out."""

import gc

import pulumi
import pulumi_aws as aws

from infra.account_reference import trail_log_group, unwatched
from infra.catalog.databases import Databases, DatabasesArgs
from infra.catalog.workgroup import Workgroup, WorkgroupArgs
from infra.compute.cluster import Cluster, ClusterArgs
from infra.compute.launch_template import TemplateArgs, template
from infra.compute.serverless import ServerlessApplication, ServerlessArgs
from infra.cost.estimate import estimate
from infra.cost.outputs import headline, summary
from infra.network.network import Network, NetworkArgs
from infra.observability.cluster_alarms import ClusterAlarms, ClusterAlarmsArgs
from infra.observability.topics import Topics, TopicsArgs
from infra.platform_outputs import platform
from infra.security import autoscaling, kerberos
from infra.security.boundary import Boundary, BoundaryArgs
from infra.security.break_glass_alarm import BreakGlassAlarm, BreakGlassAlarmArgs
from infra.security.emr_configuration import EmrConfiguration, EmrConfigurationArgs
from infra.security.identity import Identity, IdentityArgs
from infra.security.keys import Keys, KeysArgs
from infra.security.role import Role, RoleArgs
from infra.settings import loader
from infra.settings.notices import notices
from infra.storage.buckets import Buckets, BucketsArgs
from infra.storage.coordination import Coordination, CoordinationArgs
from infra.tags import default_tags

# The program ends in seconds and keeps nearly all that it makes, so the collector walks an ever larger heap to free
# little: half of the program's time at fifty clusters (ADR 0193).
gc.disable()

declared = loader.load()
settings, names = declared.settings, declared.names
deletable = settings.data_may_be_deleted

tags = default_tags(settings, names.stack)
provider = aws.Provider(
    "aws",
    region=settings.aws.region,
    allowed_account_ids=[settings.aws.account_id],
    default_tags={"tags": tags},
)
here = pulumi.ResourceOptions(providers=[provider])

keys = Keys("keys", KeysArgs(names=names, encryption=settings.encryption, deletable=deletable), here)
boundary = Boundary("boundary", BoundaryArgs(names=names, keys=keys.arns, images=settings.images()), here)

buckets = Buckets(
    "buckets",
    BucketsArgs(
        names=names,
        storage=settings.storage,
        key_arns=keys.by_name,
        deletable=deletable,
    ),
    here,
)

databases = Databases(
    "databases", DatabasesArgs(names=names, buckets=buckets.names, deletable=deletable), here
)
workgroup = Workgroup(
    "analysts",
    WorkgroupArgs(
        names=names,
        catalog=settings.catalog,
        bucket=buckets.names["curated"],
        key_arn=keys.by_name["curated"],
        deletable=deletable,
    ),
    here,
)
coordination = Coordination(
    "coordination",
    CoordinationArgs(names=names, key_arn=keys.by_name["runs"], deletable=deletable),
    here,
)

network = Network(
    "network",
    NetworkArgs(
        names=names,
        network=settings.network,
        emr_endpoint=settings.needs_emr_endpoint,
        images=bool(settings.images()),
        key_arn=keys.by_name["logs"],
        boundary_arn=boundary.arn,
    ),
    here,
)

identity = Identity(
    "identity",
    IdentityArgs(
        names=names,
        keys=keys.arns,
        boundary_arn=boundary.arn,
        jobs=declared.jobs,
        certificates_object=settings.encryption.certificates_object,
        identity=settings.identity,
        production=settings.production,
        images=settings.images(),
        applications=bool(settings.applications),
        ephemeral=any(cluster.ephemeral for cluster in settings.clusters.values()),
        virtual_clusters=settings.virtual_clusters,
    ),
    here,
)

emr_configuration = EmrConfiguration(
    "emr-configuration",
    EmrConfigurationArgs(
        names=names,
        keys=keys.arns,
        certificates_object=settings.encryption.certificates_object,
        kerberos=settings.kerberized(),
    ),
    here,
)

scaler = (
    Role(
        "autoscaling",
        RoleArgs(
            names=names,
            description="Scales instance groups of EMR clusters",
            trust=autoscaling.trust(names),
            needs=autoscaling.needs(names),
            boundary_arn=boundary.arn,
        ),
        here,
    )
    if any(cluster.autoscale for cluster in settings.clusters.values())
    else None
)

clusters = {
    name: Cluster(
        name,
        ClusterArgs(
            names=names,
            cluster=cluster,
            subnet_ids=network.private_subnet_ids,
            groups=network.groups,
            service_role_arn=identity.service.arn,
            node_profile_arn=identity.node_profile.arn,
            security_configuration=emr_configuration.of(name),
            kdc_password=kerberos.password(name) if cluster.kerberos else None,
            log_key_arn=keys.by_name["logs"],
            autoscaling_role_arn=scaler.arn if scaler else None,
            after=[
                *network.ways,
                *identity.policies,
                *([scaler.policy] if scaler else []),
                buckets.event_logs,
            ],
        ),
        here,
    )
    for name, cluster in settings.standing_clusters().items()
}

templates = {
    name: template(
        cluster,
        TemplateArgs(
            name=names.role(name),
            names=names,
            network=network,
            service_role_arn=identity.service.arn,
            node_profile_arn=identity.node_profile.arn,
            security_configuration=emr_configuration.name,
            log_key_arn=keys.by_name["logs"],
            tags=tags,
        ),
    )
    for name, cluster in settings.clusters.items()
    if cluster.ephemeral
}

applications = {
    name: ServerlessApplication(
        name,
        ServerlessArgs(
            names=names,
            application=application,
            vpc_id=network.vpc_id,
            subnet_ids=network.private_subnet_ids,
            endpoints_group_id=network.endpoints_group_id,
            log_key_arn=keys.by_name["logs"],
            log_retention_days=settings.network.flow_log_retention_days,
            after=[*network.ways, *identity.policies, buckets.event_logs],
        ),
        here,
    )
    for name, application in settings.applications.items()
}

topics = Topics("topics", TopicsArgs(names=names, key_arn=keys.by_name["logs"]), here)

for name, cluster in settings.standing_clusters().items():
    ClusterAlarms(
        name,
        ClusterAlarmsArgs(
            names=names,
            cluster=cluster,
            cluster_id=clusters[name].cluster_id,
            topic_arns=topics.arns,
        ),
        here,
    )

watch = settings.identity.break_glass_alarm
if settings.account and watch.enabled:
    BreakGlassAlarm(
        "break-glass-alarm",
        BreakGlassAlarmArgs(
            names=names,
            trail_log_group=trail_log_group(settings.account, names),
            topic_arns=watch.topic_arns or [topics.arns["page"]],
        ),
        here,
    )
if unwatched_because := unwatched(settings.account, enabled=watch.enabled):
    pulumi.log.info(unwatched_because)

pulumi.export(
    "platform",
    platform(
        settings=settings,
        names=names,
        keys=keys,
        buckets=buckets,
        databases=databases,
        workgroup=workgroup,
        coordination=coordination,
        network=network,
        identity=identity,
        clusters=clusters,
        templates=templates,
        applications=applications,
        topics=topics,
    ),
)
for _, notice in notices(settings):
    pulumi.log.warn(notice)
cost, ceiling = estimate(settings, declared.jobs), settings.cost.monthly_ceiling_usd
pulumi.export("cost", summary(cost, ceiling))
pulumi.log.info(headline(cost, ceiling))
