"""S3 here, against plain moto."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import psutil

PUTS, PUT_BYTES = 100, 1 << 20
PLAIN = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


def measure(endpoint: str, pid: int, runs: int) -> dict[str, Any]:
    """Objects of 1 MB a second, their ratio to plain moto's, and the server's memory when they are gone."""
    ours, plain = [], []
    with _plain_moto() as other:
        for run in range(runs):
            ours.append(_puts(endpoint, f"ours-{run}"))
            plain.append(_puts(other, f"plain-{run}"))
    return {
        "S3, puts of 1 MB a second": round(statistics.median(ours), 1),
        "  ours / plain moto (aim 0.6)": round(statistics.median(ours) / statistics.median(plain), 2),
        "server when these objects are gone again, MB": round(psutil.Process(pid).memory_info().rss / 1e6),
    }


def _puts(endpoint: str, bucket: str) -> float:
    """Objects a second, one after the other."""
    s3 = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )  # fmt: skip
    body = os.urandom(PUT_BYTES)
    s3.create_bucket(Bucket=bucket)
    began = time.perf_counter()
    for number in range(PUTS):
        s3.put_object(Bucket=bucket, Key=str(number), Body=body)
    seconds = time.perf_counter() - began
    for number in range(PUTS):
        s3.delete_object(Bucket=bucket, Key=str(number))
    s3.delete_bucket(Bucket=bucket)
    return PUTS / seconds


@contextmanager
def _plain_moto() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", PLAIN],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as server:  # it ends when its input does
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
