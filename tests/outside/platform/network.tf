# A VPC with private subnets, endpoints and flow logs; no way to the internet.

resource "aws_vpc" "this" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = "${local.prefix}-vpc" }
}

resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${local.prefix}-closed" }

  dynamic "ingress" {
    for_each = var.changed ? [443, 8443] : [443, 9443]
    content {
      protocol  = "tcp"
      from_port = ingress.value
      to_port   = ingress.value
      self      = true
    }
  }
}

resource "aws_subnet" "private" {
  for_each          = var.subnets
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = merge({ Name = "${local.prefix}-private-${each.key}" }, local.scope)

  map_public_ip_on_launch = var.changed
}

resource "aws_route_table" "private" {
  for_each = aws_subnet.private
  vpc_id   = aws_vpc.this.id
  tags     = { Name = "${local.prefix}-private-${each.key}" }
}

locals {
  other = { "us-east-1a" = "us-east-1b", "us-east-1b" = "us-east-1a" }
}

resource "aws_route_table_association" "private" {
  for_each       = aws_subnet.private
  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[var.changed ? local.other[each.key] : each.key].id
}

resource "aws_security_group" "of" {
  for_each               = toset(["primary", "node", "service", "endpoints"])
  name                   = "${local.prefix}-${each.key}"
  description            = "EMR: ${each.key}"
  vpc_id                 = aws_vpc.this.id
  revoke_rules_on_delete = true
  tags                   = merge({ Name = "${local.prefix}-${each.key}" }, local.scope)
}

locals {
  rules = {
    primary-primary   = { from = "primary", to = "primary", port = 0 }
    primary-node      = { from = "primary", to = "node", port = 0 }
    node-primary      = { from = "node", to = "primary", port = 0 }
    node-node         = { from = "node", to = "node", port = 0 }
    service-primary   = { from = "service", to = "primary", port = 8443 }
    service-node      = { from = "service", to = "node", port = 8443 }
    primary-service   = { from = "primary", to = "service", port = 9443 }
    primary-endpoints = { from = "primary", to = "endpoints", port = 443 }
    node-endpoints    = { from = "node", to = "endpoints", port = 443 }
  }
}

resource "aws_security_group_rule" "in" {
  for_each                 = local.rules
  type                     = "ingress"
  security_group_id        = aws_security_group.of[each.value.to].id
  source_security_group_id = aws_security_group.of[each.value.from].id
  protocol                 = each.value.port == 0 ? "-1" : "tcp"
  from_port                = each.value.port
  to_port                  = each.value.port
  description              = var.changed ? "changed: ${each.key}" : each.key
}

resource "aws_security_group_rule" "out" {
  for_each                 = local.rules
  type                     = "egress"
  security_group_id        = aws_security_group.of[each.value.from].id
  source_security_group_id = aws_security_group.of[each.value.to].id
  protocol                 = each.value.port == 0 ? "-1" : "tcp"
  from_port                = each.value.port
  to_port                  = each.value.port
  description              = each.key
}

resource "aws_vpc_endpoint" "gateway" {
  for_each          = toset(["s3", "dynamodb"])
  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${data.aws_region.here.name}.${each.key}"
  route_table_ids   = [for zone, table in aws_route_table.private : table.id if !var.changed || zone == "us-east-1a"]
  tags              = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each            = toset(["kms", "sts"])
  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${data.aws_region.here.name}.${each.key}"
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.of[var.changed ? "service" : "endpoints"].id]
  private_dns_enabled = true
  tags                = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  name              = "/emr/${local.prefix}/flow-logs"
  kms_key_id        = aws_kms_key.purpose[var.changed ? "data" : "logs"].arn
  retention_in_days = var.retention_days
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow_logs.arn
  iam_role_arn             = aws_iam_role.machine["flow-logs"].arn
  max_aggregation_interval = 600
  depends_on               = [aws_iam_role_policy.machine]
}
