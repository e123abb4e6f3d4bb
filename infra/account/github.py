"""GitHub's workflows as identities of the account: the identity provider, and the roles of CI."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import ci_policies
from infra.account.settings import AccountSettings
from infra.naming import Names

SESSION_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class GithubArgs:
    """`state_key_arn` is the key of the stacks' states, which both roles open."""

    names: Names
    settings: AccountSettings
    state_key_arn: pulumi.Input[str]


class Github(pulumi.ComponentResource):
    """Two roles under one boundary: `ci-preview` reads, `ci-apply` makes and changes. No long-lived key anywhere."""

    def __init__(self, name: str, args: GithubArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:account:Github", name, None, opts)
        self._args = args
        names, github = args.names, args.settings.github
        key = pulumi.Output.from_input(args.state_key_arn)
        self._after = self._identity_provider(args.settings)
        self._boundary = self._policy(
            "ci-boundary",
            "The most that CI can be given",
            key.apply(lambda arn: ci_policies.boundary(names, arn)),
        )
        read = self._policy(
            "ci-read", "What a preview reads", key.apply(lambda arn: ci_policies.read_policy(names, arn))
        )
        write = self._policy(
            "ci-write",
            "What an update makes and changes",
            key.apply(lambda arn: ci_policies.write_policy(names, arn)),
        )
        operate = self._policy(
            "ci-operate",
            "What an update makes of alarms, topics and applications",
            ci_policies.operate_policy(names),
        )
        self.preview = self._role(
            "ci-preview", "Previews of the repository's workflows", ci_policies.preview_subjects(github)
        )
        self.apply = self._role(
            "ci-apply", "Updates by the repository's workflows", ci_policies.apply_subjects(github)
        )
        self._attach("ci-preview-reads", self.preview, read)
        self._attach("ci-apply-reads", self.apply, read)
        self._attach("ci-apply-writes", self.apply, write)
        self._attach("ci-apply-operates", self.apply, operate)
        self.register_outputs({"preview": self.preview.arn, "apply": self.apply.arn})

    def _identity_provider(self, settings: AccountSettings) -> list[pulumi.Resource]:
        """The identity provider, where it is ours. AWS knows GitHub's certificates by itself: no thumbprints."""
        if settings.ownership.github_oidc_provider == "adopt":
            return []
        return [
            aws.iam.OpenIdConnectProvider(
                "github",
                url=f"https://{ci_policies.GITHUB}",
                client_id_lists=[ci_policies.AUDIENCE],
                opts=pulumi.ResourceOptions(parent=self),
            )
        ]

    def _policy(self, title: str, description: str, policy: pulumi.Input[str]) -> aws.iam.Policy:
        return aws.iam.Policy(
            title,
            name=self._args.names.role(title),
            description=description,
            policy=policy,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _role(self, title: str, description: str, subjects: list[str]) -> aws.iam.Role:
        return aws.iam.Role(
            title,
            name=self._args.names.role(title),
            description=description,
            assume_role_policy=ci_policies.github_trust(self._args.names, subjects),
            permissions_boundary=self._boundary.arn,
            max_session_duration=SESSION_SECONDS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._after),
        )

    def _attach(self, title: str, role: aws.iam.Role, policy: aws.iam.Policy) -> None:
        aws.iam.RolePolicyAttachment(
            title, role=role.name, policy_arn=policy.arn, opts=pulumi.ResourceOptions(parent=self)
        )
