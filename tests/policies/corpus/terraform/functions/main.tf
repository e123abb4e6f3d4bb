# Functions, trails and clusters: with and without what each control asks for.
resource "aws_lambda_function" "a" {
  function_name = "a"
  role = "r"
  runtime = "python3.12"
  handler = "x"
  environment { variables = { TABLE = "x" } }
}
resource "aws_lambda_function" "b" {
  function_name = "b"
  runtime = "python2.7"
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1"
  reserved_concurrent_executions = 10
  environment { variables = { AWS_ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" } }
  tracing_config { mode = "Active" }
  dead_letter_config { target_arn = "arn:aws:sqs:us-east-1:123456789012:q" }
  vpc_config { 
   subnet_ids = ["subnet-1"] 
   security_group_ids = ["sg-1"] 
  }
  code_signing_config_arn = "arn:x"
}
resource "aws_lambda_function" "img" { 
  function_name = "img"
  package_type = "Image" 
  image_uri = "x" 
}
resource "aws_lambda_permission" "s3" {
  function_name = aws_lambda_function.a.function_name
  action = "lambda:InvokeFunction"
  principal = "s3.amazonaws.com"
}
resource "aws_lambda_permission" "s3ok" {
  function_name = aws_lambda_function.a.arn
  action = "lambda:InvokeFunction"
  principal = "s3.amazonaws.com"
  source_arn = "arn:aws:s3:::b"
  source_account = "123456789012"
}
resource "aws_lambda_permission" "all" {
  function_name = aws_lambda_function.a.arn
  action = "lambda:InvokeFunction"
  principal = "*"
}
resource "aws_lambda_function_url" "u" {
  function_name = aws_lambda_function.a.function_name
  authorization_type = "NONE"
  cors { 
   allow_origins = ["*"] 
   allow_methods = ["*"] 
  }
}
resource "aws_lambda_function_url" "v" {
  function_name = aws_lambda_function.b.function_name
  authorization_type = "AWS_IAM"
}
resource "aws_cloudtrail" "t" {
  name = "t"
  s3_bucket_name = "b"
}
resource "aws_cloudtrail" "u" {
  name = "u"
  s3_bucket_name = "b"
  is_multi_region_trail = true
  enable_log_file_validation = true
  kms_key_id = "arn:aws:kms:us-east-1:123456789012:key/1"
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.t.arn}:*"
  cloud_watch_logs_role_arn = "arn:x"
  sns_topic_name = "x"
}
resource "aws_cloudwatch_log_group" "t" {}
resource "aws_emr_cluster" "e" {
  name = "e"
  release_label = "emr-7.0.0"
  service_role = "r"
  security_configuration = aws_emr_security_configuration.sc.name
  kerberos_attributes { 
    kdc_admin_password = "x" 
    realm = "EC2.INTERNAL" 
  }
}
resource "aws_emr_cluster" "f" { name = "f" }
resource "aws_emr_security_configuration" "sc" {
  configuration = <<EOF
{
  "EncryptionConfiguration": {
    "AtRestEncryptionConfiguration": {
      "S3EncryptionConfiguration": {"EncryptionMode": "SSE-S3"},
      "LocalDiskEncryptionConfiguration": {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": "arn:aws:kms:us-west-2:187416307283:alias/tf_emr_test_key"}
    },
    "EnableInTransitEncryption": false,
    "EnableAtRestEncryption": true
  }
}
EOF
}
resource "aws_emr_security_configuration" "kms" {
  configuration = jsonencode({
    EncryptionConfiguration = {
      AtRestEncryptionConfiguration = {
        S3EncryptionConfiguration = { EncryptionMode = "SSE-KMS", AwsKmsKey = "arn:aws:kms:us-west-2:187416307283:key/1" }
        LocalDiskEncryptionConfiguration = { EncryptionKeyProviderType = "AwsKms", AwsKmsKey = "arn:x", EnableEbsEncryption = true }
      }
      InTransitEncryptionConfiguration = { TLSCertificateConfiguration = { CertificateProviderType = "PEM", S3Object = "s3://x/y.zip" } }
      EnableInTransitEncryption = true
      EnableAtRestEncryption = true
    }
  })
}
resource "aws_emr_block_public_access_configuration" "b" { block_public_security_group_rules = false }
