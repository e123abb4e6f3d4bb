# Instances by for_each and count, whose settings go over the instances of another resource.
variable "env" { 
  type = string
  default = "prod" 
}
locals {
  name = "${var.env}-data"
  buckets = toset(["raw", "curated"])
  tags = { for k, v in { a = "1", b = "2" } : k => upper(v) }
}
resource "aws_s3_bucket" "this" {
  for_each = local.buckets
  bucket   = "${local.name}-${each.key}"
  tags     = local.tags
}
resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = aws_s3_bucket.this
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  versioning_configuration { status = var.env == "prod" ? "Enabled" : "Suspended" }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket = each.value.bucket
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.k.arn
      sse_algorithm = "aws:kms"
    }
  }
}
resource "aws_kms_key" "k" {
  description = "x"
  enable_key_rotation = true
  policy = data.aws_iam_policy_document.k.json
}
data "aws_caller_identity" "current" {}
data "aws_iam_policy_document" "k" {
  statement {
    sid = "root"
    actions = ["kms:*"]
    resources = ["*"]
    principals { 
      type = "AWS" 
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"] 
    }
  }
}
resource "aws_s3_bucket_logging" "l" {
  count = 2
  bucket = values(aws_s3_bucket.this)[count.index].id
  target_bucket = "logs-elsewhere"
  target_prefix = "x/"
}
resource "aws_s3_bucket_lifecycle_configuration" "l" {
  for_each = local.buckets
  bucket = aws_s3_bucket.this[each.value].id
  rule {
    id = "a"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload { days_after_initiation = 7 }
    expiration { days = 90 }
  }
}
