"""Spark on this machine: for a cluster that EMR runs, a real YARN; for a job run without cluster, a driver."""

from local.spark.jobs import SparkJobs
from local.spark.runner import SparkRunner

__all__ = ["SparkJobs", "SparkRunner"]
