"""Spark on this machine: for a cluster that EMR runs, a real YARN; its steps through spark-submit."""

from local.spark.runner import SparkRunner

__all__ = ["SparkRunner"]
