# Documents that stand alone, and identities of every kind.
data "aws_iam_policy_document" "assume" {
  statement {
    effect = "Allow"
    actions = ["sts:AssumeRole"]
    principals {
      type = "Service"
      identifiers = ["lambda.amazonaws.com", "ec2.amazonaws.com"]
    }
  }
}
data "aws_iam_policy_document" "github" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type = "Federated"
      identifiers = ["arn:aws:iam::123456123456:oidc-provider/token.actions.githubusercontent.com"]
    }
    condition {
      test = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values = ["repo:myorg/myrepo:ref:refs/heads/main"]
    }
  }
}
data "aws_iam_policy_document" "github_bad" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type = "Federated"
      identifiers = ["arn:aws:iam::123456123456:oidc-provider/token.actions.githubusercontent.com"]
    }
    condition {
      test = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values = ["repo:*"]
    }
  }
}
resource "aws_iam_role" "a" { assume_role_policy = data.aws_iam_policy_document.assume.json }
resource "aws_iam_role" "any" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { AWS = "*" } }] })
}
resource "aws_iam_role" "acct" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { AWS = "arn:aws:iam::999988887777:root" } }] })
  managed_policy_arns = ["arn:aws:iam::aws:policy/AdministratorAccess"]
  inline_policy {
    name = "x"
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "*", Effect = "Allow", Resource = "*" }] })
  }
}
resource "aws_iam_policy" "logs" {
  policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "arn:aws:logs:*:*:*"},
    {"Effect": "Allow", "Action": ["ec2:DescribeInstances"], "Resource": "*"}
  ]
}
EOF
}
resource "aws_iam_policy" "s3ro" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["s3:GetObject", "s3:ListBucket"], Effect = "Allow", Resource = "*" }] })
}
resource "aws_iam_policy" "put" {
  policy = jsonencode({ Version = "2012-10-17", Statement = { Action = "s3:PutObject", Effect = "Allow", Resource = ["*"] } })
}
resource "aws_iam_role_policy" "passrun" {
  role = aws_iam_role.a.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["iam:PassRole", "ec2:RunInstances"], Effect = "Allow", Resource = "*" }] })
}
resource "aws_iam_user_policy" "u" {
  user = aws_iam_user.u.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = "iam:*", Effect = "Allow", Resource = "*" }] })
}
resource "aws_iam_user" "u" { name = "u" }
resource "aws_iam_user_policy_attachment" "ua" {
  user = aws_iam_user.u.name
  policy_arn = "arn:aws:iam::aws:policy/IAMFullAccess"
}
resource "aws_iam_role_policy_attachment" "ra" {
  role = aws_iam_role.a.name
  policy_arn = data.aws_iam_policy.admin.arn
}
data "aws_iam_policy" "admin" { name = "AdministratorAccess" }
resource "aws_iam_account_password_policy" "weak" {
  minimum_password_length = 8
  require_symbols = true
}
resource "aws_iam_account_password_policy" "strong" {
  minimum_password_length = 14
  require_symbols = true
  require_numbers = true
  require_uppercase_characters = true
  require_lowercase_characters = true
  password_reuse_prevention = 24
  max_password_age = 90
}
resource "aws_iam_access_key" "root" { user = "root" }
data "aws_iam_policy_document" "denyall" {
  statement {
    effect = "Deny"
    actions = ["*"]
    resources = ["*"]
  }
  statement {
    actions = ["secretsmanager:GetSecretValue", "s3:GetObject"]
    resources = ["*"]
  }
}
resource "aws_iam_policy" "from" { policy = data.aws_iam_policy_document.denyall.json }
