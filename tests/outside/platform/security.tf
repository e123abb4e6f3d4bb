# Keys, roles, the boundary, the security configuration.

data "aws_iam_policy_document" "key" {
  statement {
    sid       = var.changed ? "AdministrationIsIam" : "AdministrationIsAllowedByIam"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["${local.arn}:iam::${local.account}:root"]
    }
  }
}

resource "aws_kms_key" "purpose" {
  for_each                = toset(["data", "logs", "volumes"])
  description             = "${local.prefix}: ${each.key}${var.changed ? ", changed" : ""}"
  policy                  = data.aws_iam_policy_document.key.json
  enable_key_rotation     = !var.changed
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "purpose" {
  for_each      = aws_kms_key.purpose
  name          = "alias/${local.prefix}/${each.key}"
  target_key_id = var.changed && each.key == "volumes" ? aws_kms_key.purpose["data"].key_id : each.value.key_id
}

data "aws_iam_policy_document" "boundary" {
  statement {
    sid       = var.changed ? "BucketsOfAll" : "Buckets"
    actions   = ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${local.arn}:s3:::${local.prefix}-*"]
  }
  statement {
    sid       = "Machines"
    actions   = ["ec2:*", "logs:*", "elasticmapreduce:*", "kms:*", "sts:AssumeRole", "sts:TagSession", "iam:PassRole"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [data.aws_region.here.name]
    }
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${local.prefix}-boundary"
  description = "The most that any role can be given"
  policy      = data.aws_iam_policy_document.boundary.json
}

locals {
  roles = {
    service   = "elasticmapreduce.amazonaws.com"
    node      = "ec2.amazonaws.com"
    flow-logs = "vpc-flow-logs.amazonaws.com"
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles
  statement {
    actions = var.changed ? ["sts:AssumeRole", "sts:TagSession"] : ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = [each.value]
    }
  }
}

resource "aws_iam_role" "machine" {
  for_each             = local.roles
  name                 = "${local.prefix}-${each.key}"
  description          = "For ${each.value}${var.changed ? ", changed" : ""}"
  max_session_duration = var.changed ? 7200 : 3600
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  permissions_boundary = aws_iam_policy.boundary.arn
}

data "aws_iam_policy_document" "allowed" {
  for_each = {
    service   = ["ec2:RunInstances", "ec2:CreateFleet", "ec2:Describe*", "ec2:TerminateInstances"]
    node      = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
    flow-logs = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
  }
  statement {
    sid       = var.changed ? "Changed" : "Allowed"
    actions   = each.value
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "machine" {
  for_each = aws_iam_role.machine
  name     = each.key
  role     = each.value.name
  policy   = data.aws_iam_policy_document.allowed[each.key].json
}

resource "aws_iam_role_policy_attachment" "node" {
  role       = aws_iam_role.machine["node"].name
  policy_arn = aws_iam_policy.boundary.arn
}

resource "aws_iam_instance_profile" "node" {
  name = "${local.prefix}-node"
  role = aws_iam_role.machine[var.changed ? "service" : "node"].name
}

resource "aws_emr_security_configuration" "clusters" {
  name_prefix = "${local.prefix}-clusters-"
  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableAtRestEncryption    = true
      EnableInTransitEncryption = false
      AtRestEncryptionConfiguration = {
        S3EncryptionConfiguration = { EncryptionMode = "SSE-KMS", AwsKmsKey = aws_kms_key.purpose["data"].arn }
        LocalDiskEncryptionConfiguration = {
          EncryptionKeyProviderType = "AwsKms"
          AwsKmsKey                 = aws_kms_key.purpose["volumes"].arn
          EnableEbsEncryption       = true
        }
      }
    }
    AuthorizationConfiguration = { IAMConfiguration = { EnableApplicationScopedIAMRole = true } }
  })
}
