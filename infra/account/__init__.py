"""The account beneath the platform: a Pulumi project of its own, with one stack."""
