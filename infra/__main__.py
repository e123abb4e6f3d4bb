"""The platform: settings in, components wired, one export out."""

import pulumi
import pulumi_aws as aws

from infra import settings_loader
from infra.compute.cluster import Cluster, ClusterArgs
from infra.network.network import Network, NetworkArgs
from infra.platform_outputs import platform
from infra.security.boundary import Boundary, BoundaryArgs
from infra.security.break_glass_alarm import BreakGlassAlarm, BreakGlassAlarmArgs
from infra.security.emr_configuration import EmrConfiguration, EmrConfigurationArgs
from infra.security.identity import Identity, IdentityArgs
from infra.security.keys import Keys, KeysArgs
from infra.storage.buckets import Buckets, BucketsArgs
from infra.tags import default_tags

declared = settings_loader.load()
settings, names = declared.settings, declared.names
deletable = settings.data_may_be_deleted

provider = aws.Provider(
    "aws",
    region=settings.aws.region,
    allowed_account_ids=[settings.aws.account_id],
    default_tags={"tags": default_tags(settings, names.stack)},
)
here = pulumi.ResourceOptions(providers=[provider])

keys = Keys("keys", KeysArgs(names=names, encryption=settings.encryption, deletable=deletable), here)
boundary = Boundary("boundary", BoundaryArgs(names=names, keys=keys.arns), here)

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

network = Network(
    "network",
    NetworkArgs(
        names=names,
        network=settings.network,
        emr_endpoint=settings.needs_emr_endpoint,
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
    ),
    here,
)

if settings.identity.break_glass_alarm:
    BreakGlassAlarm(
        "break-glass-alarm",
        BreakGlassAlarmArgs(names=names, alarm=settings.identity.break_glass_alarm),
        here,
    )

emr_configuration = EmrConfiguration(
    "emr-configuration",
    EmrConfigurationArgs(
        names=names, keys=keys.arns, certificates_object=settings.encryption.certificates_object
    ),
    here,
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
            security_configuration=emr_configuration.name,
            log_key_arn=keys.by_name["logs"],
            after=[*network.ways, *identity.policies, buckets.event_logs],
        ),
        here,
    )
    for name, cluster in settings.clusters.items()
}

pulumi.export(
    "platform",
    platform(
        settings=settings,
        names=names,
        keys=keys,
        buckets=buckets,
        network=network,
        identity=identity,
        clusters=clusters,
    ),
)
