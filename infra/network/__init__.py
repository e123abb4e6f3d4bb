"""The VPC, its subnets and endpoints, and the security groups of EMR's nodes."""
