"""The buckets: data zones, artifacts, logs and the run store."""
