# The dev platform (Pulumi.dev.yaml) as far as provider 3.39 knows it, for the real provider to bring up here.
# Not known in 2021: an idle time-out, a key for a cluster's logs, security-group rules as types of their own with ids,
# BucketOwnerEnforced, bucket keys with a type of their own, rotation periods.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "3.39.0"
    }
  }
}

variable "endpoint" {}
variable "cluster_name" { default = "tf-dev-main" }
variable "step_concurrency" { default = 2 }
variable "task_units" { default = 1 }
variable "maximum_units" { default = 4 }
variable "retention_days" { default = 30 }
variable "owner" { default = "data-platform" }
# What each type can change in place, all at once.
variable "changed" { default = false }
variable "subnets" {
  default = { "us-east-1a" = "10.20.0.0/20", "us-east-1b" = "10.20.16.0/20" }
}

locals {
  prefix  = "tf-dev"
  account = data.aws_caller_identity.here.account_id
  arn     = "arn:${data.aws_partition.here.partition}"
  scope   = { "for-use-with-amazon-emr-managed-policies" = "true" }
}

# It knows neither AWS_ENDPOINT_URL nor a region's default of it: one endpoint a service, and buckets in the path.
provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = ["123456789012"]
  s3_force_path_style = true

  default_tags {
    tags = { environment = "dev", owner = var.owner, stack = "tf-dev" }
  }

  endpoints {
    athena         = var.endpoint
    cloudwatchlogs = var.endpoint
    ec2            = var.endpoint
    emr            = var.endpoint
    glue           = var.endpoint
    iam            = var.endpoint
    kms            = var.endpoint
    s3             = var.endpoint
    sts            = var.endpoint
  }
}

data "aws_caller_identity" "here" {}
data "aws_partition" "here" {}
data "aws_region" "here" {}
data "aws_availability_zones" "here" { state = "available" }
