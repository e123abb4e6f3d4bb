"""Quotas against what the stack can come to need, beside what others in the account use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emrctl.doctor import needs
from emrctl.doctor.finding import Finding, ok, problem
from facts import quotas
from infra.settings.stack import Settings
from infra.tags import STACK_KEY


def vcpus(service_quotas: Any, ec2: Any, settings: Settings, stack: str) -> Iterator[Finding]:
    """The vCPUs of the clusters at their largest, by market and family."""
    used = _running(ec2, stack)
    for code, needed in sorted(needs.vcpus(settings.clusters.values()).items()):
        yield _held(service_quotas, code, needed, used.get(code, 0), "vCPUs")


def addresses(service_quotas: Any, ec2: Any, settings: Settings, stack: str) -> Iterator[Finding]:
    """The elastic IPs of the NAT gateways, where there are any."""
    needed = needs.elastic_ips(settings)
    if needed:
        others = [one for one in ec2.describe_addresses()["Addresses"] if not _ours(one, stack)]
        yield _held(service_quotas, quotas.ELASTIC_IPS, needed, len(others), "addresses")


def vpcs(service_quotas: Any, ec2: Any, stack: str) -> Iterator[Finding]:
    """One VPC more, unless it is there already."""
    pages = ec2.get_paginator("describe_vpcs").paginate()
    others = [one for page in pages for one in page["Vpcs"] if not _ours(one, stack)]
    yield _held(service_quotas, quotas.VPCS, 1, len(others), "VPCs")


def _held(service_quotas: Any, code: str, needed: int, used: int, unit: str) -> Finding:
    quota = quotas.quotas()[code]
    answer = service_quotas.get_service_quota(ServiceCode=quota.service, QuotaCode=code)
    allowed = int(answer["Quota"]["Value"])
    asks = f"{quota.name} ({code}): {allowed} {unit} allowed, {used} used by others, up to {needed} needed"
    if used + needed <= allowed:
        return ok("quotas", asks)
    return problem(
        "quotas",
        asks,
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code {code} "
        f"--desired-value {used + needed}",
    )


def _running(ec2: Any, stack: str) -> dict[str, int]:
    """Quota code → the vCPUs that instances of others have."""
    used: dict[str, int] = {}
    states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    for page in ec2.get_paginator("describe_instances").paginate(Filters=states):
        for instance in (one for group in page["Reservations"] for one in group["Instances"]):
            market = needs.SPOT if instance.get("InstanceLifecycle") == "spot" else needs.ON_DEMAND
            quota = quotas.of_instances(instance["InstanceType"], market)
            if quota is not None and not _ours(instance, stack):
                cpu = instance.get("CpuOptions", {})
                count = cpu.get("CoreCount", 1) * cpu.get("ThreadsPerCore", 1)
                used[quota.code] = used.get(quota.code, 0) + count
    return used


def _ours(resource: Mapping[str, Any], stack: str) -> bool:
    return {"Key": STACK_KEY, "Value": stack} in resource.get("Tags", [])
