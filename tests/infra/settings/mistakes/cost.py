"""What a month may cost."""

from __future__ import annotations

from tests.infra.settings.trees import Case

BAD: list[Case] = [
    (
        "ceiling as text",
        lambda t: t.update(cost={"monthly_ceiling_usd": "2500"}),
        r'^emr:cost\.monthly_ceiling_usd: is "2500"; must be a whole number$',
    ),
    (
        "no ceiling at all",
        lambda t: t.update(cost={"monthly_ceiling_usd": 0}),
        r"^emr:cost\.monthly_ceiling_usd: is 0; must be at least 1$",
    ),
    (
        "ceiling of the moon",
        lambda t: t.update(cost={"monthly_ceiling_usd": 10**9}),
        r"^emr:cost\.monthly_ceiling_usd: is 1000000000; must be at most 100000000$",
    ),
    (
        "ceiling misspelt",
        lambda t: t.update(cost={"monthly_cieling_usd": 1}),
        r"^emr:cost\.monthly_cieling_usd: is no setting \(did you mean 'monthly_ceiling_usd'\?\)",
    ),
    (
        "above the ceiling",
        lambda t: t.update(cost={"monthly_ceiling_usd": 1000}),
        r"^emr:cost\.monthly_ceiling_usd: is 1,000, but a month may cost 1,216 USD \(prices of 2026-10-15, .*\); "
        r"the largest: cluster main core and task 968, cluster main primary 183, network interface endpoints 44; "
        r"lower what these may grow to .*, or raise the ceiling$",
    ),
    (
        "a price that is missing",
        lambda t: (
            t["aws"].update(region="sa-east-1"),
            t["network"].update(zones=["sa-east-1a", "sa-east-1b"]),
        ),
        r"^emr:cost\.monthly_ceiling_usd: is 2,500, but what a month costs is not known: there is no price for: .*"
        r"region 'sa-east-1' is not known.*; take types and a region that have prices, or remove the ceiling$",
    ),
]
