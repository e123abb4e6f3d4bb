"""IAM: ways from a small right to a great one: roles that are passed on, and work that runs under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.actions import covering
from policies.allowed import allowed, listed
from policies.documents import Statement
from policies.grants import IDENTITY_POLICIES, grants, is_exact
from policies.holders import HOLDERS_AND_POLICIES, together
from policies.rule import Config, Finding, ResourceRule, Rule, Severity, StackRule, Verdicts, checkov
from policies.rules.iam import DATA
from policies.unknown import Unknown
from policies.view import Resource, Stack


def _pass_role(resource: Resource) -> Iterator[tuple[Statement, str] | Unknown]:
    for statement in grants(resource):
        if isinstance(statement, Unknown):
            yield statement
            continue
        action = covering(statement.actions, "iam:PassRole")
        if (
            action is None
            and statement.not_actions
            and covering(statement.not_actions, "iam:PassRole") is None
        ):
            action = "NotAction"
        if action is not None:
            yield statement, action


def _all_roles(text: str) -> bool:
    name = text.rsplit(":", 1)[-1].removeprefix("role")
    return "*" in name and set(name) <= {"*", "?", "/"}


def _check_pass_role_resource(resource: Resource, _: Config) -> Verdicts:
    for found in _pass_role(resource):
        if isinstance(found, Unknown):
            yield found
            continue
        statement, action = found
        wide = [text for text in statement.resources if _all_roles(text)]
        if statement.not_resources:
            wide = [f"every resource but {', '.join(statement.not_resources)}"]
        if wide:
            yield Finding(f"{statement.where} allows iam:PassRole (by '{action}') on '{wide[0]}', any role")


def _check_pass_role_service(resource: Resource, _: Config) -> Verdicts:
    for found in _pass_role(resource):
        if isinstance(found, Unknown):
            yield found
            continue
        statement, action = found
        if not any(c.key == "iam:passedtoservice" and is_exact(c) for c in statement.conditions):
            if any(".Condition" in path for path in statement.unknowns):
                continue  # listed as unknown already: the condition may be there
            yield Finding(f"{statement.where} allows iam:PassRole (by '{action}') to any service")


@dataclass(frozen=True)
class Path:
    """A way up: who holds all of `actions` without a limit can do what `gain` says."""

    actions: tuple[str, ...]
    gain: str

    @property
    def passed_to(self) -> str:
        """The service that a passed role is for: that of the other actions, by the name it has as a principal."""
        services = {action.split(":")[0] for action in self.actions} - {"iam", "sts"}
        service = next(iter(services), "")
        return PRINCIPALS.get(service, service)


# Services whose name as a principal is not that of their actions.
PRINCIPALS = {"ecs": "ecs-tasks", "apprunner": "tasks", "emr-containers": ""}

# What EMR runs, it runs under a role that was chosen by who asked for it; no published list has these.
# Condition keys that limit them: elasticmapreduce:ExecutionRoleArn, emr-containers:ExecutionRoleArn
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticmapreduce.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonemroneksemrcontainers.html
EMR_PATHS = (
    Path(
        ("iam:PassRole", "elasticmapreduce:RunJobFlow"), "start a cluster under any role and run code on it"
    ),
    Path(
        ("elasticmapreduce:AddJobFlowSteps",),
        "run code on any cluster, under the role of its nodes or of a step",
    ),
    Path(("elasticmapreduce:GetClusterSessionCredentials",), "take the credentials of a role on any cluster"),
    Path(("iam:PassRole", "elasticmapreduce:StartNotebookExecution"), "run a notebook under any role"),
    Path(("iam:PassRole", "elasticmapreduce:CreateStudio"), "open a studio under any role"),
    Path(("iam:PassRole", "emr-serverless:StartJobRun"), "run a Serverless job under any role"),
    Path(("iam:PassRole", "emr-serverless:AccessLivyEndpoints"), "open a Serverless session under any role"),
    Path(
        ("iam:PassRole", "emr-serverless:AccessInteractiveEndpoints"),
        "open a Serverless session under any role",
    ),
    Path(("emr-containers:StartJobRun",), "run a job on any virtual cluster under any role that trusts it"),
    Path(
        ("emr-containers:CreateManagedEndpoint",),
        "open an endpoint under any role that trusts a virtual cluster",
    ),
    Path(("emr-containers:GetManagedEndpointSessionCredentials",), "take the credentials of any endpoint"),
    Path(
        ("iam:PassRole", "states:CreateStateMachine", "states:StartExecution"),
        "run a state machine under any role",
    ),
    Path(("iam:PassRole", "scheduler:CreateSchedule"), "let a schedule act under any role"),
    Path(("ssm:SendCommand",), "run code on any node, under its role"),
    Path(("ssm:StartSession",), "open a shell on any node, under its role"),
)


def _published(paths: Mapping[str, list[str]]) -> Iterator[Path]:
    for name, actions in paths.items():
        yield Path(tuple(actions), name)


PUBLISHED = tuple(_published(DATA["paths"]))


def _open_ways(
    resource: Resource, stack: Stack, paths: tuple[Path, ...]
) -> Iterator[tuple[Path, Statement] | Unknown]:
    everything = allowed(together(resource, stack))
    yield from everything.unknowns
    for path in paths:
        by = [everything.by(action, path.passed_to) for action in path.actions]
        if all(by) and by[0] is not None:
            yield path, by[0]


def _check_published(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    ways: list[str] = []
    where = ""
    for found in _open_ways(resource, stack, PUBLISHED):
        if isinstance(found, Unknown):
            yield found
            continue
        path, statement = found
        where = where or statement.where
        ways.append(f"{path.gain} ({' + '.join(path.actions)})")
    if ways:
        yield Finding(f"{where} opens a way to greater rights: {listed(ways)}")


def _check_emr(resource: Resource, stack: Stack, _: Config) -> Verdicts:
    for found in _open_ways(resource, stack, EMR_PATHS):
        if isinstance(found, Unknown):
            yield found
            continue
        path, statement = found
        yield Finding(
            f"{statement.where} allows {' + '.join(path.actions)} without a limit: it can {path.gain}"
        )


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="iam-pass-role-named",
        title="iam:PassRole names the roles that may be passed",
        protects="Against escalation: who may pass any role holds the rights of the strongest one",
        remedy="Name the role ARNs as the statement's Resource",
        severity=Severity.CRITICAL,
        types=IDENTITY_POLICIES,
        check=_check_pass_role_resource,
    ),
    ResourceRule(
        id="iam-pass-role-to-service",
        title="iam:PassRole says to which service",
        protects="Against escalation: a role meant for one service handed to another",
        remedy="Add the condition StringEquals iam:PassedToService, as in elasticmapreduce.amazonaws.com",
        types=IDENTITY_POLICIES,
        check=_check_pass_role_service,
    ),
    StackRule(
        id="iam-no-escalation",
        title="No identity can raise its own rights",
        protects="Against escalation: the published ways from a few actions to all of them",
        remedy="Name the resources of these actions, or put them under a condition",
        severity=Severity.CRITICAL,
        types=HOLDERS_AND_POLICIES,
        controls=checkov("CKV_AWS_110", "CKV_AWS_286"),
        check=_check_published,
    ),
    StackRule(
        id="iam-no-escalation-by-emr",
        title="No identity runs code under any role by way of EMR",
        protects="Against escalation: EMR runs what it is given under a role of the caller's choice",
        remedy="Name the roles that may be passed and the clusters or applications, or test the key ExecutionRoleArn",
        severity=Severity.CRITICAL,
        types=HOLDERS_AND_POLICIES,
        check=_check_emr,
    ),
)
