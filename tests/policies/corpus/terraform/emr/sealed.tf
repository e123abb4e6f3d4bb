provider "aws" {
  region = "us-east-1"
  default_tags { tags = { owner = "data" } }
}

resource "aws_emr_security_configuration" "sealed" {
  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableInTransitEncryption = true
      EnableAtRestEncryption    = true
      InTransitEncryptionConfiguration = {
        TLSCertificateConfiguration = { CertificateProviderType = "PEM", S3Object = "s3://acme/certs.zip" }
      }
      AtRestEncryptionConfiguration = {
        S3EncryptionConfiguration = { EncryptionMode = "SSE-KMS", AwsKmsKey = "arn:aws:kms:us-east-1:123456789012:key/1" }
        LocalDiskEncryptionConfiguration = {
          EncryptionKeyProviderType = "AwsKms", EnableEbsEncryption = true, AwsKmsKey = "arn:aws:kms:us-east-1:123456789012:key/1"
        }
      }
    }
  })
}

resource "aws_emr_security_configuration" "half" {
  configuration = <<JSON
{
  "EncryptionConfiguration": {
    "AtRestEncryptionConfiguration": {
      "S3EncryptionConfiguration": { "EncryptionMode": "SSE-S3" },
      "LocalDiskEncryptionConfiguration": {
        "EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": "arn:aws:kms:us-east-1:123456789012:key/1"
      }
    },
    "EnableInTransitEncryption": false,
    "EnableAtRestEncryption": true
  }
}
JSON
}

resource "aws_emr_cluster" "sealed" {
  name                   = "sealed"
  release_label          = "emr-7.13.0"
  log_uri                = "s3://acme-logs/"
  security_configuration = aws_emr_security_configuration.sealed.name
  auto_termination_policy { idle_timeout = 3600 }
  ec2_attributes {
    instance_profile = "nodes"
    subnet_id        = aws_subnet.private.id
  }
}

resource "aws_emr_cluster" "bare" {
  name          = "bare"
  release_label = "emr-7.13.0"
  ec2_attributes {
    instance_profile = "nodes"
    subnet_id        = aws_subnet.public.id
  }
}

resource "aws_subnet" "private" { vpc_id = aws_vpc.main.id }
resource "aws_subnet" "public" { vpc_id = aws_vpc.main.id }
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_internet_gateway" "out" { vpc_id = aws_vpc.main.id }
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.out.id
  }
}
resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}
resource "aws_route_table" "private" { vpc_id = aws_vpc.main.id }
resource "aws_route_table_association" "private" {
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}
