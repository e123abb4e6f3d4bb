"""Clusters on EC2: fleets, scaling, configuration."""
