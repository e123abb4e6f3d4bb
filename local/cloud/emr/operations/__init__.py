"""EMR's operations, as methods that take a request in botocore's shape and give a response in it."""
