variable "office" { type = string }
variable "ports" { default = [22, 443] }

resource "aws_vpc" "watched" { cidr_block = "10.0.0.0/16" }
resource "aws_vpc" "unwatched" { cidr_block = "10.1.0.0/16" }
resource "aws_default_security_group" "watched" { vpc_id = aws_vpc.watched.id }
resource "aws_flow_log" "watched" {
  vpc_id       = aws_vpc.watched.id
  traffic_type = "ALL"
}

resource "aws_security_group" "open" {
  vpc_id = aws_vpc.watched.id
  dynamic "ingress" {
    for_each = toset(var.ports)
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}

resource "aws_security_group" "office" {
  vpc_id = aws_vpc.watched.id
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = [var.office]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["10.0.0.0/16"]
  }
}

resource "aws_security_group_rule" "ssh" {
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = aws_security_group.office.id
}

resource "aws_vpc_security_group_ingress_rule" "rdp" {
  from_port         = 3389
  to_port           = 3389
  ip_protocol       = "tcp"
  cidr_ipv6         = "::/0"
  security_group_id = aws_security_group.office.id
}

resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.watched.id
  map_public_ip_on_launch = true
}

resource "aws_subnet" "private" {
  vpc_id = aws_vpc.watched.id
}

resource "aws_cloudwatch_log_group" "forever" { name = "forever" }
resource "aws_cloudwatch_log_group" "kept" {
  name              = "kept"
  retention_in_days = 400
  kms_key_id        = aws_kms_key.asleep.arn
}
resource "aws_kms_key" "asleep" { description = "never rotates" }
