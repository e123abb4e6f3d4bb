"""Lambda controls that are a choice of each platform: off until they are switched on."""

from __future__ import annotations

from policies.checks import at, said
from policies.rule import Config, Finding, Level, ResourceRule, Rule, Severity, Verdicts, checkov, fsbp
from policies.view import Resource

FUNCTION = frozenset({"aws:lambda/function:Function"})


def _check_concurrency(resource: Resource, _: Config) -> Verdicts:
    limit = resource.get("reservedConcurrentExecutions")
    number = limit.number()
    # -1 takes a limit away; 0 stops the function.
    if number is None or number < 0:
        yield Finding(f"may take all of the account's concurrency: {said(limit)}")


def _check_vpc(resource: Resource, _: Config) -> Verdicts:
    subnets = at(resource, "vpcConfig.subnetIds")
    if not subnets.unknown and not subnets.items():
        yield Finding("runs outside of any VPC: vpcConfig.subnetIds is not set")


def _check_signing(resource: Resource, _: Config) -> Verdicts:
    # An image cannot be signed this way: https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
    if resource.get("packageType").text() != "Image" and not resource.get("codeSigningConfigArn").present:
        yield Finding("runs whatever code is uploaded: codeSigningConfigArn is not set")


OPTIONAL: tuple[Rule, ...] = (
    ResourceRule(
        id="lambda-concurrency-limit",
        title="Every function has a limit of its own on concurrent runs",
        protects="The account's other functions, and money",
        remedy="Set reservedConcurrentExecutions",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=FUNCTION,
        controls=checkov("CKV_AWS_115"),
        check=_check_concurrency,
    ),
    ResourceRule(
        id="lambda-in-vpc",
        title="Every function runs inside a VPC",
        protects="What only a network's rules can hold back",
        remedy="Set vpcConfig with private subnets and a security group",
        severity=Severity.LOW,
        level=Level.DISABLED,
        types=FUNCTION,
        controls=checkov("CKV_AWS_117") + fsbp("Lambda.3"),
        check=_check_vpc,
    ),
    ResourceRule(
        id="lambda-code-signing",
        title="Functions run signed code only",
        protects="The function, from code that nobody released",
        remedy="Set codeSigningConfigArn",
        severity=Severity.MEDIUM,
        level=Level.DISABLED,
        types=FUNCTION,
        controls=checkov("CKV_AWS_272"),
        check=_check_signing,
    ),
)
