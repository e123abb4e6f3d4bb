# The buckets: settings of a bucket still stood inside it.

locals {
  zones = toset(["landing", "curated", "checkpoints", "artifacts", "logs", "runs"])
}

resource "aws_s3_bucket" "access_logs" {
  bucket        = "${local.prefix}-access-logs-${local.account}"
  force_destroy = true
}

# A bucket of today takes no list that gives S3's log delivery anything, and this version cannot ask for another.
data "aws_iam_policy_document" "access_logs" {
  statement {
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.access_logs.arn}/*"]
    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }
  }
}

resource "aws_s3_bucket_policy" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id
  policy = data.aws_iam_policy_document.access_logs.json
}

resource "aws_s3_bucket" "zone" {
  for_each      = local.zones
  bucket        = "${local.prefix}-${each.key}-${local.account}"
  acl           = "private"
  force_destroy = true
  depends_on    = [aws_s3_bucket_policy.access_logs]

  versioning {
    enabled = true
  }

  logging {
    target_bucket = aws_s3_bucket.access_logs.id
    target_prefix = "${each.key}/"
  }

  server_side_encryption_configuration {
    rule {
      bucket_key_enabled = true
      apply_server_side_encryption_by_default {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = aws_kms_key.purpose[each.key == "logs" ? "logs" : "data"].arn
      }
    }
  }

  lifecycle_rule {
    id                                     = "old-versions-and-stale-uploads"
    enabled                                = true
    abort_incomplete_multipart_upload_days = 7

    noncurrent_version_expiration {
      days = var.changed ? 14 : 7
    }
  }
}

data "aws_iam_policy_document" "tls" {
  for_each = aws_s3_bucket.zone
  statement {
    sid       = var.changed ? "OnlyTls" : "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_public_access_block" "zone" {
  for_each                = aws_s3_bucket.zone
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = !var.changed
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "zone" {
  for_each   = aws_s3_bucket.zone
  bucket     = each.value.id
  policy     = data.aws_iam_policy_document.tls[each.key].json
  depends_on = [aws_s3_bucket_public_access_block.zone]
}

resource "aws_s3_bucket_ownership_controls" "zone" {
  for_each   = aws_s3_bucket.zone
  bucket     = each.value.id
  depends_on = [aws_s3_bucket_policy.zone]
  rule {
    object_ownership = var.changed ? "ObjectWriter" : "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_object" "event_logs" {
  bucket  = aws_s3_bucket.zone["logs"].id
  key     = "event-logs/"
  content = var.changed ? "changed" : ""
}
