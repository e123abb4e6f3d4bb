"""A Pulumi resource provider for the `aws:*` types of the platform, over any AWS API at an endpoint."""

from local.provider.server import ProviderServer, serve_provider

__all__ = ["ProviderServer", "serve_provider"]
