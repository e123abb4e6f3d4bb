"""What an EMR Serverless application may cost: nothing while nothing runs, and at most its ceiling all month."""

from __future__ import annotations

from dataclasses import dataclass

from facts.errors import UserError
from facts.services import Item, service_price
from infra.cost.rows import HOURS_A_MONTH, Row


@dataclass(frozen=True, kw_only=True)
class Application:
    """The ceiling of an EMR Serverless application, its `maximumCapacity`, and what it keeps warm of it."""

    name: str
    maximum_vcpu: int
    maximum_memory_gb: int
    maximum_disk_gb: int
    initial_vcpu: int = 0
    initial_memory_gb: int = 0


def row(application: Application, region: str) -> Row:
    """The application's month. All of its disk counts, though 20 GB of each worker are free: workers are not known."""
    component = f"serverless {application.name}"
    try:
        vcpu, memory, disk = (service_price(item, region).usd for item in _ITEMS)
    except UserError as error:
        return Row.missing(component, "workers", (str(error),))
    low = application.initial_vcpu * vcpu + application.initial_memory_gb * memory
    high = (
        application.maximum_vcpu * vcpu
        + application.maximum_memory_gb * memory
        + application.maximum_disk_gb * disk
    )
    return Row(
        component=component,
        item="workers",
        low=low * HOURS_A_MONTH,
        high=high * HOURS_A_MONTH,
        unit=f"{vcpu:g} USD/h a vCPU, {memory:g} a GB of memory, {disk:g} a GB of disk",
        how=f"low: {application.initial_vcpu} vCPU and {application.initial_memory_gb} GB kept warm; "
        f"high: {application.maximum_vcpu} vCPU, {application.maximum_memory_gb} GB and "
        f"{application.maximum_disk_gb} GB of disk; {HOURS_A_MONTH} h",
    )


_ITEMS: tuple[Item, Item, Item] = (
    "serverless_vcpu_hour",
    "serverless_memory_gb_hour",
    "serverless_storage_gb_hour",
)
