"""The roles: EMR itself, its nodes, one a job, the submitter, the deployer, and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security import cluster_policies, job_policies, people_policies
from infra.security.needs import KeyArns, Need
from infra.security.role import Role, RoleArgs
from infra.settings.stack import IdentitySettings
from infra.settings.virtual_cluster import VirtualClusterSettings
from jobs.spec import JobSpec


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """`jobs` are those that run in this stack: each gets a role cut to what its spec declares.

    `images` are the container images in ECR that clusters run Spark in.
    `applications` and `ephemeral`: whether the stack has EMR Serverless applications, and clusters that jobs start.
    """

    names: Names
    keys: pulumi.Output[KeyArns]
    boundary_arn: pulumi.Input[str]
    jobs: tuple[JobSpec, ...]
    certificates_object: str  # key in the artifacts bucket
    identity: IdentitySettings
    production: bool  # people change no data by hand
    images: tuple[str, ...]
    applications: bool
    ephemeral: bool
    virtual_clusters: Mapping[str, VirtualClusterSettings]


class Identity(pulumi.ComponentResource):
    """Each role's needs come from a pure function, and are the input of its component.

    `policies` are the roles' policies: a cluster must not start before they are in force.
    """

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:security:Identity", name, None, opts)
        self._args = args
        names = args.names
        jobs = [spec.name for spec in args.jobs]

        self.node = self._role(
            "node",
            "Nodes of EMR clusters",
            cluster_policies.instance_trust(),
            cluster_policies.instance_needs(
                names, job_policies.cluster_jobs(args.jobs), args.certificates_object, args.images
            ),
        )
        self.node_profile = aws.iam.InstanceProfile(
            "node", name=names.role("node"), role=self.node.name, opts=pulumi.ResourceOptions(parent=self)
        )
        self.service = self._role(
            "service",
            "Amazon EMR",
            cluster_policies.service_trust(names),
            cluster_policies.service_needs(names),
        )
        self.jobs = {spec.name: self._job_role(spec) for spec in args.jobs}
        self.people = self._people(jobs)
        roles = [self.node, self.service, *self.jobs.values(), *self.people.values()]
        self.policies: list[pulumi.Resource] = [role.policy for role in roles]
        self.register_outputs({"jobs": {job: role.arn for job, role in self.jobs.items()}})

    def _job_role(self, spec: JobSpec) -> Role:
        names = self._args.names
        return self._role(
            names.job_role(spec.name),
            f"Runtime role of job {spec.name}",
            job_policies.runtime_trust(spec, names, self._args.virtual_clusters),
            job_policies.runtime_needs(spec, names),
            # IAM takes no principal that does not exist: the node role first.
            after=[self.node.role],
        )

    def _people(self, jobs: Sequence[str]) -> dict[str, Role]:
        """The roles that people and their tools take, by name."""
        names, who, production = self._args.names, self._args.identity, self._args.production
        trust = people_policies.people_trust
        return {
            "submitter": self._role(
                "submitter",
                "Starts and follows jobs",
                trust(names, who.trusted_arns),
                job_policies.submitter_needs(
                    names,
                    self._args.jobs,
                    applications=self._args.applications,
                    ephemeral=self._args.ephemeral,
                    virtual_clusters=self._args.virtual_clusters,
                ),
            ),
            "deployer": self._role(
                "deployer",
                "Puts and removes job packages, moves channels",
                trust(names, who.trusted_arns),
                job_policies.deployer_needs(names, jobs),
            ),
            "analyst": self._role(
                "analyst",
                "Asks curated data through Athena",
                trust(names, who.analyst_arns),
                people_policies.analyst_needs(names),
            ),
            "engineer": self._role(
                "engineer",
                "Reads logs" if production else "Reads logs and changes data",
                trust(names, who.engineer_arns),
                people_policies.engineer_needs(names, production=production),
            ),
            "break-glass": self._role(
                "break-glass",
                "A shell on nodes when nothing else helps",
                people_policies.break_glass_trust(names, who.break_glass_arns),
                people_policies.break_glass_needs(names),
            ),
        }

    def _role(
        self,
        title: str,
        description: str,
        trust: str,
        needs: tuple[Need, ...],
        after: Sequence[pulumi.Resource] = (),
    ) -> Role:
        return Role(
            title,
            RoleArgs(
                names=self._args.names,
                description=description,
                trust=trust,
                needs=needs,
                boundary_arn=self._args.boundary_arn,
                keys=self._args.keys,
                after=after,
            ),
            pulumi.ResourceOptions(parent=self),
        )
