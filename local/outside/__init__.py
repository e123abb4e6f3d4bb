"""Programs of others, unchanged: the AWS CLI, Terraform and the real AWS provider, each apart from our own packages.

They are for tests, and for asking the real provider how it behaves; no local run needs them.
"""
