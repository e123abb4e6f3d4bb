"""The roles: EMR itself, its nodes, one a job, the submitter and the deployer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security import cluster_policies, job_policies, serverless_policies
from infra.security.job_policies import KeyArns
from jobs.spec import JobSpec

SESSION_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """`jobs` are those that run in this stack: each gets a role cut to what its spec declares."""

    names: Names
    keys: pulumi.Output[KeyArns]
    boundary_arn: pulumi.Input[str]
    jobs: tuple[JobSpec, ...]
    certificates_object: str  # key in the artifacts bucket
    trusted_arns: tuple[str, ...]


class Identity(pulumi.ComponentResource):
    """Every role has the boundary, a name known beforehand, and one inline policy from a pure function.

    `policies` are those inline policies: a cluster must not start before they are in force.
    """

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:security:Identity", name, None, opts)
        self._args = args
        self.policies: list[aws.iam.RolePolicy] = []
        names, keys = args.names, args.keys
        job_arns = [names.role_arn(names.job_role(spec.name)) for spec in args.jobs]

        self.node = self._role("node", "Nodes of EMR clusters", cluster_policies.instance_trust())
        self._allow(
            "node",
            self.node,
            keys.apply(
                lambda arns: cluster_policies.instance_policy(names, arns, job_arns, args.certificates_object)
            ),
        )
        self.node_profile = aws.iam.InstanceProfile(
            "node", name=names.role("node"), role=self.node.name, opts=pulumi.ResourceOptions(parent=self)
        )
        self.service = self._role("service", "Amazon EMR", cluster_policies.service_trust(names))
        self._allow(
            "service",
            self.service,
            keys.apply(lambda arns: cluster_policies.service_policy(names, arns, names.role_arn("node"))),
        )
        self.jobs = {spec.name: self._job_role(spec) for spec in args.jobs}
        people = job_policies.people_trust(names, args.trusted_arns)
        self.submitter = self._role("submitter", "Starts and follows jobs", people)
        self._allow(
            "submitter",
            self.submitter,
            keys.apply(lambda arns: job_policies.submitter_policy(names, arns, job_arns)),
        )
        self.deployer = self._role("deployer", "Puts job packages and moves channels", people)
        self._allow(
            "deployer", self.deployer, keys.apply(lambda arns: job_policies.deployer_policy(names, arns))
        )
        self.register_outputs({"jobs": {job: role.arn for job, role in self.jobs.items()}})

    def _job_role(self, spec: JobSpec) -> aws.iam.Role:
        names = self._args.names
        title = names.job_role(spec.name)
        trust = job_policies.runtime_trust(names.role_arn("node"))
        if job_policies.serverless_application(spec):
            trust = serverless_policies.trust(names)
        # IAM takes no principal that does not exist: the node role first.
        role = self._role(title, f"Runtime role of job {spec.name}", trust, after=[self.node])
        self._allow(
            title, role, self._args.keys.apply(lambda arns: job_policies.runtime_policy(spec, names, arns))
        )
        return role

    def _role(
        self, title: str, description: str, trust: str, after: Sequence[pulumi.Resource] = ()
    ) -> aws.iam.Role:
        return aws.iam.Role(
            title,
            name=self._args.names.role(title),
            description=description,
            assume_role_policy=trust,
            permissions_boundary=self._args.boundary_arn,
            max_session_duration=SESSION_SECONDS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )

    def _allow(self, title: str, role: aws.iam.Role, policy: pulumi.Input[str]) -> None:
        self.policies.append(
            aws.iam.RolePolicy(
                title,
                name=title,
                role=role.name,
                policy=policy,
                opts=pulumi.ResourceOptions(parent=self),
            )
        )
