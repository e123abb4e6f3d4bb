"""Lambda: functions that not everyone can call, without secrets in the open, on runtimes that AWS still mends."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from policies.checks import at, is_own_key, must_be_one_of, must_not_be_one_of, said
from policies.openness import check_public
from policies.rule import Config, Finding, ResourceRule, Severity, StackRule, Verdicts, checkov, fsbp
from policies.rules.lambda_choices import OPTIONAL
from policies.unknown import Unknown
from policies.view import Resource, Stack

FUNCTION = "aws:lambda/function:Function"
URL = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION = "aws:lambda/permission:Permission"
LAYER_PERMISSION = "aws:lambda/layerVersionPermission:LayerVersionPermission"
RESOURCE_POLICY = "aws:lambda/resourcePolicy:ResourcePolicy"
INVOKE_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
RUNTIMES: Mapping[str, Any] = json.loads(
    (Path(__file__).resolve().parent.parent / "data" / "lambda_runtimes.json").read_text()
)
# Shapes of keys that are secrets wherever they stand, after the patterns that their issuers publish.
SECRETS = {
    "an AWS access key": re.compile(r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b"),
}
# An AWS secret key is told by its name and shape together: forty such letters alone may be a digest.
SECRET_KEY_NAME = re.compile(r"secret.*key|aws.*secret|secret.*access", re.IGNORECASE)
SECRET_KEY = re.compile(r"[A-Za-z0-9/+=]{40}")


def _check_secrets(resource: Resource, _: Config) -> Verdicts:
    for name, value in at(resource, "environment.variables").mapping().items():
        if isinstance(value, Unknown):
            yield value
        elif isinstance(value, str):
            kinds = [kind for kind, shape in SECRETS.items() if shape.search(value)]
            if not kinds and SECRET_KEY_NAME.search(name) and SECRET_KEY.fullmatch(value):
                kinds = ["an AWS secret key"]
            # The value itself is not repeated: findings end up in logs.
            yield from (Finding(f"bears {kind} in its environment variable {name}") for kind in kinds)


def _check_environment_key(resource: Resource, _: Config) -> Verdicts:
    variables = at(resource, "environment.variables")
    if (variables.unknown or variables.mapping()) and not is_own_key(key := resource.get("kmsKeyArn")):
        yield Finding(f"has environment variables and no key of our own for them: {said(key)}")


def _check_runtime(resource: Resource, _: Config) -> Verdicts:
    runtime = resource.get("runtime").text()
    end = RUNTIMES["deprecated"].get(runtime or "")
    if end and date.fromisoformat(end) <= date.today():
        yield Finding(f"runs on {runtime}, which AWS no longer mends since {end}")


def _check_public(resource: Resource, config: Config) -> Verdicts:
    if resource.type == RESOURCE_POLICY:
        yield from check_public(resource, config)
        return
    principal = resource.get("principal")
    keys = ("principalOrgId", "sourceArn", "sourceAccount", "organizationId")
    if principal.text() == "*" and not any(resource.get(key).present for key in keys):
        what = "take the layer" if resource.type == LAYER_PERMISSION else "call the function"
        yield Finding(f"lets everyone {what}: principal is '*'")


def _check_service(resource: Resource, _: Config) -> Verdicts:
    principal = resource.get("principal").text() or ""
    if not principal.endswith((".amazonaws.com", ".amazon.com")):
        return
    keys = ("sourceAccount", "eventSourceToken", "principalOrgId")
    if any(resource.get(key).present for key in keys):
        return
    if not resource.get("sourceArn").present:
        yield Finding(f"lets {principal} call the function on behalf of any account")
    elif principal == "s3.amazonaws.com":  # https://docs.aws.amazon.com/lambda/latest/dg/with-s3-example.html
        yield Finding(
            "lets s3.amazonaws.com call it for a bucket by name, which may be another account's tomorrow"
        )


def _check_cors(resource: Resource, _: Config) -> Verdicts:
    cors = resource.get("cors")
    origins, methods = (
        [node.text() for node in cors.get(key).items()] for key in ("allowOrigins", "allowMethods")
    )
    if "*" in origins and "*" in methods:
        yield Finding("lets every site call it with every method: cors allows '*' for both")


def _check_zones(resource: Resource, config: Config) -> Verdicts:
    subnets = at(resource, "vpcConfig.subnetIds")
    if subnets.present and 0 < len(subnets.items()) < config["minSubnets"]:
        yield Finding(f"stands in {len(subnets.items())} subnet, and so in one zone")


def _check_dead_letters(function: Resource, stack: Stack, _: Config) -> Verdicts:
    if at(function, "deadLetterConfig.targetArn").present:
        return
    for setting in stack.referring(function, "functionName", INVOKE_CONFIG):
        if at(setting, "destinationConfig.onFailure.destination").present:
            return
    yield Finding("keeps no event that it failed on: neither deadLetterConfig nor a destination on failure")


RULES = (
    ResourceRule(
        id="lambda-no-secrets-in-environment",
        title="No function bears a secret in its environment",
        protects="The secret, from whoever may read a function's settings",
        remedy="Keep it in Secrets Manager and read it there; replace the key that stood here",
        severity=Severity.CRITICAL,
        types=frozenset({FUNCTION}),
        controls=checkov("CKV_AWS_45"),
        check=_check_secrets,
    ),
    ResourceRule(
        id="lambda-environment-kms",
        title="Environment variables are encrypted with a KMS key of our own",
        protects="What a function is told, from whoever may read its settings",
        remedy="Set kmsKeyArn",
        severity=Severity.MEDIUM,
        types=frozenset({FUNCTION}),
        controls=checkov("CKV_AWS_173"),
        check=_check_environment_key,
    ),
    ResourceRule(
        id="lambda-supported-runtime",
        title="No function runs on a runtime that AWS no longer mends",
        protects="Functions, from holes that nobody closes",
        remedy="Set runtime to a supported one",
        types=frozenset({FUNCTION}),
        controls=checkov("CKV_AWS_363") + fsbp("Lambda.2"),
        check=_check_runtime,
    ),
    ResourceRule(
        id="lambda-tracing",
        title="Functions are traced",
        protects="What can be found out when a function is slow or fails",
        remedy="Set tracingConfig.mode to Active",
        severity=Severity.LOW,
        types=frozenset({FUNCTION}),
        controls=checkov("CKV_AWS_50") + fsbp("Lambda.7"),
        check=must_be_one_of("tracingConfig.mode", ("Active",), "is not traced"),
    ),
    ResourceRule(
        id="lambda-not-public",
        title="Not everyone may call a function, or take a layer",
        protects="What the function may do",
        remedy="Name the principal, or set sourceArn, sourceAccount or principalOrgId; for a layer organizationId",
        severity=Severity.CRITICAL,
        types=frozenset({PERMISSION, LAYER_PERMISSION, RESOURCE_POLICY}),
        controls=checkov("CKV_AWS_301") + fsbp("Lambda.1"),
        check=_check_public,
    ),
    ResourceRule(
        id="lambda-service-names-source",
        title="A service may call a function only for a named source",
        protects="The function, from services that act for a stranger",
        remedy="Set sourceArn or sourceAccount; for S3 sourceAccount, since the ARN of a bucket names no account",
        types=frozenset({PERMISSION}),
        controls=checkov("CKV_AWS_364") + fsbp("Lambda.1"),
        check=_check_service,
    ),
    ResourceRule(
        id="lambda-url-authorised",
        title="A function's URL asks who calls",
        protects="The function, from the world",
        remedy="Set authorizationType to AWS_IAM",
        severity=Severity.CRITICAL,
        types=frozenset({URL}),
        controls=checkov("CKV_AWS_258"),
        check=must_not_be_one_of("authorizationType", ("NONE",), "lets everyone call the function"),
    ),
    ResourceRule(
        id="lambda-url-cors",
        title="A function's URL is not open to every site with every method",
        protects="Callers, from pages that call in their name",
        remedy="Name the origins, or the methods",
        severity=Severity.MEDIUM,
        types=frozenset({URL}),
        controls=checkov("CKV2_AWS_75"),
        check=_check_cors,
    ),
    ResourceRule(
        id="lambda-several-zones",
        title="A function in a VPC stands in more than one zone",
        protects="The function, from the loss of a zone",
        remedy="Name a subnet in another zone, too",
        severity=Severity.MEDIUM,
        types=frozenset({FUNCTION}),
        controls=fsbp("Lambda.5"),
        config={
            "minSubnets": {
                "type": "integer",
                "minimum": 1,
                "default": 2,
                "description": "Fewest subnets of a function in a VPC.",
            }
        },
        check=_check_zones,
    ),
    StackRule(
        id="lambda-dead-letters",
        title="What a function fails on is kept",
        protects="Events from being lost",
        remedy="Set deadLetterConfig.targetArn, or a destination on failure",
        severity=Severity.LOW,
        types=frozenset({FUNCTION}),
        controls=checkov("CKV_AWS_116"),
        check=_check_dead_letters,
    ),
    *OPTIONAL,
)
