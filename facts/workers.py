"""The workers of EMR Serverless: which memory one of so many vCPUs may have."""

from __future__ import annotations

from collections.abc import Mapping

# GB of memory that a worker of so many vCPUs may have: "supported worker configurations" of
# https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-behavior.html (read 2026-11-28)
WORKER_MEMORY: Mapping[int, tuple[int, ...]] = {
    1: tuple(range(2, 9)),
    2: tuple(range(4, 17)),
    4: tuple(range(8, 31)),
    8: tuple(range(16, 61, 4)),
    16: tuple(range(32, 121, 8)),
}
# What Spark keeps beside the heap in a worker, unless the job says otherwise: a share of the heap, and so much at
# least (same place).
OVERHEAD = 0.1
LEAST_OVERHEAD_MB = 384
