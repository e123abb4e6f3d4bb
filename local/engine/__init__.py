"""The Pulumi engine on a machine without it: found, installed, or built from its Go modules."""

from local.engine.ensure import Engine, ensure

__all__ = ["Engine", "ensure"]
