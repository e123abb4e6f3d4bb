"""CloudWatch alarms that watch: metric alarms on real data, composite alarms on other alarms, and whom they notify."""
