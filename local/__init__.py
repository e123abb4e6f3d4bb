"""AWS on one machine: an API server, a resource provider and a Spark that behave as AWS documents them."""
