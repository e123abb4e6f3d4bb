"""RunJobFlow: from a request to a cluster that can be launched, or EMR's error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from local.cloud.emr import policies, pools, releases
from local.cloud.emr.errors import InvalidRequestError, ValidationError
from local.cloud.emr.ids import new_id
from local.cloud.emr.model import Cluster, Pool, Status, Step


class Account(Protocol):
    """What a launch asks of the account and region it happens in."""

    def cluster_arn(self, cluster_id: str) -> str:
        """The ARN of a cluster."""

    def has_role(self, name_or_arn: str) -> bool:
        """Whether IAM knows the role."""

    def has_instance_profile(self, name_or_arn: str) -> bool:
        """Whether IAM knows the instance profile."""

    def subnet_zone(self, subnet_id: str) -> str | None:
        """The availability zone of a subnet, None when there is no such subnet."""

    def security_groups(self, instances: Mapping[str, Any], release_label: str) -> dict[str, str]:
        """The managed security groups by their names in Ec2InstanceAttributes, made where none is named.

        What they lack of the rules that EMR needs is added.
        """

    def check_public_access(self, subnets: Sequence[str], groups: Iterable[str]) -> None:
        """Raises ValidationError when groups are open to the world where the account's settings forbid it."""

    def knows_release(self, label: str) -> bool:
        """Whether EMR has the release in this region."""

    def instance_types(self, release_label: str) -> frozenset[str]:
        """The instance types that a release runs on; empty when that is not known."""

    def security_configuration(self, name: str) -> Mapping[str, Any]:
        """The document of a security configuration. Raises InvalidRequestError when there is none."""

    def zones(self) -> list[str]:
        """The availability zones of the region."""


def cluster_of(request: Mapping[str, Any], account: Account, now: datetime) -> Cluster:
    """The cluster that `request` asks for, STARTING. Raises EMR's errors."""
    instances = request["Instances"]
    _check_names(request, account)
    subnets = _subnets(instances)
    zones = [account.subnet_zone(subnet) for subnet in subnets]
    missing = [subnet for subnet, zone in zip(subnets, zones, strict=True) if zone is None]
    nodes = pools.of_request(instances, now)
    _check_instance_types(request, nodes, account)
    groups = {} if missing else account.security_groups(instances, request["ReleaseLabel"])
    if not missing:
        account.check_public_access(subnets, [*groups.values(), *_more_groups(instances)])
    keep_alive = bool(instances.get("KeepJobFlowAliveWhenNoSteps"))
    highly_available = any(p.role == "MASTER" and sum(p.targets.values()) == 3 for p in nodes)
    cluster_id = new_id("j-")
    cluster = Cluster(
        id=cluster_id,
        arn=account.cluster_arn(cluster_id),
        name=request["Name"],
        request=without_passwords(request),
        status=Status("STARTING", now),
        availability_zone=next((z for z in zones if z), None) or _zone(instances, account),
        zones={zone: subnet for zone, subnet in zip(zones, subnets, strict=True) if zone},
        security_groups=groups,
        keep_alive=keep_alive or highly_available,
        termination_protected=bool(instances.get("TerminationProtected")) or highly_available,
        visible_to_all_users=request.get("VisibleToAllUsers", True),
        unhealthy_node_replacement=bool(instances.get("UnhealthyNodeReplacement")),
        step_concurrency=request.get("StepConcurrencyLevel") or 1,
        tags={tag["Key"]: tag.get("Value", "") for tag in request.get("Tags", [])},
        collection="INSTANCE_FLEET" if nodes[0].kind == "FLEET" else "INSTANCE_GROUP",
        pools=nodes,
        # A subnet that is not there is found only while provisioning: the call succeeds and the cluster ends
        # with this message (seen on EMR: github.com/Wittline/pyspark-on-aws-emr, issue 3).
        launch_problem=_missing_subnet(missing[0]) if missing else None,
    )
    policies.check_concurrency(cluster.step_concurrency)
    if request.get("ManagedScalingPolicy"):
        cluster.managed_scaling_policy = policies.managed_scaling(request["ManagedScalingPolicy"], cluster)
    if request.get("AutoTerminationPolicy"):
        cluster.auto_termination_policy = policies.auto_termination(request["AutoTerminationPolicy"])
    add_steps(cluster, request.get("Steps", []), request.get("StepExecutionRoleArn"), account, now)
    return cluster


def add_steps(
    cluster: Cluster, configs: list[dict[str, Any]], role: str | None, account: Account, now: datetime
) -> list[Step]:
    """Append steps to a cluster, PENDING. Raises EMR's errors; then none is added."""
    if not configs:
        return []
    actions = [config.get("ActionOnFailure") or "TERMINATE_CLUSTER" for config in configs]
    pools.check_steps_action(actions, cluster.step_concurrency)
    _check_execution_role(cluster, role, account)
    policies.check_step_count(len(cluster.open_steps()) + len(configs))
    steps = [
        Step(
            id=new_id("s-"), name=config["Name"], config=config["HadoopJarStep"], action_on_failure=action,
            execution_role_arn=role, status=Status("PENDING", now),
        )
        for config, action in zip(configs, actions, strict=True)
    ]  # fmt: skip
    cluster.steps.extend(steps)
    return steps


