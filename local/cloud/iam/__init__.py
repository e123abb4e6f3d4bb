"""IAM as AWS judges it: who calls, what the request asks for, what the policies say of it."""
