"""EMR Serverless: applications that stop, have a ceiling, stand in a network and keep their logs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.rule import Config, Finding, ResourceRule, Severity, Verdicts
from policies.view import Node, Resource, WrongTypeError, show

APPLICATION = frozenset({"aws:emrserverless/application:Application"})
AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:v?cpus?|gb)?\s*", re.IGNORECASE)
# EMR's own, where nothing is said: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/application-capacity.html
IDLE_MINUTES = 15
IMMUTABLE = re.compile(r".+@sha256:[0-9a-f]{64}")
TAG = re.compile(r".+/[^:/]+:(?P<tag>[^:/@]+)")


def _amount(node: Node) -> float | None:
    """`4 vCPU` or `16 GB` as a number; None where nothing is set."""
    text = node.value if isinstance(node.value, int | float) else node.text()
    if text is None:
        return None
    found = AMOUNT.fullmatch(str(text))
    if found is None:
        raise WrongTypeError(node.path, text, "an amount as in '16 vCPU' or '64 GB'")
    return float(found[1])


def _check_stop(resource: Resource, config: Config) -> Verdicts:
    stop = resource.get("autoStopConfiguration")
    if stop.get("enabled").flag() is False:
        yield Finding("never stops: autoStopConfiguration.enabled is false")
        return
    minutes = stop.get("idleTimeoutMinutes").number()
    minutes = IDLE_MINUTES if minutes is None else minutes
    if minutes > config["maxIdleMinutes"]:
        yield Finding(f"idles for {minutes:.0f} minutes; allowed are {config['maxIdleMinutes']:.0f}")


def _check_ceiling(resource: Resource, _: Config) -> Verdicts:
    ceiling = resource.get("maximumCapacity")
    missing = [key for key in ("cpu", "memory") if not ceiling.get(key).present]
    if missing:
        yield Finding(f"may grow to the account's quota: maximumCapacity has no {' and no '.join(missing)}")


def _ready(resource: Resource) -> Iterator[tuple[float, Node]]:
    for one in resource.get("initialCapacities").items():
        config = one.get("initialCapacityConfig")
        yield config.get("workerCount").number() or 0, config.get("workerConfiguration")


def _check_ready(resource: Resource, _: Config) -> Verdicts:
    for key, unit in (("cpu", "vCPU"), ("memory", "GB")):
        most = _amount(resource.get("maximumCapacity").get(key))
        wanted = sum(count * (_amount(worker.get(key)) or 0) for count, worker in _ready(resource))
        if most is not None and wanted > most:
            yield Finding(
                f"keeps {wanted:.0f} {unit} ready, more than the {most:.0f} of maximumCapacity.{key}"
            )


def _check_ready_stops(resource: Resource, config: Config) -> Verdicts:
    workers = sum(count for count, _ in _ready(resource))
    if workers > config["maxWorkers"]:
        yield Finding(f"keeps {workers:.0f} workers ready; allowed are {config['maxWorkers']:.0f}")


def _check_network(resource: Resource, _: Config) -> Verdicts:
    network = resource.get("networkConfiguration")
    for key in ("subnetIds", "securityGroupIds"):
        node = network.get(key)
        if not node.present or (not node.unknown and not node.items()):
            yield Finding(f"runs outside of the VPC: networkConfiguration.{key} is empty")
            return


def _check_logs(resource: Resource, _: Config) -> Verdicts:
    logs = resource.get("monitoringConfiguration")
    kept = logs.get("s3MonitoringConfiguration").get("logUri").present
    kept = kept or logs.get("cloudwatchLoggingConfiguration").get("enabled").flag() is True
    # AWS keeps a copy of its own for 30 days unless told not to.
    managed = logs.get("managedPersistenceMonitoringConfiguration").get("enabled").flag() is not False
    if not kept:
        what = "only AWS's copy of 30 days" if managed else "no copy"
        yield Finding(
            f"keeps {what} of its logs: neither S3 nor CloudWatch is set in monitoringConfiguration"
        )


def _check_log_keys(resource: Resource, _: Config) -> Verdicts:
    logs = resource.get("monitoringConfiguration")
    s3 = logs.get("s3MonitoringConfiguration")
    if s3.get("logUri").present and not s3.get("encryptionKeyArn").present:
        yield Finding("writes its logs to S3 without s3MonitoringConfiguration.encryptionKeyArn")


def _check_image(resource: Resource, _: Config) -> Verdicts:
    image = resource.get("imageConfiguration").get("imageUri")
    uri = image.text()
    if uri is None or IMMUTABLE.fullmatch(uri):
        return
    found = TAG.fullmatch(uri)
    if found is None or found["tag"] == "latest":
        yield Finding(f"runs the image {show(uri)}, which is another one tomorrow")


RULES = (
    ResourceRule(
        id="emr-serverless-auto-stop",
        title="An EMR Serverless application stops when it idles",
        protects="Money: workers that are kept ready are paid for",
        remedy="Set autoStopConfiguration.enabled to true with idleTimeoutMinutes",
        severity=Severity.MEDIUM,
        types=APPLICATION,
        config={
            "maxIdleMinutes": {
                "type": "number",
                "minimum": 1,
                "maximum": 10080,
                "default": 60,
                "description": "Longest idle time in minutes.",
            }
        },
        check=_check_stop,
    ),
    ResourceRule(
        id="emr-serverless-ceiling",
        title="An EMR Serverless application has a ceiling",
        protects="Money, and the quota of the account's other applications",
        remedy="Set maximumCapacity.cpu and maximumCapacity.memory",
        severity=Severity.MEDIUM,
        types=APPLICATION,
        check=_check_ceiling,
    ),
    ResourceRule(
        id="emr-serverless-ready-within-ceiling",
        title="What an EMR Serverless application keeps ready fits under its ceiling",
        protects="The application: it does not start otherwise",
        remedy="Raise maximumCapacity, or keep less ready",
        severity=Severity.MEDIUM,
        types=APPLICATION,
        check=_check_ready,
    ),
    ResourceRule(
        id="emr-serverless-ready-workers",
        title="An EMR Serverless application keeps few workers ready",
        protects="Money: they are paid for while the application is started, work or none",
        remedy="Lower workerCount in initialCapacities",
        severity=Severity.LOW,
        types=APPLICATION,
        config={
            "maxWorkers": {
                "type": "number",
                "minimum": 0,
                "default": 50,
                "description": "Most workers that are kept ready.",
            }
        },
        check=_check_ready_stops,
    ),
    ResourceRule(
        id="emr-serverless-network",
        title="EMR Serverless workers run in subnets of the VPC",
        protects="Data: what the workers reach is decided by routes, endpoints and groups of one's own",
        remedy="Set networkConfiguration.subnetIds and securityGroupIds",
        severity=Severity.MEDIUM,
        types=APPLICATION,
        check=_check_network,
    ),
    ResourceRule(
        id="emr-serverless-logs",
        title="Logs of EMR Serverless are kept in a place of our own",
        protects="What happened, after the run",
        remedy="Set s3MonitoringConfiguration.logUri or cloudwatchLoggingConfiguration in monitoringConfiguration",
        severity=Severity.MEDIUM,
        types=APPLICATION,
        check=_check_logs,
    ),
    ResourceRule(
        id="emr-serverless-log-encryption",
        title="Logs of EMR Serverless in S3 are encrypted with a KMS key of our own",
        protects="What logs tell about data and people",
        remedy="Set s3MonitoringConfiguration.encryptionKeyArn",
        severity=Severity.MEDIUM,
        types=APPLICATION,
        check=_check_log_keys,
    ),
    ResourceRule(
        id="emr-serverless-image",
        title="An image of EMR Serverless is named by a version",
        protects="Jobs, from an image that changes under them",
        remedy="Name the image by digest, or by a tag that is never moved",
        severity=Severity.LOW,
        types=APPLICATION,
        check=_check_image,
    ),
)
