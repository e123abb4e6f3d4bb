# Documents as text, by jsonencode, by the data source, with sources, dynamic blocks and references.
locals {
  services = ["emr-serverless.amazonaws.com", "elasticmapreduce.amazonaws.com"]
  tags     = merge({ owner = "data" }, { team = "a" })
}

resource "aws_iam_policy" "all" {
  name   = "all"
  policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}"
}

resource "aws_iam_role" "job" {
  name               = "job"
  tags               = local.tags
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = local.services
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
    }
  }
}

resource "aws_iam_role" "open" {
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "narrow" {
  role = aws_iam_role.job.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::acme/*"] },
      { Effect = "Allow", Action = "iam:PassRole", Resource = aws_iam_role.job.arn,
        Condition = { StringEquals = { "iam:PassedToService" = "emr-serverless.amazonaws.com" } } },
    ]
  })
}

data "aws_iam_policy_document" "base" {
  statement {
    actions   = ["kms:Decrypt"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "wide" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]
  statement {
    actions   = ["s3:*"]
    resources = ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"]
  }
  statement {
    actions   = ["iam:PassRole"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "wide" {
  role   = aws_iam_role.job.id
  policy = data.aws_iam_policy_document.wide.json
}

resource "aws_iam_role_policy_attachment" "admin" {
  role       = aws_iam_role.job.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.job.name
  policy_arn = aws_iam_policy.all.arn
}
