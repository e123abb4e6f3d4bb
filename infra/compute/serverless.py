"""An EMR Serverless application: a ceiling, workers that wait, an end to idling, a network and logs of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.network.rules import ANYWHERE, HTTPS
from infra.security import serverless_policies
from infra.settings.application import ApplicationSettings, Role

# The service's words: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/pre-init-capacity.html
WORKERS: Mapping[str, Mapping[Role, str]] = {
    "Spark": {"driver": "Driver", "executor": "Executor"},
    "Hive": {"driver": "HiveDriver", "executor": "TezTask"},
}
ARCHITECTURES = {"x86_64": "X86_64", "arm64": "ARM64"}


def initial_capacities(settings: ApplicationSettings) -> list[dict[str, Any]]:
    """The workers that wait, as the provider wants them."""
    words = WORKERS[settings.engine]
    return [
        {
            "initial_capacity_type": words[role],
            "initial_capacity_config": {
                "worker_count": worker.count,
                "worker_configuration": {
                    "cpu": f"{worker.vcpus} vCPU",
                    "memory": f"{worker.memory_gb} GB",
                    "disk": f"{worker.disk_gb} GB",
                },
            },
        }
        # In the order of the service's answer, so that nothing changes by itself.
        for role, worker in sorted(settings.ready.items(), key=lambda one: words[one[0]])
    ]


@dataclass(frozen=True, kw_only=True)
class ServerlessArgs:
    """`endpoints_group_id` is the group of the interface endpoints, None where there are none.

    `after` is what a run needs to start at all (routes, role policies, the log bucket's key).
    """

    names: Names
    application: ApplicationSettings
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    endpoints_group_id: pulumi.Input[str] | None
    log_key_arn: pulumi.Input[str]
    log_retention_days: int
    after: Sequence[pulumi.Resource]


class ServerlessApplication(pulumi.ComponentResource):
    """The application `name`, in the private subnets and a security group that only goes out.

    While it is STARTED it refuses updates and its deletion: `emrctl stack up` and `stack destroy` drain it first
    (`stacks.drain`).
    """

    def __init__(self, name: str, args: ServerlessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:compute:ServerlessApplication", name, None, opts)
        names, settings = args.names, args.application
        self.release_label = settings.release
        self.log_uri = f"s3://{names.bucket('logs')}/{serverless_policies.LOGS}"
        self.log_group = serverless_policies.log_group(names, name)
        group, rules = self._group(name, args)
        logs = aws.cloudwatch.LogGroup(
            f"serverless-{name}",
            name=self.log_group,
            kms_key_id=args.log_key_arn,
            retention_in_days=args.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.application = aws.emrserverless.Application(
            name,
            name=names.role(name),
            type=settings.engine,
            release_label=settings.release,
            architecture=ARCHITECTURES[settings.architecture],
            maximum_capacity={
                "cpu": f"{settings.ceiling.vcpus} vCPU",
                "memory": f"{settings.ceiling.memory_gb} GB",
                "disk": f"{settings.ceiling.disk_gb} GB",
            },
            initial_capacities=initial_capacities(settings) or None,
            auto_start_configuration={"enabled": True},
            auto_stop_configuration={"enabled": True, "idle_timeout_minutes": settings.idle_minutes},
            scheduler_configuration={
                "max_concurrent_runs": settings.concurrent_runs,
                "queue_timeout_minutes": settings.queue_minutes,
            },
            network_configuration={"subnet_ids": list(args.subnet_ids), "security_group_ids": [group.id]},
            image_configuration={"image_uri": settings.image} if settings.image else None,
            monitoring_configuration=self._monitoring(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logs, *rules, *args.after]),
        )
        self.register_outputs({"id": self.application.id})

    def outputs(self) -> Mapping[str, Any]:
        """What the stack says of the application."""
        return {
            "id": self.application.id,
            "arn": self.application.arn,
            "release_label": self.release_label,
            "log_uri": self.log_uri,
            "log_group": self.log_group,
        }

    def _monitoring(self, args: ServerlessArgs) -> dict[str, Any]:
        return {
            "s3_monitoring_configuration": {
                "log_uri": self.log_uri,
                "encryption_key_arn": args.log_key_arn,
            },
            # The group is sealed with the logs key already.
            "cloudwatch_logging_configuration": {"enabled": True, "log_group_name": self.log_group},
            # AWS would keep a copy in a bucket of its own, under a key of its own.
            "managed_persistence_monitoring_configuration": {"enabled": False},
        }

    def _group(self, name: str, args: ServerlessArgs) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
        """Workers reach AWS over HTTPS and are reached by nobody; how far they get, the route tables say."""
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"serverless-{name}",
            description=f"Workers of the EMR Serverless application {name}",
            vpc_id=args.vpc_id,
            revoke_rules_on_delete=True,
            tags={"Name": f"{args.names.prefix}-serverless-{name}"},
            opts=child,
        )
        rules: list[pulumi.Resource] = [
            aws.vpc.SecurityGroupEgressRule(
                f"serverless-{name}-to-https",
                security_group_id=group.id,
                description="AWS services over HTTPS, as far as the routes go",
                ip_protocol="tcp",
                from_port=HTTPS,
                to_port=HTTPS,
                cidr_ipv4=ANYWHERE,
                opts=child,
            )
        ]
        if args.endpoints_group_id is not None:
            rules.append(
                aws.vpc.SecurityGroupIngressRule(
                    f"endpoints-from-serverless-{name}",
                    security_group_id=args.endpoints_group_id,
                    description=f"Workers of {name} to AWS services",
                    ip_protocol="tcp",
                    from_port=HTTPS,
                    to_port=HTTPS,
                    referenced_security_group_id=group.id,
                    opts=child,
                )
            )
        return group, rules
