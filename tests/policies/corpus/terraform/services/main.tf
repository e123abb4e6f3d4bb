# Services that keep data: with and without what each control asks for.
resource "aws_sns_topic" "a" {}
resource "aws_sns_topic" "b" { kms_master_key_id = "alias/aws/sns" }
resource "aws_sns_topic" "c" { kms_master_key_id = aws_kms_key.k.id }
resource "aws_sns_topic_policy" "p" {
  arn = aws_sns_topic.a.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "SNS:Publish", Resource = aws_sns_topic.a.arn }] })
}
resource "aws_sqs_queue" "a" {}
resource "aws_sqs_queue" "b" { kms_master_key_id = "alias/aws/sqs" }
resource "aws_sqs_queue" "c" { sqs_managed_sse_enabled = true }
resource "aws_sqs_queue" "d" { sqs_managed_sse_enabled = false }
resource "aws_sqs_queue_policy" "p" {
  queue_url = aws_sqs_queue.a.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "*", Resource = aws_sqs_queue.a.arn }] })
}
resource "aws_sqs_queue_policy" "svc" {
  queue_url = aws_sqs_queue.c.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "sns.amazonaws.com" }, Action = "sqs:SendMessage", Resource = aws_sqs_queue.c.arn, Condition = { ArnEquals = { "aws:SourceArn" = aws_sns_topic.a.arn } } }] })
}
resource "aws_kms_key" "k" {}
resource "aws_kms_key" "asym" { customer_master_key_spec = "RSA_2048" }
resource "aws_kms_key" "off" { 
  enable_key_rotation = true
  is_enabled = false 
}
resource "aws_kms_key" "pub" {
  enable_key_rotation = true
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "kms:*", Resource = "*" }] })
}
resource "aws_dynamodb_table" "a" {
  name = "a"
  hash_key = "id"
  billing_mode = "PAY_PER_REQUEST"
  attribute { 
    name = "id" 
    type = "S" 
  }
}
resource "aws_dynamodb_table" "b" {
  name = "b"
  hash_key = "id"
  read_capacity = 5
  write_capacity = 5
  point_in_time_recovery { enabled = true }
  server_side_encryption { 
    enabled = true 
    kms_key_arn = aws_kms_key.k.arn 
  }
}
resource "aws_dynamodb_table" "c" {
  name = "c"
  server_side_encryption { enabled = true }
  point_in_time_recovery { enabled = false }
}
resource "aws_secretsmanager_secret" "a" {}
resource "aws_secretsmanager_secret" "b" { kms_key_id = aws_kms_key.k.arn }
resource "aws_secretsmanager_secret" "c" { kms_key_id = "alias/aws/secretsmanager" }
resource "aws_secretsmanager_secret_rotation" "r" {
  secret_id = aws_secretsmanager_secret.b.id
  rotation_lambda_arn = "arn:aws:lambda:us-east-1:123456789012:function:r"
  rotation_rules { automatically_after_days = 120 }
}
resource "aws_ecr_repository" "a" { name = "a" }
resource "aws_ecr_repository" "b" {
  name = "b"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration { scan_on_push = true }
  encryption_configuration { 
    encryption_type = "KMS" 
    kms_key = aws_kms_key.k.arn
  }
}
resource "aws_ecr_repository_policy" "p" {
  repository = aws_ecr_repository.a.name
  policy = jsonencode({ Version = "2008-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = ["ecr:BatchGetImage"] }] })
}
resource "aws_cloudwatch_log_group" "a" { name = "a" }
resource "aws_cloudwatch_log_group" "b" { 
  retention_in_days = 365
  kms_key_id = aws_kms_key.k.arn 
}
resource "aws_cloudwatch_log_group" "c" { retention_in_days = 30 }
resource "aws_cloudwatch_log_group" "d" { retention_in_days = 0 }
resource "aws_cloudwatch_metric_alarm" "x" { 
  alarm_name = "x"
  actions_enabled = false 
}
resource "aws_athena_workgroup" "a" { name = "a" }
resource "aws_athena_workgroup" "b" {
  name = "b"
  configuration {
    enforce_workgroup_configuration = false
    result_configuration {
      output_location = "s3://x/"
      encryption_configuration { encryption_option = "SSE_S3" }
    }
  }
}
resource "aws_athena_workgroup" "c" {
  name = "c"
  configuration {
    result_configuration {
      encryption_configuration { 
        encryption_option = "SSE_KMS" 
        kms_key_arn = aws_kms_key.k.arn 
      }
    }
  }
}
resource "aws_athena_database" "d" { 
  name = "d" 
  bucket = "b" 
}
resource "aws_glue_crawler" "c" { name = "c" }
resource "aws_glue_job" "j" { security_configuration = aws_glue_security_configuration.s.name }
resource "aws_glue_security_configuration" "s" {
  name = "s"
  encryption_configuration {
    cloudwatch_encryption { cloudwatch_encryption_mode = "SSE-KMS" 
      kms_key_arn = "x" }
    job_bookmarks_encryption { job_bookmarks_encryption_mode = "DISABLED" }
    s3_encryption { s3_encryption_mode = "SSE-KMS" 
      kms_key_arn = "x" }
  }
}
resource "aws_glue_data_catalog_encryption_settings" "e" {
  data_catalog_encryption_settings {
    connection_password_encryption { return_connection_password_encrypted = true 
      aws_kms_key_id = "x" }
    encryption_at_rest { catalog_encryption_mode = "DISABLED" }
  }
}
resource "aws_dax_cluster" "x" { 
  cluster_name = "x"
  server_side_encryption { enabled = true } 
}