def application_scoped_roles(document: Mapping[str, Any]) -> bool:
    """Whether a security configuration lets, and makes, every step have a role of its own."""
    authorization = document.get("AuthorizationConfiguration", {})
    return bool(authorization.get("IAMConfiguration", {}).get("EnableApplicationScopedIAMRole"))


def _check_execution_role(cluster: Cluster, role: str | None, account: Account) -> None:
    # Both messages as seen on EMR: github.com/awslabs/amazon-emr-cli, pull request 21.
    name: str = cluster.request.get("SecurityConfiguration") or ""
    enabled = bool(name) and application_scoped_roles(account.security_configuration(name))
    if role is None and enabled:
        raise ValidationError(
            "Runtime roles are required for this cluster. Please specify the role using the ExecutionRoleArn "
            "parameter."
        )
    if role is not None and not enabled:
        raise ValidationError(
            "Runtime roles are not supported on this cluster. Please remove the ExecutionRoleArn parameter, "
            "or use a cluster whose security configuration has EnableApplicationScopedIAMRole."
        )
    if role is not None and not account.has_role(role):
        raise ValidationError(f"Role is not valid: {role}")


def _check_names(request: Mapping[str, Any], account: Account) -> None:
    label = request.get("ReleaseLabel")
    if not label:
        raise ValidationError("A release label is required: this API runs no AMI versions.")
    if not account.knows_release(label):
        raise ValidationError(f"The supplied release label is invalid: {label}.")
    _check_applications(label, [str(a.get("Name")) for a in request.get("Applications", [])])
    profile, role = request.get("JobFlowRole"), request.get("ServiceRole")
    if not profile or not account.has_instance_profile(profile):
        raise ValidationError(f"Invalid InstanceProfile: {profile}.")
    if not role or not account.has_role(role):
        raise ValidationError(f"Invalid ServiceRole: {role}.")
    scaling = request.get("AutoScalingRole")
    if scaling and not account.has_role(scaling):
        raise ValidationError(f"Invalid AutoScalingRole: {scaling}.")
    _check_kerberos(request, account)


def _check_kerberos(request: Mapping[str, Any], account: Account) -> None:
    """Kerberos stands in the security configuration and in the request: "You can't specify one set without the other,
    or an error occurs". The words are ours: AWS's are not written down.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos-configure-settings.html
    """
    name: str = request.get("SecurityConfiguration") or ""
    document = account.security_configuration(name) if name else {}
    configured = "KerberosConfiguration" in document.get("AuthenticationConfiguration", {})
    said = request.get("KerberosAttributes") or {}
    if configured and not said:
        raise ValidationError(
            f"KerberosAttributes are required: the security configuration {name} has Kerberos."
        )
    if said and not configured:
        raise ValidationError(
            "KerberosAttributes need a security configuration that has a KerberosConfiguration."
        )


def without_passwords(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request to keep and to show: of Kerberos its realm, and who joins a domain.

    That AWS answers with no password follows from the real provider, which reads none back
    (internal/service/emr/cluster.go, flattenKerberosAttributes: "Do not set from API").
    """
    said = request.get("KerberosAttributes")
    if not said:
        return dict(request)
    shown = {key: value for key, value in said.items() if not key.endswith("Password")}
    return {**request, "KerberosAttributes": shown}


def _check_applications(label: str, names: list[str]) -> None:
    known = {name.lower() for name in releases.applications(label)}
    for name in names:
        if known and name.lower() not in known:
            raise ValidationError(f"Specified application: {name} is invalid or not supported by {label}.")


def _check_instance_types(request: Mapping[str, Any], nodes: list[Pool], account: Account) -> None:
    known = account.instance_types(request["ReleaseLabel"])
    for pool in nodes:
        for config in pool.types:
            if known and config["InstanceType"] not in known:
                raise InvalidRequestError(
                    f"The requested instance type {config['InstanceType']} is not supported by "
                    f"{request['ReleaseLabel']}."
                )


def _subnets(instances: Mapping[str, Any]) -> list[str]:
    subnets: list[str] = list(instances.get("Ec2SubnetIds") or [])
    if instances.get("Ec2SubnetId"):
        subnets.append(instances["Ec2SubnetId"])
    if any(not subnet.startswith("subnet-") for subnet in subnets):
        raise ValidationError("The supplied ec2SubnetId is not valid.")
    return subnets


def _more_groups(instances: Mapping[str, Any]) -> list[str]:
    named = ("AdditionalMasterSecurityGroups", "AdditionalSlaveSecurityGroups")
    return [group for name in named for group in instances.get(name) or []]


def _missing_subnet(subnet: str) -> str:
    return (
        "The VPC/subnet configuration was invalid: The subnet configuration was invalid: "
        f"The subnet {subnet} does not exist."
    )


def _zone(instances: Mapping[str, Any], account: Account) -> str:
    return str(instances.get("Placement", {}).get("AvailabilityZone") or account.zones()[0])
