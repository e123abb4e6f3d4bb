# What analysts ask: the database of the curated zone, and the workgroup that holds them to its settings.

resource "aws_glue_catalog_database" "curated" {
  name         = "tf_dev_curated"
  description  = var.changed ? "Tables of the curated zone" : "Tables"
  location_uri = "s3://${aws_s3_bucket.zone["curated"].id}/"
}

resource "aws_athena_workgroup" "analysts" {
  name        = "tf-dev"
  description = var.changed ? "Analysts of tf-dev" : "Analysts"

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = !var.changed
    bytes_scanned_cutoff_per_query     = var.changed ? 5368709120 : 107374182400

    result_configuration {
      output_location = "s3://${aws_s3_bucket.zone["curated"].id}/athena-results/"

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = aws_kms_key.purpose["data"].arn
      }
    }
  }
}
