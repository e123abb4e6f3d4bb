"""What an EMR Serverless application may cost: nothing while it is stopped, and at most its ceiling all month."""

from __future__ import annotations

from dataclasses import dataclass

from facts.errors import UserError
from facts.services import Item, service_price
from infra.cost.rows import HOURS_A_MONTH, Row

_ITEMS: tuple[Item, Item, Item] = (
    "serverless_vcpu_hour",
    "serverless_memory_gb_hour",
    "serverless_storage_gb_hour",
)


@dataclass(frozen=True, kw_only=True)
class Application:
    """The ceiling of an EMR Serverless application, its `maximumCapacity`. It stops when it idles."""

    name: str
    maximum_vcpu: int
    maximum_memory_gb: int
    maximum_disk_gb: int


def row(application: Application, region: str) -> Row:
    """The application's month, at the rates of x86_64, which are above those of arm64.

    All of its disk counts, though 20 GB of each worker are free: how many workers share the ceiling is not known.
    """
    component = f"serverless {application.name}"
    try:
        vcpu, memory, disk = (service_price(item, region).usd for item in _ITEMS)
    except UserError as error:
        return Row.missing(component, "workers", (str(error),))
    rate = (
        application.maximum_vcpu * vcpu
        + application.maximum_memory_gb * memory
        + application.maximum_disk_gb * disk
    )
    return Row(
        component=component,
        item="workers",
        low=0.0,
        high=rate * HOURS_A_MONTH,
        unit=f"{vcpu:g} USD/h a vCPU, {memory:g} a GB of memory, {disk:g} a GB of disk",
        how=f"low: stopped; high: {application.maximum_vcpu} vCPU, {application.maximum_memory_gb} GB and "
        f"{application.maximum_disk_gb} GB of disk; {HOURS_A_MONTH} h",
    )
